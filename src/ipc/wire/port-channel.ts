import type { WireChannel } from './wire-channel.ts'
import { Closing } from './wire-channel.ts'

/** Of any event, what is looked at; `type` is there only because every kind of event has it. */
interface PortEvent {
  readonly type?: unknown
  readonly data?: unknown
}

interface PortBase {
  postMessage(message: unknown): void
  close(): void
  start?(): void
}

/** A message port by its shape: of a browser, of Node, or of Electron's main and utility processes. */
export type PortLike = PortBase &
  (
    | { addEventListener(event: 'message' | 'close', listener: (event: PortEvent) => void): void }
    | { on(event: 'message' | 'close', listener: (event: PortEvent) => void): unknown }
  )

/** A channel over a message port. Ports have no back-pressure: what is sent waits in the memory of the receiver. */
export class PortChannel implements WireChannel {
  readonly carriesBytes = true
  readonly #port: PortLike
  readonly #closing = new Closing()

  constructor(port: PortLike) {
    this.#port = port
    this.#on('close', () => void this.#closing.settle())
  }

  get closed(): Promise<void> {
    return this.#closing.promise
  }

  get isClosed(): boolean {
    return this.#closing.isClosed
  }

  send(message: unknown): void {
    if (!this.isClosed) this.#port.postMessage(message)
  }

  receive(listener: (message: unknown) => void): void {
    this.#on('message', (event) => {
      if (!this.isClosed) listener(event?.data)
    })
    this.#port.start?.()
  }

  writable(): Promise<void> {
    return Promise.resolve()
  }

  close(): void {
    if (this.#closing.settle()) this.#port.close()
  }

  #on(event: 'message' | 'close', listener: (event: PortEvent | undefined) => void): void {
    if ('addEventListener' in this.#port) this.#port.addEventListener(event, listener)
    else this.#port.on(event, listener)
  }
}
