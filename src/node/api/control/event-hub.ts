import type { EventTopic, NodeEvent } from '../../../ipc/contract/event-schemas.ts'
import type { Job } from '../../../ipc/contract/job-schemas.ts'
import type { NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventQuery } from './event-subscriber.ts'
import { EventSubscriber } from './event-subscriber.ts'

export interface EventSources {
  readonly status: () => NodeStatus
  /** The jobs as they are, newest first. */
  readonly jobs: () => readonly Job[]
}

/** One topic: when it was told last, and the timer of the next time. */
interface Pace {
  toldMs: number
  timer: Disposable | undefined
}

/**
 * Tells screens of small facts, each topic at most once in `eventIntervalMs` however often something happens. Costs next to nothing
 * while nobody watches: nothing is kept, no timer runs, no status is taken.
 */
export class EventHub implements AsyncDisposable {
  readonly #clock: Clock
  readonly #sources: EventSources
  readonly #subscribers = new Set<EventSubscriber>()
  readonly #paces = new Map<EventTopic, Pace>()
  #statusTimer: Disposable | undefined
  #stopped = false

  constructor(clock: Clock, sources: EventSources) {
    this.#clock = clock
    this.#sources = sources
  }

  /** Keys of the default store have changed durably, whoever changed them. */
  keysChanged(keys: Iterable<string>): void {
    if (!this.#watched('keys')) return
    for (const key of keys) for (const subscriber of this.#subscribers) subscriber.noteKey(key)
    this.#changed('keys')
  }

  /** Something of the status that should not wait for the next look at it. */
  statusChanged(): void {
    this.#changed('status')
  }

  jobsChanged(): void {
    this.#changed('jobs')
  }

  clientsChanged(): void {
    this.#changed('clients')
  }

  settingsChanged(): void {
    this.#changed('settings')
  }

  /** Events from now on, the present status first; ends with the signal, or when the hub stops. */
  async *watch(query: EventQuery, signal: AbortSignal): AsyncGenerator<NodeEvent, void> {
    if (this.#stopped) return
    const subscriber = new EventSubscriber(query)
    const end = (): void => subscriber.end()
    if (signal.aborted) return
    signal.addEventListener('abort', end, { once: true })
    this.#subscribers.add(subscriber)
    try {
      if (subscriber.wants('status')) {
        this.#paceOf('status').toldMs = this.#clock.monotonicMs()
        subscriber.push({ kind: 'status', status: this.#sources.status() })
        this.#lookAtStatus()
      }
      yield* subscriber.events()
    } finally {
      signal.removeEventListener('abort', end)
      this.#subscribers.delete(subscriber)
      this.#rest()
    }
  }

  /** How many watch. */
  get subscribers(): number {
    return this.#subscribers.size
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const subscriber of this.#subscribers) subscriber.end()
    this.#subscribers.clear()
    this.#rest()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #watched(topic: EventTopic): boolean {
    for (const subscriber of this.#subscribers) if (subscriber.wants(topic)) return true
    return false
  }

  /** Tells at once where the topic was quiet, else when its interval is over. */
  #changed(topic: EventTopic): void {
    if (!this.#watched(topic)) return
    const pace = this.#paceOf(topic)
    if (pace.timer !== undefined) return
    const waitMs = pace.toldMs + wireLimits.eventIntervalMs - this.#clock.monotonicMs()
    if (waitMs <= 0) this.#tell(topic)
    else {
      pace.timer = this.#clock.after(waitMs, () => {
        pace.timer = undefined
        this.#tell(topic)
      })
    }
  }

  #tell(topic: EventTopic): undefined {
    this.#paceOf(topic).toldMs = this.#clock.monotonicMs()
    const fact = this.#factOf(topic)
    for (const subscriber of this.#subscribers) {
      if (!subscriber.wants(topic)) continue
      if (fact === 'keys') subscriber.pushKeys()
      else subscriber.push(fact)
    }
  }

  #factOf(topic: EventTopic): Parameters<EventSubscriber['push']>[0] | 'keys' {
    switch (topic) {
      case 'status':
        return { kind: topic, status: this.#sources.status() }
      case 'jobs':
        return { kind: topic, jobs: [...this.#sources.jobs()] }
      case 'keys':
        return topic
      case 'clients':
      case 'settings':
        return { kind: topic }
    }
  }

  #paceOf(topic: EventTopic): Pace {
    const known = this.#paces.get(topic)
    if (known !== undefined) return known
    const pace: Pace = { toldMs: Number.NEGATIVE_INFINITY, timer: undefined }
    this.#paces.set(topic, pace)
    return pace
  }

  #lookAtStatus(): void {
    this.#statusTimer ??= this.#clock.after(wireLimits.statusIntervalMs, () => {
      this.#statusTimer = undefined
      if (!this.#watched('status')) return
      this.#changed('status')
      this.#lookAtStatus()
    })
  }

  /** Ends the timers that nobody needs any more. */
  #rest(): void {
    for (const [topic, pace] of this.#paces) {
      if (this.#watched(topic)) continue
      pace.timer?.[Symbol.dispose]()
      pace.timer = undefined
    }
    if (this.#watched('status')) return
    this.#statusTimer?.[Symbol.dispose]()
    this.#statusTimer = undefined
  }
}
