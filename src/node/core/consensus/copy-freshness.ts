/**
 * How fresh the copy of a block is that a member holds: what it was told in confirmations, and as of when its state therefore stands.
 * docs/PROTOCOL.md, Reads.
 *
 * Invariants: a confirmation is dated when it was asked for, never when it was answered, and nothing that comes later makes it younger;
 * it counts for a state only that has reached its index. What is kept is bounded, whatever is confirmed how often.
 */

/** By the clocks of one node. One of them may stand still while the machine sleeps, the other may be set. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

interface Confirmation {
  /** Everything that was answered before `asked` is at or below this slot. */
  readonly index: number
  readonly asked: Moment
}

/** How much later a moment is than another, by the clock that says more; negative where it is earlier by both. */
export function msBetween(earlier: Moment, later: Moment): number {
  return Math.max(later.monotonicMs - earlier.monotonicMs, later.wallMs - earlier.wallMs)
}

export class CopyFreshness {
  /** By the moment at which they were asked for; each reaches further than those before it. */
  #confirmations: readonly Confirmation[] = []

  /** How many confirmations are kept; three at most. */
  get size(): number {
    return this.#confirmations.length
  }

  /** A round that was begun at `asked` found that what was committed then is at or below the index. `applied`: where the state is now. */
  confirmed(index: number, asked: Moment, applied: number): void {
    const newer = { index, asked }
    const others = this.#confirmations.filter((other) => !saysNoMoreThan(other, newer))
    if (others.some((other) => saysNoMoreThan(newer, other))) return
    const all = [...others, newer].sort((left, right) => left.index - right.index)
    const reached = all.filter((each) => each.index <= applied)
    const awaited = all.filter((each) => each.index > applied)
    // The first that is awaited is reached first, and the last one is the youngest.
    this.#confirmations = [...reached.slice(-1), ...awaited.slice(0, 1), ...awaited.slice(1).slice(-1)]
  }

  /** How old the state is at a moment, at most; undefined where nothing was confirmed that it has reached. */
  ageMs(applied: number, at: Moment): number | undefined {
    const reached = this.#confirmations.filter(({ index }) => index <= applied)
    const ages = reached.map(({ asked }) => Math.max(0, msBetween(asked, at)))
    return ages.length === 0 ? undefined : Math.min(...ages)
  }

  /** Whether the state shows everything that was answered more than so long before a read that began then. */
  isFresh(applied: number, start: Moment, boundMs: number): boolean {
    return this.#confirmations.some(({ index, asked }) => index <= applied && msBetween(asked, start) <= boundMs)
  }
}

/** It is no younger and reaches no less far: who has the other one has no use for it. */
function saysNoMoreThan(left: Confirmation, right: Confirmation): boolean {
  return left.index >= right.index && msBetween(right.asked, left.asked) <= 0
}
