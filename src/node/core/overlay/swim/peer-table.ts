/**
 * What this node knows of the others. Nodes that are dead or left stay in it, so that old gossip does not bring them back.
 *
 * Invariants: facts of a node never go down while it runs on one data directory; nobody is in it whose record was not verified; the
 * number of those that are not dead is kept, since every message asks for it; at the limit those go first that left, then the dead.
 */

import { toHex } from '../../base/bytes.ts'
import type { Suspicion } from './suspicion.ts'
import type { NodeFacts, PeerState } from './swim-messages.ts'
import { compareFacts } from './swim-messages.ts'

export interface PeerEntry {
  readonly nodeId: Uint8Array
  /** The node id in hex. */
  readonly key: string
  readonly facts: NodeFacts
  /** The signed record, as it came. */
  readonly record: Uint8Array
  readonly state: PeerState
  readonly sinceMs: number
  /** Of a suspect. */
  readonly suspicion: Suspicion | undefined
}

export class PeerTable {
  readonly #entries = new Map<string, PeerEntry>()
  readonly #suspects = new Set<string>()
  readonly #nodesMax: number
  #reachable = 0

  constructor(nodesMax: number) {
    this.#nodesMax = nodesMax
  }

  get(nodeId: Uint8Array): PeerEntry | undefined {
    return this.#entries.get(toHex(nodeId))
  }

  byKey(key: string): PeerEntry | undefined {
    return this.#entries.get(key)
  }

  /** By the order in which they became known. */
  entries(): IterableIterator<PeerEntry> {
    return this.#entries.values()
  }

  suspects(): PeerEntry[] {
    return [...this.#suspects].map((key) => this.#entries.get(key)).filter((entry) => entry !== undefined)
  }

  /** How many are alive or suspect. */
  get reachable(): number {
    return this.#reachable
  }

  isNews(facts: NodeFacts): boolean {
    const entry = this.get(facts.nodeId)
    return entry === undefined || compareFacts(facts, entry.facts) > 0
  }

  /** The node is alive, as this record says. Undefined where there is no room for a further node. */
  record(facts: NodeFacts, record: Uint8Array, nowMs: number): PeerEntry | undefined {
    const key = toHex(facts.nodeId)
    if (!this.#entries.has(key) && this.#entries.size >= this.#nodesMax && !this.#makeRoom()) return undefined
    const before = this.#entries.get(key)
    const sinceMs = before?.state === 'alive' ? before.sinceMs : nowMs
    return this.#put({ nodeId: facts.nodeId, key, facts, record, state: 'alive', sinceMs, suspicion: undefined })
  }

  setState(entry: PeerEntry, state: PeerState, nowMs: number, suspicion?: Suspicion): PeerEntry {
    return this.#put({ ...entry, state, sinceMs: nowMs, suspicion })
  }

  /** Those that left so long ago are forgotten. */
  dropLeft(beforeMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.state === 'left' && entry.sinceMs <= beforeMs) this.#entries.delete(entry.key)
    }
  }

  #put(entry: PeerEntry): PeerEntry {
    const before = this.#entries.get(entry.key)
    this.#reachable += Number(isReachable(entry)) - Number(before !== undefined && isReachable(before))
    this.#entries.set(entry.key, entry)
    if (entry.state === 'suspect') this.#suspects.add(entry.key)
    else this.#suspects.delete(entry.key)
    return entry
  }

  #makeRoom(): boolean {
    for (const state of ['left', 'dead']) {
      for (const entry of this.#entries.values()) {
        if (entry.state === state) return this.#entries.delete(entry.key)
      }
    }
    return false
  }
}

export function isReachable(entry: PeerEntry): boolean {
  return entry.state === 'alive' || entry.state === 'suspect'
}
