import { assert } from '../../../shared/assert.ts'
import { LostProposal } from './replica-failures.ts'

export type ProposalOutcome =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'refused' | 'lost'; readonly error: Error }

type Settle = (outcome: ProposalOutcome) => void

/** Joins what a proposal is decided at with what its entry did, in whichever order the two become known. */
export class ProposalResults {
  readonly #open = new Map<number, Settle>()
  /** Proposals that were decided, by slot, until their results are there; and results whose proposals are not decided yet. */
  readonly #decided = new Map<number, Settle>()
  readonly #results = new Map<number, unknown>()

  /** How many proposals wait. */
  get size(): number {
    return this.#open.size + this.#decided.size
  }

  open(proposal: number): Promise<ProposalOutcome> {
    const { promise, resolve } = Promise.withResolvers<ProposalOutcome>()
    this.#open.set(proposal, resolve)
    return promise
  }

  decided(proposal: number, slot: number): void {
    const settle = this.#open.get(proposal)
    assert(settle !== undefined, 'what is decided was proposed')
    this.#open.delete(proposal)
    this.#decided.set(slot, settle)
    if (this.#results.has(slot)) this.#finish(slot)
  }

  /** What the slot does is known before it is applied; else it is decided in the same step. */
  computed(slot: number, result: unknown): void {
    this.#results.set(slot, result)
    if (this.#decided.has(slot)) this.#finish(slot)
  }

  applied(slot: number, result: unknown): void {
    this.#results.set(slot, result)
  }

  /** The slot is applied; `committed`: nobody can be told of it any more who was not told before. */
  finish(slot: number, committed: number): void {
    if (this.#decided.has(slot) || slot <= committed) this.#finish(slot)
  }

  settle(proposal: number, outcome: ProposalOutcome): void {
    const settle = this.#open.get(proposal)
    this.#open.delete(proposal)
    settle?.(outcome)
  }

  /** Nobody here learns any more what became of them. */
  loseAll(): void {
    const error = new LostProposal()
    for (const settle of [...this.#open.values(), ...this.#decided.values()]) settle({ kind: 'lost', error })
    this.#open.clear()
    this.#decided.clear()
  }

  #finish(slot: number): void {
    const settle = this.#decided.get(slot)
    const result = this.#results.get(slot)
    this.#results.delete(slot)
    this.#decided.delete(slot)
    settle?.({ kind: 'result', result })
  }
}
