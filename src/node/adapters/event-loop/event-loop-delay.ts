import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The resolution that the metrics of the process use too: timers of one period and one beginning wake the process once. */
const resolutionMs = 10

/** How late the event loop runs what is due. */
export class EventLoopDelay implements Disposable {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs })

  constructor() {
    this.#histogram.enable()
  }

  /** Milliseconds that 99 % of the delays since the last call stayed within; undefined when none was measured. */
  takeP99Ms(): number | undefined {
    if (this.#histogram.count === 0) return undefined
    const delayMs = this.#histogram.percentile(99) / 1e6 - resolutionMs
    this.#histogram.reset()
    return Math.max(0, delayMs)
  }

  [Symbol.dispose](): void {
    this.#histogram.disable()
  }
}
