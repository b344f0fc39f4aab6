import { CodedError } from '../../../shared/coded-error.ts'
import type { Clock } from '../../ports/clock.ts'

/** Longest delay that a timer of Node takes; longer ones are cut into pieces. */
const timerMsMax = 2 ** 31 - 1

/** The host's clocks and timers. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const cancel = () => {
      timer[Symbol.dispose]()
      reject(new CodedError('cancelled', 'the wait was cancelled', { cause: signal?.reason }))
    }
    const timer = this.after(durationMs, () => {
      signal?.removeEventListener('abort', cancel)
      resolve()
    })
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
    return promise
  }

  after(durationMs: number, run: () => undefined): Disposable {
    let timer: NodeJS.Timeout | undefined
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, timerMsMax)
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : run()), stepMs)
    }
    wait(Math.max(0, durationMs))
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  }
}
