import type { Limits } from '../../core/base/limits.ts'

type TimeLimits = Pick<Limits, 'contentTimedNodesMax' | 'contentHedgeMs' | 'contentHedgeMaxMs'>

/** Share of the newest time in what is usual. */
const newestShare = 0.2
/** An answer that takes this many times longer than usual is waited for no more alone. */
const hedgeFactor = 2

/** How long nodes usually take to give a copy. */
export class AnswerTimes {
  readonly #limits: TimeLimits
  readonly #usualMs = new Map<string, number>()

  constructor(limits: TimeLimits) {
    this.#limits = limits
  }

  took(node: string, durationMs: number): void {
    const before = this.#usualMs.get(node)
    if (before === undefined && this.#usualMs.size >= this.#limits.contentTimedNodesMax) {
      const [oldest] = this.#usualMs.keys()
      if (oldest !== undefined) this.#usualMs.delete(oldest)
    }
    this.#usualMs.set(node, before === undefined ? durationMs : before + (durationMs - before) * newestShare)
  }

  /** For one that was given up. */
  tookLonger(node: string, durationMs: number): void {
    if (this.usualMs(node) < durationMs) this.took(node, durationMs)
  }

  /** A node that was not asked yet is tried. */
  usualMs(node: string): number {
    return this.#usualMs.get(node) ?? 0
  }

  hedgeMs(node: string): number {
    const { contentHedgeMs, contentHedgeMaxMs } = this.#limits
    return Math.min(Math.max(contentHedgeMs, this.usualMs(node) * hedgeFactor), contentHedgeMaxMs)
  }
}
