import { metricCatalogue } from './metric-catalogue.ts'
import type { ObserverPorts } from './observer-ports.ts'

/** What happens at the face that screens call. */
export interface ControlObserver {
  /** `code`: `ok`, or how it failed. Of a stream: how it began. */
  controlCallEnded(facts: { readonly procedure: string; readonly code: string; readonly durationMs: number }): void
  /** A call ended with `internal`: a bug. The correlation id is what the screen was told. */
  controlCallFailed(facts: { readonly procedure: string; readonly correlationId: string; readonly error: unknown }): void
}

export function createControlObserver({ logger: parent, meter }: ObserverPorts): ControlObserver {
  const logger = parent.child('control')
  const calls = meter.histogram(metricCatalogue.controlCallDuration)
  return {
    controlCallEnded({ procedure, code, durationMs }) {
      calls.observe(durationMs / 1000, { procedure, code })
    },
    controlCallFailed(facts) {
      logger.error('a call of a screen failed unexpectedly', facts)
    },
  }
}
