/** One connection between a screen and what it calls, whatever carries it. */
export interface WireChannel {
  /** Bytes travel as they are; otherwise every message is text. */
  readonly carriesBytes: boolean
  /** Resolves when either side has closed it, or it broke. */
  readonly closed: Promise<void>
  readonly isClosed: boolean
  /** Takes a message on its way; throws CodedError `limit-exceeded` for one that is too large, and nothing once it is closed. */
  send(message: unknown): void
  /** Gives the messages that come, from the call on. Called once. */
  receive(listener: (message: unknown) => void): void
  /** Resolves at once while little waits to be sent, and when the channel is closed. */
  writable(): Promise<void>
  /** Idempotent; `closed` resolves and the other side hears of it. */
  close(): void
}

/** The state that all channels share: open until it is closed, for whatever reason. */
export class Closing {
  readonly #closed = Promise.withResolvers<void>()
  #isClosed = false

  get promise(): Promise<void> {
    return this.#closed.promise
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** True for the first call. */
  settle(): boolean {
    if (this.#isClosed) return false
    this.#isClosed = true
    this.#closed.resolve()
    return true
  }
}
