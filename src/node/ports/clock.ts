/** Time as the node sees it. Simulations replace it; nothing above the adapters reads the host's clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may step when the host's clock is set. */
  nowMs(): number
  /** Milliseconds from an arbitrary start; never goes back. For durations and deadlines. */
  monotonicMs(): number
  /** Resolves after the duration; rejects with CodedError `cancelled` when the signal aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
  /** Runs the function once after the duration unless disposed first. The function handles its own errors. */
  after(durationMs: number, run: () => undefined): Disposable
}
