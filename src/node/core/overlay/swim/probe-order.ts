/**
 * Whom to probe next: each node once a round, in an order that is drawn anew for each round, so that a dead node is found within two
 * rounds by everyone and within about a period by someone (SWIM, section 4.3).
 */

import type { PeerEntry, PeerTable } from './peer-table.ts'
import { isReachable } from './peer-table.ts'

export class ProbeOrder {
  readonly #integerBelow: (limit: number) => number
  #keys: string[] = []
  #at = 0

  constructor(integerBelow: (limit: number) => number) {
    this.#integerBelow = integerBelow
  }

  /** Takes a node that has just become known into what is left of the round. */
  insert(key: string): void {
    if (this.#keys.includes(key, this.#at)) return
    const place = this.#at + this.#integerBelow(this.#keys.length - this.#at + 1)
    this.#keys.splice(place, 0, key)
  }

  /** Undefined where nobody can be probed. */
  next(table: PeerTable): PeerEntry | undefined {
    return this.#nextOfRound(table) ?? this.#nextOfRound(this.#shuffled(table))
  }

  #nextOfRound(table: PeerTable): PeerEntry | undefined {
    while (this.#at < this.#keys.length) {
      const entry = table.byKey(this.#keys[this.#at++] ?? '')
      if (entry !== undefined && isReachable(entry)) return entry
    }
    return undefined
  }

  #shuffled(table: PeerTable): PeerTable {
    this.#keys = [...table.entries()].filter(isReachable).map((entry) => entry.key)
    this.#at = 0
    for (let last = this.#keys.length - 1; last > 0; last--) {
      const other = this.#integerBelow(last + 1)
      const [left, right] = [this.#keys[last] ?? '', this.#keys[other] ?? '']
      this.#keys[last] = right
      this.#keys[other] = left
    }
    return table
  }
}
