import type { Logger } from '../ports/logger.ts'
import type { Counter, Meter } from '../ports/meter.ts'
import type { ActivityRecorder } from './activity-recorder.ts'
import { noActivity } from './activity-recorder.ts'
import { metricCatalogue } from './metric-catalogue.ts'
import type { ObserverPorts } from './observer-ports.ts'
import type { StoreObserver } from './store-observer.ts'
import { createStoreObserver } from './store-observer.ts'

/** The status names of gRPC, in the order of their numbers. */
const grpcStatusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type HttpRoute = 'page' | 'asset' | 'session' | 'rpc' | 'metrics' | 'health' | 'ready' | 'other'

/** One function for each thing that happens in a node; each feeds the log, a metric, or both. None of them throws. */
export interface NodeObserver {
  /** What happens inside the store, from its opening on. */
  readonly store: StoreObserver
  grpcCallEnded(facts: { readonly method: string; readonly statusCode: number; readonly durationMs: number }): void
  /** A call ended with `internal`: a bug. The correlation id is what the caller was told. */
  grpcCallFailed(facts: { readonly method: string; readonly correlationId: string; readonly error: unknown }): void
  connectionFailed(facts: { readonly error: unknown }): void
  /** A caller of the TLS port was refused, or left, before its first call; of many within a minute only the first are logged. */
  tlsHandshakeFailed(facts: {
    readonly caller: string
    readonly cause: 'certificate' | 'protocol' | 'gone' | 'time'
    readonly reason: string
    readonly isOneOfMany: boolean
  }): void
  /** The node ended a connection that took nothing of its answers: others had no room, or it stood still for too long. */
  unreadConnectionEnded(facts: {
    readonly caller: string
    readonly cause: 'room' | 'time'
    readonly unreadBytes: number
    readonly stalledMs: number
  }): void
  httpAnswered(facts: { readonly route: HttpRoute; readonly status: number }): void
  /** A request of the HTTP port met an error that it should not have met; it is answered with 503. */
  httpFailed(facts: { readonly route: HttpRoute; readonly error: unknown }): void
  /** A call changed something: values that it wrote, and their bytes. */
  changed(facts: { readonly puts: number; readonly bytes: number; readonly durationMs: number }): void
  /** A call gave out values. */
  read(facts: { readonly gets: number; readonly bytes: number; readonly durationMs: number }): void
  preconditionFailed(): void
  queueFull(): void
  valuesCollected(facts: { readonly values: number }): void
  /** A record was read for a caller and does not verify; the caller was told which. */
  damageRead(facts: { readonly code: string }): void
  nodeStarted(facts: NodeStartedFacts): void
  nodeServing(facts: Readonly<Record<string, unknown>>): void
  stopRequested(facts: { readonly signal: string }): void
  /** Something could not be released in order; the rest was. */
  stopFailed(facts: { readonly error: unknown }): void
  nodeStopped(facts: { readonly durationMs: number }): void
  /** A task that nobody waits for failed: a bug, after which the node stops in order. */
  backgroundFailed(facts: { readonly origin: string; readonly error: unknown }): void
  configWarned(facts: { readonly warning: string }): void
  /** Lines of the log came too fast: only those of this level and above are written until it is quiet again. */
  logGuardRaised(facts: { readonly level: string; readonly linesPerSecond: number }): void
  logGuardLifted(facts: { readonly level: string }): void
}

export interface NodeStartedFacts {
  readonly version: string
  readonly nodeId: string
  readonly networkId: string
  readonly storeId: string
  readonly bootCount: number
  readonly keys: number
  readonly condition: 'sound' | 'suspect'
  readonly durationMs: number
}

export function createNodeObserver({ logger, meter, activity = noActivity }: ObserverPorts): NodeObserver {
  const damage = meter.counter(metricCatalogue.damageFound)
  return {
    store: createStoreObserver({ logger, meter, activity }, damage),
    ...faceEvents(logger.child('face'), meter),
    ...trafficEvents(meter, activity),
    ...engineEvents(logger.child('engine'), meter, damage),
    ...lifeEvents(logger.child('node'), meter),
  }
}

function faceEvents(
  logger: Logger,
  meter: Meter,
): Pick<
  NodeObserver,
  | 'grpcCallEnded'
  | 'grpcCallFailed'
  | 'connectionFailed'
  | 'tlsHandshakeFailed'
  | 'unreadConnectionEnded'
  | 'httpAnswered'
  | 'httpFailed'
