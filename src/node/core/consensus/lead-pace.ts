/**
 * Whether a primary writes so much more slowly than its members that one of them should lead in its place, and whether a member that was
 * such a primary writes well again. A disk that answers, and takes its time, is a failure that no ping finds.
 *
 * Invariants: nobody gives up its lead for one slow write that ended, nor while its members are as slow; who gave it up is well again only
 * when its writes were seen to be quick for a while, and not because it wrote nothing.
 */

export interface PaceLimits {
  /** How many times slower than its members' answers the writes of a primary have to be, and how slow at least. */
  readonly slowFactor: number
  readonly slowWriteMs: number
  /** So many of its writes in a row. */
  readonly slowWritesMax: number
  /** A write that takes this long is not waited for. */
  readonly stalledWriteMs: number
  /** How long its writes have to be quick before it counts as well. */
  readonly healthyMs: number
}

/** Part of the newest answer in the average. */
const weight = 0.25

/** Of one primary, from its first proposal to the end of its role. */
export class LeadPace<Other> {
  readonly #limits: PaceLimits
  /** How long each of the others takes to answer that it holds what it was sent. */
  readonly #answerMs = new Map<Other, number>()
  #slowInARow = 0
  #yieldedAtMs: number | undefined

  constructor(limits: PaceLimits) {
    this.#limits = limits
  }

  answered(other: Other, durationMs: number): void {
    const before = this.#answerMs.get(other) ?? durationMs
    this.#answerMs.set(other, before + (durationMs - before) * weight)
  }

  /** Above it a write of its own is slow; undefined as long as nobody has answered. */
  get slowAboveMs(): number | undefined {
    const usual = [...this.#answerMs.values()].sort((left, right) => left - right)
    const median = usual[(usual.length - 1) >> 1]
    return median === undefined ? undefined : Math.max(median * this.#limits.slowFactor, this.#limits.slowWriteMs)
  }

  wrote(durationMs: number): void {
    const { slowAboveMs } = this
    this.#slowInARow = slowAboveMs !== undefined && durationMs > slowAboveMs ? this.#slowInARow + 1 : 0
  }

  /**
   * Who should lead instead: the quickest of those that were heard of. `waitingMs`: how long the oldest of its own writes has been on its
   * way. Asked for again no sooner than a stalled write is noticed.
   */
  successor(nowMs: number, waitingMs: number, isHeard: (other: Other) => boolean): Other | undefined {
    const { slowWritesMax, stalledWriteMs } = this.#limits
    if (this.#slowInARow < slowWritesMax && waitingMs < stalledWriteMs) return undefined
    if (this.#yieldedAtMs !== undefined && nowMs - this.#yieldedAtMs < stalledWriteMs) return undefined
    const heard = [...this.#answerMs].filter(([other, usualMs]) => isHeard(other) && usualMs < stalledWriteMs)
    const [quickest] = heard.sort(([, left], [, right]) => left - right)
    if (quickest !== undefined) this.#yieldedAtMs = nowMs
    return quickest?.[0]
  }
}

/** Of one member, from the first lead that it gave up on. */
export class WriteHealth {
  readonly #healthyMs: number
  #slowAboveMs: number | undefined
  /** When the first of the quick writes began that came behind the last slow one. */
  #quickSinceMs: number | undefined

  constructor(healthyMs: number) {
    this.#healthyMs = healthyMs
  }

  /** It asked another member to lead; what was slow then is slow from now on. */
  yielded(slowAboveMs: number): void {
    this.#slowAboveMs = slowAboveMs
    this.#quickSinceMs = undefined
  }

  wrote(durationMs: number, nowMs: number): void {
    if (this.#slowAboveMs === undefined) return
    if (durationMs > this.#slowAboveMs) this.#quickSinceMs = undefined
    else this.#quickSinceMs ??= nowMs
  }

  isWell(nowMs: number): boolean {
    if (this.#slowAboveMs === undefined) return true
    return this.#quickSinceMs !== undefined && nowMs - this.#quickSinceMs >= this.#healthyMs
  }
}
