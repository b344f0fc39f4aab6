/**
 * A member that prepares: it gathers the promises of its group and what was accepted under lower ballots.
 *
 * Invariant: of each slot it takes the entry of the highest ballot that any of the promises holds; a change of the group, or a birth to another
 * group, is the last entry that it takes, since nothing behind one can have been chosen before that.
 */

import type { Ballot } from './ballot.ts'
import { compareBallots } from './ballot.ts'
import type { Group, Member } from './group.ts'
import { compareMembers, majorityOf } from './group.ts'
import type { LogEntry, Slot } from './replica-events.ts'
import { groupBehind } from './replica-events.ts'

export interface GatheredPromise {
  readonly from: Member
  readonly committed: number
  readonly slots: readonly Slot[]
}

export class Candidate {
  readonly ballot: Ballot
  readonly group: Group
  readonly #promises: GatheredPromise[] = []
  sentAtMs: number
  /** It lacks chosen entries that its promises do not hold, and prepares anew once it has them. */
  catchingUp = false

  constructor(ballot: Ballot, group: Group, nowMs: number) {
    this.ballot = ballot
    this.group = group
    this.sentAtMs = nowMs
  }

  /** A member's promise counts once; the later one is taken, since it holds no less. */
  add(promise: GatheredPromise): void {
    const index = this.#promises.findIndex(({ from }) => compareMembers(from, promise.from) === 0)
    if (index >= 0) this.#promises.splice(index, 1)
    this.#promises.push(promise)
  }

  has(member: Member): boolean {
    return this.#promises.some(({ from }) => compareMembers(from, member) === 0)
  }

  get hasMajority(): boolean {
    return this.#promises.length >= majorityOf(this.group)
  }

  /** The promise of who knows most of the log. */
  get furthest(): GatheredPromise | undefined {
    return this.#promises.toSorted((left, right) => right.committed - left.committed)[0]
  }

  /** What has to be proposed again above this slot, in order; a slot that nobody holds becomes an empty entry. */
  adopted(committed: number): readonly LogEntry[] {
    const highest = new Map<number, Slot>()
    let last = committed
    for (const { slots } of this.#promises) {
      for (const slot of slots) {
        if (slot.slot <= committed) continue
        last = Math.max(last, slot.slot)
        const known = highest.get(slot.slot)
        if (known === undefined || compareBallots(slot.ballot, known.ballot) > 0) highest.set(slot.slot, slot)
      }
    }
    const entries: LogEntry[] = []
    for (let slot = committed + 1; slot <= last; slot++) {
      const entry = highest.get(slot)?.entry ?? { kind: 'empty' }
      entries.push(entry)
      if (groupBehind({ slot, entry }, this.group) !== undefined) break
    }
    return entries
  }
}
