import { wireLimits } from '../../ipc/contract/wire-limits.ts'

interface HeartbeatWatchParts {
  /** Nothing was heard for too long. */
  readonly silent: () => void
  /** Something was heard after a silence. */
  readonly back: () => void
  /** Asks the node another way; true when it answers. Asked again and again while nothing is heard, never twice at once. */
  readonly ask: () => Promise<boolean>
  /** The node answers another way, and nothing comes on this one. */
  readonly dead: () => void
}

/**
 * Notices that nothing comes any more. Looks are counted and not the time between them: a page that was out of sight, or a computer
 * that slept, looks late, and what came meanwhile is still to be read.
 */
export class HeartbeatWatch {
  readonly #parts: HeartbeatWatchParts
  readonly #timer: ReturnType<typeof setInterval>
  #missed = 0
  #asking = false
  /** The number of the look that finds the way dead. */
  #deadAt: number | undefined

  constructor(parts: HeartbeatWatchParts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.#look(), wireLimits.heartbeatMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  heard(): void {
    const wasSilent = this.#missed >= wireLimits.heartbeatsMissedMax
    this.#missed = 0
    this.#deadAt = undefined
    if (wasSilent) this.#parts.back()
  }

  #look(): void {
    this.#missed += 1
    if (this.#missed === wireLimits.heartbeatsMissedMax) this.#parts.silent()
    if (this.#missed < wireLimits.heartbeatsMissedMax) return
    if (this.#deadAt !== undefined && this.#missed >= this.#deadAt) this.#parts.dead()
    else if (this.#deadAt === undefined && !this.#asking) void this.#ask()
  }

  /** A node that has just woken up may answer there first: it has a whole interval to be heard here. */
  async #ask(): Promise<void> {
    this.#asking = true
    const answers = await this.#parts.ask()
    this.#asking = false
    if (answers && this.#missed >= wireLimits.heartbeatsMissedMax) this.#deadAt = this.#missed + 2
  }
}
