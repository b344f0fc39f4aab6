/** Passes bytes on between a node and those that dial it, until it falls silent. */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { TlsTransport } from '../../../src/node/adapters/tls-transport/tls-transport.ts'
import type { HelloDesk, PeerHandler } from '../../../src/node/ports/transport.ts'

class Relay {
  readonly #server = createServer((socket) => this.#pass(socket))
  readonly #sockets = new Set<Socket>()
  #port = 0
  #target = 0
  #isFrozen = false

  async start(target: number): Promise<void> {
    this.#target = target
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Nothing passes any more, and no end is passed on either. */
  freeze(): void {
    this.#isFrozen = true
    for (const socket of this.#sockets) socket.unpipe().pause()
    this.#server.close()
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #pass(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.pipe(other)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        if (!this.#isFrozen) other.destroy()
      })
    }
  }
}

/** A transport that others reach over a relay only. */
export class RelayedTransport extends TlsTransport {
  readonly relay = new Relay()
  #isRelayed = false

  override get listening(): readonly string[] {
    return this.#isRelayed ? [this.relay.endpoint] : super.listening
  }

  get direct(): string {
    return super.listening[0] ?? ''
  }

  override async start(desk: HelloDesk, handler: PeerHandler): Promise<void> {
    await super.start(desk, handler)
    await this.relay.start(Number(this.direct.split(':')[1]))
    this.#isRelayed = true
  }

  /** Goes, and nobody that it spoke with over its relay learns of it. */
  async vanish(): Promise<void> {
    this.relay.freeze()
    await super.stop()
  }

  override async stop(): Promise<void> {
    await super.stop()
    this.relay.stop()
  }
}
