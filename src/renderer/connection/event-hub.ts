import type { EventTopic, NodeEvent } from '../../ipc/contract/event-schemas.ts'
import { backOffMs } from './back-off.ts'
import type { NodeClient } from './clients.ts'

export type TopicListener = (event: NodeEvent) => void

interface Topic {
  readonly listeners: Set<TopicListener>
  stream: AbortController | undefined
  /** It was open before, so that events between then and the next stream were missed. */
  interrupted: boolean
}

/** One subscription for each topic, however many components listen; none while nobody listens or the window is hidden. */
export class EventHub {
  readonly #topics = new Map<EventTopic, Topic>()
  readonly #closeDelayMs: number
  #client: NodeClient | undefined
  #learn: ((topic: EventTopic, event: NodeEvent) => void) | undefined
  #visible = true

  /** A page that leaves and one that comes share the stream when it stays open for a moment. */
  constructor(closeDelayMs = 500) {
    this.#closeDelayMs = closeDelayMs
  }

  /**
   * A new client means a new epoch: all streams are opened anew, and its queries are new as well. `learn` hears each event once,
   * before the listeners.
   */
  attach(client: NodeClient | undefined, learn?: (topic: EventTopic, event: NodeEvent) => void): void {
    this.#learn = learn
    if (client === this.#client) return
    this.#client = client
    for (const [name, topic] of this.#topics) {
      this.#close(topic)
      this.#settle(name, topic)
    }
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return
    this.#visible = visible
    for (const [name, topic] of this.#topics) this.#settle(name, topic)
  }

  listen(name: EventTopic, listener: TopicListener): () => void {
    const topic: Topic = this.#topics.get(name) ?? { listeners: new Set(), stream: undefined, interrupted: false }
    this.#topics.set(name, topic)
    topic.listeners.add(listener)
    this.#settle(name, topic)
    return () => {
      topic.listeners.delete(listener)
      setTimeout(() => this.#settle(name, topic), this.#closeDelayMs)
    }
  }

  #settle(name: EventTopic, topic: Topic): void {
    const wanted = this.#visible && this.#client !== undefined && topic.listeners.size > 0
    if (!wanted) this.#close(topic)
    if (!wanted || topic.stream !== undefined) return
    topic.stream = new AbortController()
    void this.#read(name, topic, topic.stream.signal)
  }

  #close(topic: Topic): void {
    topic.stream?.abort()
    topic.stream = undefined
  }

  async #read(name: EventTopic, topic: Topic, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const stream = await this.#client?.events.watch({ topics: [name] }, { signal })
        if (stream === undefined) return
        if (topic.interrupted) this.#tell(name, topic, { kind: 'gap', sequence: 0 })
        topic.interrupted = true
        for await (const event of stream) {
          if (signal.aborted) return
          failures = 0
          this.#tell(name, topic, event)
        }
      } catch {
        // A closed wire ends all streams; the next client opens them again.
      }
      await pause(backOffMs(failures), signal)
    }
  }

  #tell(name: EventTopic, topic: Topic, event: NodeEvent): void {
    this.#learn?.(name, event)
    for (const listener of topic.listeners) listener(event)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
