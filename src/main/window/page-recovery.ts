/** A page whose process is gone is loaded again once; one that falls again so soon would do so for ever. */
const calmMs = 60_000

export class PageRecovery {
  #goneAtMs: number | undefined

  /** What to do about a page that is gone. */
  gone(nowMs: number): 'reload' | 'give-up' {
    const soon = this.#goneAtMs !== undefined && nowMs - this.#goneAtMs < calmMs
    this.#goneAtMs = nowMs
    return soon ? 'give-up' : 'reload'
  }
}
