import { CodedError } from '../../shared/coded-error.ts'
import { wireLimits } from '../contract/wire-limits.ts'
import type { WireChannel } from './wire-channel.ts'
import { Closing } from './wire-channel.ts'

/** Of any event, what is looked at; `type` is there only because every kind of event has it. */
interface SocketEvent {
  readonly type?: unknown
  readonly data?: unknown
}

/** A WebSocket by its shape: of a browser, of Node, or of the package ws. */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  /** Only the package ws tells when a message has left. */
  send(data: string, sent?: (error?: Error) => void): void
  close(code?: number, reason?: string): void
  addEventListener(event: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void
}

const connecting = 0
const open = 1
const closeCodes = { normal: 1000, unsupported: 1003, tooLarge: 1009 } as const

/** A channel over a WebSocket, open or about to open. */
export class SocketChannel implements WireChannel {
  readonly carriesBytes = false
  readonly #socket: SocketLike
  readonly #closing = new Closing()
  /** Messages that came before the socket was open. */
  readonly #early: string[] = []
  #lastSent = Promise.withResolvers<void>()

  constructor(socket: SocketLike) {
    this.#socket = socket
    socket.addEventListener('open', () => this.#sendEarly())
    socket.addEventListener('close', () => this.#settle())
    socket.addEventListener('error', () => this.#end(closeCodes.normal, ''))
    if (socket.readyState > open) this.#settle()
  }

  get closed(): Promise<void> {
    return this.#closing.promise
  }

  get isClosed(): boolean {
    return this.#closing.isClosed
  }

  send(message: unknown): void {
    // The other end closes it: what is in flight fails when that is through.
    if (this.isClosed || this.#socket.readyState > open) return
    const text = String(message)
    if (text.length > wireLimits.messageBytesMax) throw tooLarge('messageBytesMax', wireLimits.messageBytesMax)
    if (this.#socket.readyState !== connecting) this.#send(text)
    else if (this.#early.length < wireLimits.callsMax) this.#early.push(text)
    else throw tooLarge('callsMax', wireLimits.callsMax)
  }

  receive(listener: (message: unknown) => void): void {
    this.#socket.addEventListener('message', ({ data }) => {
      if (this.isClosed) return
      if (typeof data !== 'string') this.#end(closeCodes.unsupported, 'text only')
      else if (data.length > wireLimits.messageBytesMax) this.#end(closeCodes.tooLarge, 'messageBytesMax')
      else listener(data)
    })
  }

  async writable(): Promise<void> {
    while (!this.isClosed && this.#socket.bufferedAmount > wireLimits.unsentBytesMax) await this.#lastSent.promise
  }

  close(): void {
    this.#end(closeCodes.normal, '')
  }

  #sendEarly(): void {
    for (const text of this.#early.splice(0)) this.#send(text)
  }

  #send(text: string): void {
    const last = Promise.withResolvers<void>()
    this.#lastSent = last
    this.#socket.send(text, () => last.resolve())
  }

  #end(code: number, reason: string): void {
    if (this.isClosed) return
    this.#settle()
    this.#socket.close(code, reason)
  }

  #settle(): void {
    this.#early.length = 0
    this.#closing.settle()
    this.#lastSent.resolve()
  }
}

function tooLarge(limit: 'messageBytesMax' | 'callsMax', maximum: number): CodedError {
  const text =
    limit === 'callsMax' ? `at most ${maximum} calls wait for one connection` : `a message has at most ${maximum} bytes`
  return new CodedError('limit-exceeded', `${text} (${limit}); nothing was sent`, { details: { limit, maximum } })
}
