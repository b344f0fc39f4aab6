import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What becomes of what one source sends and is sent. `held` bytes wait while the connection stands, and go on when they may. */
export interface Passage {
  /** Connections are ended, and new ones too. */
  readonly isCut: boolean
  /** From the source to the port behind. */
  readonly isInwardHeld: boolean
  readonly isOutwardHeld: boolean
  readonly delayMs: number
}

interface Pair {
  readonly source: string
  readonly outer: Socket
  readonly inner: Socket
}

const open: Passage = { isCut: false, isInwardHeld: false, isOutwardHeld: false, delayMs: 0 }

/** A listener of 127.0.0.1 that hands every connection on to another port, and fails it by the address that it came from. */
export class TcpProxy implements AsyncDisposable {
  readonly #server = createServer({ allowHalfOpen: true }, (outer) => this.#accept(outer))
  readonly #pairs = new Set<Pair>()
  readonly #passages = new Map<string, Passage>()
  readonly #targetPort: number
  #changed = Promise.withResolvers<void>()
  #heldBytes = 0

  constructor(targetPort: number) {
    this.#targetPort = targetPort
  }

  /** Resolves with the port that it listens on. */
  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const pair of this.#pairs) this.#end(pair)
    await closed
  }

  /** Bytes that had to wait so far. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** From now on; what is not named is as on the first day. */
  set(source: string, passage: Partial<Passage>): void {
    this.#passages.set(source, { ...open, ...passage })
    if (passage.isCut === true) for (const pair of this.#pairs) if (pair.source === source) this.#end(pair)
    this.#wake()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  #end(pair: Pair): void {
    pair.outer.destroy()
    pair.inner.destroy()
    this.#pairs.delete(pair)
    this.#wake()
  }

  #passageOf(source: string): Passage {
    return this.#passages.get(source) ?? open
  }

  #accept(outer: Socket): void {
    const source = outer.remoteAddress ?? ''
    if (this.#passageOf(source).isCut) {
      outer.destroy()
      return
    }
    const inner = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { source, outer, inner }
    this.#pairs.add(pair)
    const end = () => this.#end(pair)
    for (const socket of [outer, inner]) socket.on('error', end).on('close', end)
    this.#carry(pair, 'isInwardHeld').then(undefined, end)
    this.#carry(pair, 'isOutwardHeld').then(undefined, end)
  }

  async #carry(pair: Pair, direction: 'isInwardHeld' | 'isOutwardHeld'): Promise<void> {
    const [from, to] = direction === 'isInwardHeld' ? [pair.outer, pair.inner] : [pair.inner, pair.outer]
    for await (const piece of from) {
      const { delayMs } = this.#passageOf(pair.source)
      if (delayMs > 0) await sleep(delayMs)
      if (this.#passageOf(pair.source)[direction]) this.#heldBytes += (piece as Buffer).length
      while (this.#passageOf(pair.source)[direction] && this.#pairs.has(pair)) await this.#changed.promise
      if (!to.write(piece as Buffer)) await once(to, 'drain')
    }
    to.end()
  }
}
