import type { EventTopic, NodeEvent } from '../../ipc/contract/event-schemas.ts'
import { wireLimits } from '../../ipc/contract/wire-limits.ts'

type Fact = { readonly kind: EventTopic } & Record<string, unknown>

/** Tells subscribers of changes, at most one event of a topic in an interval. */
export class DemoEvents {
  readonly #wake = new Map<EventTopic, Set<() => void>>()
  readonly #keys = new Set<string>()
  readonly #facts: (topic: EventTopic) => Fact

  /** `facts` makes the event of a topic when it is due; the keys that changed are added here. */
  constructor(facts: (topic: Exclude<EventTopic, 'keys'>) => Fact) {
    this.#facts = (topic) => (topic === 'keys' ? this.#keyFact() : facts(topic))
  }

  keyChanged(key: string): void {
    this.#keys.add(key)
    this.tell('keys')
  }

  tell(topic: EventTopic): void {
    for (const wake of this.#wake.get(topic) ?? []) wake()
  }

  async *watch(topics: readonly EventTopic[], signal: AbortSignal | undefined): AsyncGenerator<NodeEvent, void, void> {
    const due = new Set<EventTopic>(topics.includes('status') ? ['status'] : [])
    let resume = Promise.withResolvers<void>()
    const wakes = topics.map((topic) => {
      const wake = (): void => {
        due.add(topic)
        resume.resolve()
      }
      this.#wake.set(topic, (this.#wake.get(topic) ?? new Set()).add(wake))
      return () => this.#wake.get(topic)?.delete(wake)
    })
    signal?.addEventListener('abort', () => resume.resolve())
    try {
      for (let sequence = 1; !signal?.aborted; ) {
        if (due.size === 0) await resume.promise
        resume = Promise.withResolvers()
        const facts = [...due].map((topic) => this.#facts(topic))
        due.clear()
        for (const fact of facts) {
          yield { ...fact, sequence } as NodeEvent
          sequence += 1
        }
        await new Promise((resolve) => setTimeout(resolve, wireLimits.eventIntervalMs))
      }
    } finally {
      for (const forget of wakes) forget()
    }
  }

  #keyFact(): Fact {
    const changed = [...this.#keys].slice(0, wireLimits.changedKeysMax)
    const more = this.#keys.size > changed.length
    this.#keys.clear()
    return { kind: 'keys', changed, more }
  }
}
