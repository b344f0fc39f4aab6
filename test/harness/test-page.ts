import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostContract } from '../../src/ipc/contract/host-contract.ts'
import { nodeContract } from '../../src/ipc/contract/node-contract.ts'
import type { PortOffer } from '../../src/ipc/supervision/node-messages.ts'
import type { WireClient } from '../../src/ipc/wire/wire-client.ts'
import { connectPort } from '../../src/ipc/wire/wire-client.ts'
import type { Desktop } from './desktop.ts'
import type { TestFrame } from './shim/remote-control.ts'

/** One end of a port of the app, over the channel to its process. */
class FarPort extends EventEmitter {
  readonly #send: (frame: TestFrame) => void
  readonly #id: number
  #waiting: unknown[] = []
  #started = false

  constructor(id: number, send: (frame: TestFrame) => void) {
    super()
    this.#id = id
    this.#send = send
  }

  postMessage(data: unknown): void {
    this.#send({ kind: 'port-message', port: this.#id, data })
  }

  close(): void {
    this.#send({ kind: 'port-close', port: this.#id })
    this.emit('close')
  }

  start(): void {
    this.#started = true
    for (const data of this.#waiting.splice(0)) this.emit('message', { data })
  }

  arrive(data: unknown): void {
    if (this.#started) this.emit('message', { data })
    else this.#waiting.push(data)
  }
}

export type HostWire = WireClient<typeof hostContract>
export type NodeWire = WireClient<typeof nodeContract>

/**
 * A page of a test's own: the broker of the app gives it ports as it does to the page of a window, and both contracts can be called
 * from the test.
 */
export class TestPage {
  readonly offers: PortOffer[] = []
  readonly #ports = new Map<number, FarPort>()
  readonly #host = Promise.withResolvers<HostWire>()
  readonly #nodes = new Map<number, NodeWire>()
  #changed = Promise.withResolvers<void>()

  private constructor(desktop: Desktop) {
    desktop.child.on('message', (frame) => this.#receive(frame as TestFrame, desktop))
  }

  static async connect(desktop: Desktop): Promise<TestPage> {
    const page = new TestPage(desktop)
    // There are no pages before there is a window.
    while ((await desktop.ask('facts')).windows.length === 0) await sleep(20)
    await desktop.ask('connect')
    return page
  }

  host(): Promise<HostWire> {
    return this.#host.promise
  }

  /** The node of a run, when its port has come. */
  async node(epoch: number): Promise<NodeWire> {
    for (;;) {
      const found = this.#nodes.get(epoch)
      if (found !== undefined) return found
      await this.#changed.promise
    }
  }

  #receive(frame: TestFrame, desktop: Desktop): void {
    if (frame.kind === 'offer') this.#take(frame.port, frame.offer as PortOffer, desktop)
    else if (frame.kind === 'port-message') this.#ports.get(frame.port)?.arrive(frame.data)
    else if (frame.kind === 'port-close') this.#ports.get(frame.port)?.emit('close')
  }

  #take(id: number, offer: PortOffer, desktop: Desktop): void {
    const port = new FarPort(id, (frame) => {
      if (desktop.child.connected) desktop.child.send(frame)
    })
    this.#ports.set(id, port)
    this.offers.push(offer)
    if (offer.kind === 'host') this.#host.resolve(connectPort(hostContract, port))
    else this.#nodes.set(offer.epoch, connectPort(nodeContract, port))
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