> {
  const calls = meter.histogram(metricCatalogue.grpcCallDuration)
  const requests = meter.counter(metricCatalogue.httpRequests)
  const failures = meter.counter(metricCatalogue.httpFailures)
  const handshakes = meter.counter(metricCatalogue.tlsHandshakesFailed)
  const unread = meter.counter(metricCatalogue.unreadConnections)
  return {
    grpcCallEnded({ method, statusCode, durationMs }) {
      const status = grpcStatusNames[statusCode] ?? 'UNKNOWN'
      calls.observe(durationMs / 1000, { method, status })
      logger.debug('gRPC call ended', { method, status, durationMs })
    },
    grpcCallFailed({ method, correlationId, error }) {
      logger.error('gRPC call failed unexpectedly', { method, correlationId, error })
    },
    connectionFailed({ error }) {
      logger.debug('connection failed', { error })
    },
    tlsHandshakeFailed({ isOneOfMany, ...facts }) {
      handshakes.add(1, { cause: facts.cause })
      if (isOneOfMany) return
      // Probes of load balancers only connect and leave.
      if (facts.cause === 'gone') logger.debug('a caller left before its TLS handshake was done', facts)
      else logger.warn('a TLS handshake of the gRPC port failed', facts)
    },
    unreadConnectionEnded(facts) {
      unread.add(1, { cause: facts.cause })
      logger.warn('a connection that leaves its answers unread was ended', facts)
    },
    httpAnswered({ route, status }) {
      requests.add(1, { route, status: String(status) })
    },
    httpFailed({ route, error }) {
      failures.add(1, { route })
      logger.error('a request of the HTTP port failed unexpectedly', { route, error })
    },
  }
}

function trafficEvents(meter: Meter, activity: ActivityRecorder): Pick<NodeObserver, 'changed' | 'read'> {
  const written = meter.counter(metricCatalogue.valueBytesWritten)
  const given = meter.counter(metricCatalogue.valueBytesRead)
  return {
    changed({ puts, bytes, durationMs }) {
      written.add(bytes)
      activity.changed(puts, bytes, durationMs)
    },
    read({ gets, bytes, durationMs }) {
      given.add(bytes)
      activity.read(gets, bytes, durationMs)
    },
  }
}

/** An export over damage meets it in each value: that is one thing to say. */
const damageQuietMs = 60_000

function engineEvents(
  logger: Logger,
  meter: Meter,
  damage: Counter,
): Pick<NodeObserver, 'preconditionFailed' | 'queueFull' | 'valuesCollected' | 'damageRead'> {
  let quietUntilMs = Number.NEGATIVE_INFINITY
  let unlogged = 0
  const conflicts = meter.counter(metricCatalogue.conflicts)
  const full = meter.counter(metricCatalogue.queueFull)
  const values = meter.counter(metricCatalogue.valuesCollected)
  return {
    preconditionFailed() {
      conflicts.add(1)
    },
    queueFull() {
      full.add(1)
      logger.debug('a change was refused, too many wait at its block')
    },
    valuesCollected(facts) {
      values.add(facts.values)
      logger.debug('values collected', facts)
    },
    damageRead({ code }) {
      damage.add(1)
      unlogged += 1
      const nowMs = performance.now()
      if (nowMs < quietUntilMs) return
      logger.warn('damaged records were read: /health and "memo doctor" say what is damaged', { code, records: unlogged })
      unlogged = 0
      quietUntilMs = nowMs + damageQuietMs
    },
  }
}

function lifeEvents(
  logger: Logger,
  meter: Meter,
): Pick<
  NodeObserver,
  | 'nodeStarted'
  | 'nodeServing'
  | 'stopRequested'
  | 'stopFailed'
  | 'nodeStopped'
  | 'backgroundFailed'
  | 'configWarned'
  | 'logGuardRaised'
  | 'logGuardLifted'
> {
  const failures = meter.counter(metricCatalogue.backgroundFailures)
  return {
    nodeStarted: (facts) => logger.info('node started', { ...facts }),
    nodeServing: (facts) => logger.info('node serves', facts),
    stopRequested: (facts) => logger.info('stop requested', facts),
    stopFailed: (facts) => logger.error('the stop met a failure', facts),
    nodeStopped: (facts) => logger.info('node stopped', facts),
    backgroundFailed(facts) {
      failures.add(1)
      logger.error('a background task failed, the node stops', facts)
    },
    configWarned: (facts) => logger.warn('configuration', facts),
    logGuardRaised: ({ level, linesPerSecond }) =>
      logger.warn('too many lines: less is logged until it is quiet again', { least: level, linesPerSecond }),
    logGuardLifted: ({ level }) => logger.warn('it is quiet again: the log has the level that was set', { least: level }),
  }
}
