import { EventEmitter } from 'node:events'
import type { MessagePortMain as RealPort } from 'electron'

/** Where an end of a channel has gone that was given to another process. */
export interface RemoteEnd {
  message(data: unknown): void
  close(): void
}

/** One end of a channel. It keeps what comes until it is started, as the real one does, or the first messages would be lost. */
export class MessagePortMain extends EventEmitter implements Pick<RealPort, 'postMessage' | 'start' | 'close'> {
  #peer: MessagePortMain | undefined
  #remote: RemoteEnd | undefined
  #waiting: unknown[] = []
  #started = false
  #closed = false

  static pair(): readonly [MessagePortMain, MessagePortMain] {
    const [left, right] = [new MessagePortMain(), new MessagePortMain()]
    left.#peer = right
    right.#peer = left
    return [left, right]
  }

  postMessage(data: unknown, transfer: readonly unknown[] = []): void {
    if (transfer.length > 0) throw new Error('the harness transfers nothing over a port that is in use')
    if (this.#remote !== undefined) throw new Error('this port was given away')
    this.fromOwner(data)
  }

  start(): void {
    this.#started = true
    for (const data of this.#waiting.splice(0)) this.#emit(data)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    queueMicrotask(() => this.emit('close'))
    this.#peer?.fromPeerClosed()
  }

  /** Given to another process: what arrives here goes there from now on. */
  give(remote: RemoteEnd): void {
    if (this.#remote !== undefined) throw new Error('this port was given away before')
    this.#remote = remote
    for (const data of this.#waiting.splice(0)) remote.message(data)
    if (this.#closed) remote.close()
  }

  /** What the owner of this end sends, wherever it lives. */
  fromOwner(data: unknown): void {
    const copy: unknown = structuredClone(data)
    const peer = this.#peer
    if (!this.#closed && peer !== undefined) setImmediate(() => peer.#arrive(copy))
  }

  fromPeerClosed(): void {
    if (this.#closed) return
    // After the messages that are on their way.
    setImmediate(() => {
      if (this.#closed) return
      this.#closed = true
      this.#remote?.close()
      this.emit('close')
    })
  }

  #arrive(data: unknown): void {
    if (this.#closed) return
    if (this.#remote !== undefined) this.#remote.message(data)
    else if (this.#started) this.#emit(data)
    else this.#waiting.push(data)
  }

  #emit(data: unknown): void {
    this.emit('message', { data, ports: [] })
  }
}

export class MessageChannelMain {
  readonly port1: MessagePortMain
  readonly port2: MessagePortMain

  constructor() {
    const [port1, port2] = MessagePortMain.pair()
    this.port1 = port1
    this.port2 = port2
  }
}
