import type { Clock } from '../../ports/clock.ts'
import type { Peer, PeerHandler, PeerStream, SessionEnd } from '../../ports/transport.ts'

/** The handler of the node, and what of it runs: a stop waits for it for a while. */
export class RunningHandlers implements PeerHandler {
  readonly #handler: PeerHandler
  readonly #running = new Set<Promise<unknown>>()

  constructor(handler: PeerHandler) {
    this.#handler = handler
  }

  connected(peer: Peer): void {
    this.#handler.connected(peer)
  }

  disconnected(peer: Peer, reason: SessionEnd): void {
    this.#handler.disconnected(peer, reason)
  }

  message(peer: Peer, body: Uint8Array): void {
    this.#handler.message(peer, body)
  }

  request(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#track(async () => await this.#handler.request(peer, body, signal))
  }

  stream(peer: Peer, body: Uint8Array, stream: PeerStream, signal: AbortSignal): Promise<void> {
    return this.#track(async () => await this.#handler.stream(peer, body, stream, signal))
  }

  join(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#track(async () => await this.#handler.join(body, signal))
  }

  /** Resolves when nothing runs any more, or after the time: a handler that does not heed its signal is left alone. */
  async settled(clock: Clock, waitMs: number): Promise<void> {
    if (this.#running.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = clock.after(waitMs, () => {
      resolve()
      return undefined
    })
    void Promise.allSettled(this.#running).then(() => resolve())
    await promise
    timer[Symbol.dispose]()
  }

  #track<Result>(run: () => Promise<Result>): Promise<Result> {
    const running = run()
    this.#running.add(running)
    const forget = () => void this.#running.delete(running)
    void running.then(forget, forget)
    return running
  }
}
