import type { EventTopic, NodeEvent } from '../../../ipc/contract/event-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'

export interface EventQuery {
  readonly topics: readonly EventTopic[]
  /** Narrows the topic `keys`. */
  readonly prefix?: string | undefined
}

type WithoutSequence<Event> = Event extends { readonly sequence: number } ? Omit<Event, 'sequence'> : never
/** An event before it has its place among those of a subscriber. */
export type Fact = WithoutSequence<NodeEvent>

/** What one screen has asked for and has not taken yet: at most `subscriberQueueMax` events and `changedKeysMax` keys. */
export class EventSubscriber {
  readonly #topics: ReadonlySet<EventTopic>
  readonly #prefix: string
  readonly #changed = new Set<string>()
  #changedChars = 0
  #moreChanged = false
  #queue: Fact[] = []
  #sequence = 0
  #ended = false
  #wake: (() => void) | undefined

  constructor({ topics, prefix = '' }: EventQuery) {
    this.#topics = new Set(topics)
    this.#prefix = prefix
  }

  wants(topic: EventTopic): boolean {
    return this.#topics.has(topic)
  }

  /** Remembers a changed key for the next event of the topic. */
  noteKey(key: string): void {
    if (this.#moreChanged || !this.wants('keys') || !key.startsWith(this.#prefix) || this.#changed.has(key)) return
    const { changedKeysMax, changedKeysCharsMax } = wireLimits
    if (this.#changed.size >= changedKeysMax || this.#changedChars + key.length > changedKeysCharsMax) this.#moreChanged = true
    else {
      this.#changed.add(key)
      this.#changedChars += key.length
    }
  }

  /** Queues the keys that were noted, if there are any. */
  pushKeys(): void {
    if (this.#changed.size === 0) return
    this.push({ kind: 'keys', changed: [...this.#changed], more: this.#moreChanged })
    this.#changed.clear()
    this.#changedChars = 0
    this.#moreChanged = false
  }

  /** Beyond its limit the queue is emptied, and a gap stands for all that was in it. */
  push(fact: Fact): void {
    if (this.#ended) return
    if (this.#queue.length >= wireLimits.subscriberQueueMax) this.#queue = [{ kind: 'gap' }]
    else this.#queue.push(fact)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#queue = []
    this.#wake?.()
  }

  async *events(): AsyncGenerator<NodeEvent, void> {
    while (!this.#ended) {
      const fact = this.#queue.shift()
      if (fact !== undefined) yield { ...fact, sequence: ++this.#sequence }
      else await this.#more()
    }
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await promise
    this.#wake = undefined
  }
}
