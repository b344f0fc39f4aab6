/** What the disk of one member keeps of the block: the record of the votes and the state behind it. Survives its process. */
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import { compareBallots } from '../../../src/node/core/consensus/ballot.ts'
import type { ReplicaRecord, Slot } from '../../../src/node/core/consensus/replica-events.ts'
import type { RegisterState } from './register-state.ts'

export class BlockDisk {
  promised: Ballot | undefined
  state: RegisterState
  readonly #slots = new Map<number, Slot>()

  constructor(state: RegisterState) {
    this.state = state
  }

  get slotCount(): number {
    return this.#slots.size
  }

  slotOf(slot: number): Slot | undefined {
    return this.#slots.get(slot)
  }

  accept(promised: Ballot | undefined, slots: readonly Slot[]): void {
    if (promised !== undefined) this.promised = promised
    for (const slot of slots) if (slot.slot > this.state.index) this.#slots.set(slot.slot, slot)
  }

  apply(slot: Slot): void {
    this.state.apply(slot)
    // What was accepted above a change of the group was accepted in the group before, which decides nothing there.
    if (slot.entry.kind === 'group') this.#slots.clear()
    else this.#slots.delete(slot.slot)
  }

  /** Of a group of one: what it applies is its vote, and its promise goes down with it. */
  vote(ballot: Ballot): void {
    if (this.promised === undefined || compareBallots(this.promised, ballot) < 0) this.promised = ballot
  }

  install(state: RegisterState): void {
    if (state.index <= this.state.index) return
    const isSameGroup = state.group.index === this.state.group.index
    this.state = state
    for (const slot of this.#slots.keys()) if (slot <= state.index || !isSameGroup) this.#slots.delete(slot)
  }

  record(): ReplicaRecord {
    const slots = [...this.#slots.values()].toSorted((left, right) => left.slot - right.slot)
    return { group: this.state.group, promised: this.promised, applied: this.state.index, slots }
  }
}
