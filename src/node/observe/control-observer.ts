import { metricCatalogue } from './metric-catalogue.ts'
import type { ObserverPorts } from './observer-ports.ts'

/** What happens at the face that screens call. */
export interface ControlObserver {
  /** `code`: `ok`, or how it failed. Of a stream: how it began. */
  controlCallEnded(facts: { readonly procedure: string; readonly code: string; readonly durationMs: number }): void
  /** A call ended with `internal`: a bug. The correlation id is what the screen was told. */
  controlCallFailed(facts: { readonly procedure: string; readonly correlationId: string; readonly error: unknown }): void
  /** A message of a screen was no call and was dropped, or an answer could not be sent and the connection was closed. */
  wireFailed(facts: { readonly reason: 'foreign-frame' | 'unsent-answer' }): void
}

export function createControlObserver({ logger: parent, meter }: ObserverPorts): ControlObserver {
  const logger = parent.child('control')
  const calls = meter.histogram(metricCatalogue.controlCallDuration)
  const failures = meter.counter(metricCatalogue.controlWireFailures)
  return {
    controlCallEnded({ procedure, code, durationMs }) {
      calls.observe(durationMs / 1000, { procedure, code })
    },
    controlCallFailed(facts) {
      logger.error('a call of a screen failed unexpectedly', facts)
    },
    wireFailed({ reason }) {
      failures.add(1, { reason })
      logger.debug('a message to or from a screen was dropped', { reason })
    },
  }
}
