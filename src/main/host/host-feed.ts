import type { HostEvent, NodeRun } from '../../ipc/contract/host-contract.ts'

/** Menu commands that wait for one page; nobody presses so many while a page does not answer. */
const commandsMax = 16
/** Subscriptions of all pages together. */
const subscribersMax = 64

/** What a page still has to be told: of states only the newest counts. */
class Subscriber {
  #run: NodeRun | undefined
  #visible: boolean | undefined
  #commands: string[] = []
  #wake = Promise.withResolvers<void>()

  put(event: HostEvent): void {
    if (event.kind === 'node') this.#run = event.run
    else if (event.kind === 'window') this.#visible = event.visible
    else if (this.#commands.length < commandsMax) this.#commands.push(event.command)
    this.#wake.resolve()
  }

  end(): void {
    this.#wake.resolve()
  }

  async changed(): Promise<void> {
    await this.#wake.promise
    this.#wake = Promise.withResolvers()
  }

  take(): readonly HostEvent[] {
    const events: HostEvent[] = this.#commands.map((command) => ({ kind: 'command', command }))
    if (this.#visible !== undefined) events.unshift({ kind: 'window', visible: this.#visible })
    if (this.#run !== undefined) events.unshift({ kind: 'node', run: this.#run })
    this.#run = undefined
    this.#visible = undefined
    this.#commands = []
    return events
  }
}

/** Tells pages of the state of the node, of their window and of menu commands. A page that is slow misses states, never the last. */
export class HostFeed {
  readonly #subscribers = new Set<Subscriber>()

  publish(event: HostEvent): void {
    for (const subscriber of this.#subscribers) subscriber.put(event)
  }

  /** The present state first, then every change, until the signal ends it. */
  async *watch(present: readonly HostEvent[], signal: AbortSignal | undefined): AsyncGenerator<HostEvent, void, void> {
    if (this.#subscribers.size >= subscribersMax) return
    const subscriber = new Subscriber()
    const end = () => subscriber.end()
    signal?.addEventListener('abort', end, { once: true })
    this.#subscribers.add(subscriber)
    try {
      for (const event of present) subscriber.put(event)
      while (signal?.aborted !== true) {
        await subscriber.changed()
        yield* subscriber.take()
      }
    } finally {
      this.#subscribers.delete(subscriber)
      signal?.removeEventListener('abort', end)
    }
  }
}
