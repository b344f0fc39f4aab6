/**
 * A network in memory. Frames between two endpoints arrive in order, like over TCP: a link that is cut holds them back until it is
 * mended, and its ends find out by silence. Messages alone may be delayed, lost, doubled and reordered, as its owner likes.
 */
import { assert } from '../../../shared/assert.ts'
import type { Random } from '../../ports/random.ts'
import type { FrameLink } from '../peer-session/frame-link.ts'
import { unavailable } from '../peer-session/peer-failure.ts'
import type { NetworkHooks } from './memory-connection.ts'
import { MemoryConnection } from './memory-connection.ts'

const plainHooks: NetworkHooks = {
  deliver: (_from, _to, _bytes, run) => queueMicrotask(run),
  carry: (_from, _to, run) => queueMicrotask(run),
}

export class MemoryNetwork {
  readonly hooks: NetworkHooks
  readonly #listeners = new Map<string, (link: FrameLink) => void>()
  readonly #connections = new Set<MemoryConnection>()
  /** Directions that carry nothing. */
  readonly #cuts = new Set<string>()

  constructor(hooks: Partial<NetworkHooks> = {}) {
    this.hooks = { ...plainHooks, ...hooks }
  }

  /** Nothing passes from the one to the other. Both directions: two calls. */
  cut(from: string, to: string): void {
    this.#cuts.add(direction(from, to))
  }

  mend(from: string, to: string): void {
    if (!this.#cuts.delete(direction(from, to))) return
    for (const connection of [...this.#connections]) connection.flow(from, to)
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(direction(from, to))
  }

  /** Breaks the connections between two endpoints, which both learn at once. */
  reset(left: string, right: string): void {
    for (const connection of [...this.#connections]) if (connection.joins(left, right)) connection.reset()
  }

  /**
   * The process at an endpoint is gone: it hears of nothing any more, and the endpoint is free. `silently`, like a machine without power:
   * the other ends are told nothing either.
   */
  vanish(endpoint: string, options: { readonly silently: boolean }): void {
    this.#listeners.delete(endpoint)
    for (const connection of [...this.#connections])
      if (connection.touches(endpoint)) connection.vanish(endpoint, options.silently)
  }

  /** False where somebody else listens there. */
  listen(endpoint: string, accepted: (link: FrameLink) => void): boolean {
    if (this.#listeners.has(endpoint)) return false
    this.#listeners.set(endpoint, accepted)
    return true
  }

  /** Takes no connections from here on. */
  unlisten(endpoint: string, accepted: (link: FrameLink) => void): void {
    if (this.#listeners.get(endpoint) === accepted) this.#listeners.delete(endpoint)
  }

  dial(from: string, to: string, random: Random, signal: AbortSignal): Promise<FrameLink> {
    const { promise, resolve, reject } = Promise.withResolvers<FrameLink>()
    const connection = new MemoryConnection(this, { from, to, random, ended: () => void this.#connections.delete(connection) })
    this.#connections.add(connection)
    const abort = () => {
      connection.reset()
      reject(signal.reason)
    }
    const settle = (run: () => void) => {
      signal.removeEventListener('abort', abort)
      if (!signal.aborted) run()
    }
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    connection.post(from, () => {
      const accepted = this.#listeners.get(to)
      if (accepted === undefined) {
        connection.post(to, () => {
          connection.reset()
          settle(() => reject(unavailable('nobody listens there')))
        })
        return
      }
      connection.post(to, () => settle(() => resolve(connection.dialler)))
      accepted(connection.accepter)
    })
    return promise
  }
}

function direction(from: string, to: string): string {
  assert(!from.includes(' ') && !to.includes(' '), 'an endpoint has no spaces')
  return `${from} ${to}`
}
