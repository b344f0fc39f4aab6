/**
 * The slots that a member holds of a block's log, by slot: what was accepted and is not applied, and for a while what was.
 *
 * Invariants: a slot holds the entry of the highest ballot under which it was accepted; what is at or below the applied index is
 * chosen; retained entries are the newest ones, within their bounds; what is durable of a slot is not forgotten for an entry that does
 * not get to the disk.
 */

import type { Ballot } from './ballot.ts'
import { compareBallots } from './ballot.ts'
import type { ReplicaLimits, Slot } from './replica-events.ts'

interface HeldSlot extends Slot {
  durable: boolean
  /** What the disk holds of the slot while this entry is on its way there. */
  before: Slot | undefined
}

export class ReplicaLog {
  readonly #limits: Pick<ReplicaLimits, 'retainedEntriesMax' | 'retainedBytesMax'>
  readonly #slots = new Map<number, HeldSlot>()
  /** Lowest slot that is held for others, and the bytes from there up to the applied index. */
  #retainedFrom: number
  #retainedBytes = 0
  #applied: number

  constructor(applied: number, slots: readonly Slot[], limits: Pick<ReplicaLimits, 'retainedEntriesMax' | 'retainedBytesMax'>) {
    this.#limits = limits
    this.#applied = applied
    this.#retainedFrom = applied + 1
    for (const slot of slots) if (slot.slot > applied) this.#slots.set(slot.slot, { ...slot, durable: true, before: undefined })
  }

  get(slot: number): Slot | undefined {
    return this.#slots.get(slot)
  }

  put(slot: Slot, durable: boolean): void {
    const held = this.#slots.get(slot.slot)
    const before = held?.durable === true ? held : held?.before
    this.#slots.set(slot.slot, { ...slot, durable, before: durable ? undefined : before && bare(before) })
  }

  /** The write of these is on the disk; a slot that was overwritten meanwhile waits for its own. */
  markDurable(slots: readonly Slot[]): void {
    for (const slot of slots) {
      const held = this.#slots.get(slot.slot)
      if (held === undefined || held.durable) continue
      held.durable = compareBallots(held.ballot, slot.ballot) === 0
      held.before = held.durable ? undefined : bare(slot)
    }
  }

  /** Takes back what could not be written: the disk holds what it held before. */
  takeBack(slots: readonly Slot[], committed: number): void {
    for (const { slot, ballot } of slots) {
      const held = this.#slots.get(slot)
      if (held === undefined || held.durable || slot <= committed || compareBallots(held.ballot, ballot) !== 0) continue
      if (held.before === undefined) this.#slots.delete(slot)
      else this.#slots.set(slot, { ...held.before, durable: true, before: undefined })
    }
  }

  dropFrom(index: number): void {
    for (const slot of [...this.#slots.keys()]) if (slot >= index) this.#slots.delete(slot)
  }

  /** The highest slot up to which every one above `committed` is held under this ballot, and durable if so asked. */
  reach(committed: number, ballot: Ballot, onlyDurable: boolean): number {
    for (let slot = committed + 1; ; slot++) {
      const held = this.#slots.get(slot)
      if (held === undefined || compareBallots(held.ballot, ballot) !== 0 || (onlyDurable && !held.durable)) return slot - 1
    }
  }

  /** Whether anything above this slot is held. */
  hasAbove(index: number): boolean {
    for (const slot of this.#slots.keys()) if (slot > index) return true
    return false
  }

  /** In order, as far as the slots follow each other from `index + 1` on. */
  above(index: number): readonly Slot[] {
    const slots: Slot[] = []
    for (let slot = index + 1; ; slot++) {
      const held = this.#slots.get(slot)
      if (held === undefined) return slots
      slots.push(bare(held))
    }
  }

  /** What was accepted above this slot, with gaps where there are any. */
  acceptedAbove(index: number): readonly Slot[] {
    const held = [...this.#slots.values()].filter(({ slot }) => slot > index)
    return held.sort((left, right) => left.slot - right.slot).map(bare)
  }

  /** The state has reached this slot. `retain`: there are others who may ask for what is below it. */
  applied(index: number, retain: boolean): void {
    if (!retain) {
      this.replaced(index)
      return
    }
    for (let slot = this.#applied + 1; slot <= index; slot++) this.#retainedBytes += entryBytes(this.#slots.get(slot))
    this.#applied = Math.max(this.#applied, index)
    const { retainedEntriesMax, retainedBytesMax } = this.#limits
    while (this.#retainedFrom <= this.#applied) {
      const count = this.#applied - this.#retainedFrom + 1
      if (count <= retainedEntriesMax && this.#retainedBytes <= retainedBytesMax) return
      this.#retainedBytes -= entryBytes(this.#slots.get(this.#retainedFrom))
      this.#slots.delete(this.#retainedFrom)
      this.#retainedFrom++
    }
  }

  /** The state was replaced by one as of this slot; what is held below it is of no use any more. */
  replaced(index: number): void {
    for (const slot of [...this.#slots.keys()]) if (slot <= index) this.#slots.delete(slot)
    this.#applied = index
    this.#retainedFrom = index + 1
    this.#retainedBytes = 0
  }
}

function bare({ slot, ballot, entry }: Slot): Slot {
  return { slot, ballot, entry }
}

/** About what an entry takes in memory. */
const overheadBytes = 200

function entryBytes(slot: Slot | undefined): number {
  if (slot === undefined) return 0
  return overheadBytes + (slot.entry.kind === 'change' ? slot.entry.body.length : 0)
}
