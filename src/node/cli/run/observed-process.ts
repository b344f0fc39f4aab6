import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { EventLoopDelay } from '../../adapters/event-loop/event-loop-delay.ts'
import type { LogDestination, LogLevel } from '../../adapters/pino-logger/pino-logger.ts'
import { pinoLogger } from '../../adapters/pino-logger/pino-logger.ts'
import { PromMeter } from '../../adapters/prom-meter/prom-meter.ts'
import { SystemClock } from '../../adapters/system-clock/system-clock.ts'
import { LogLevelGate } from '../../observe/log-level-gate.ts'
import { LogRing } from '../../observe/log-ring.ts'
import { MetricHistory } from '../../observe/metric-history.ts'
import type { NodeObserver } from '../../observe/node-observer.ts'
import { createNodeObserver } from '../../observe/node-observer.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Meter } from '../../ports/meter.ts'

export interface ObservedProcess extends Disposable {
  readonly logger: Logger
  readonly meter: Meter
  readonly observer: NodeObserver
  /** What the node did in the last day, and what it logged. */
  readonly history: MetricHistory
  readonly logRing: LogRing
  /** Changes the level of the log while the process runs. */
  readonly logGate: LogLevelGate
  readonly eventLoop: EventLoopDelay
}

/** Everything by which a process that runs a node tells of itself: once per process. */
export function observeProcess(options: {
  readonly level: LogLevel
  readonly pretty: boolean
  readonly destination: LogDestination
}): ObservedProcess {
  const clock = new SystemClock()
  const logGate = new LogLevelGate(options.level, clock)
  const logRing = new LogRing(wireLimits.logLinesMax)
  const logger = pinoLogger({ ...options, copy: logRing, gate: logGate })
  const eventLoop = new EventLoopDelay()
  const meter = new PromMeter({ processMetrics: true })
  const history = new MetricHistory(clock)
  const observer = createNodeObserver({ logger, meter, activity: history })
  logGate.start({ raised: observer.logGuardRaised, lifted: observer.logGuardLifted })
  return {
    ...{ logger, meter, observer, history, logRing, logGate, eventLoop },
    [Symbol.dispose]() {
      history[Symbol.dispose]()
      eventLoop[Symbol.dispose]()
      logGate[Symbol.dispose]()
    },
  }
}
