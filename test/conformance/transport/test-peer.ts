/** A node of the suites: a transport with a desk, and a handler that does what the bodies of requests and streams ask for. */
import { SystemClock } from '../../../src/node/adapters/system-clock/system-clock.ts'
import { toHex } from '../../../src/node/core/base/bytes.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type {
  HelloRefusal,
  Peer,
  PeerHandler,
  PeerStream,
  SessionEnd,
  Transport,
  TransportEvents,
} from '../../../src/node/ports/transport.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import type { TestIdentity } from './test-desk.ts'
import { TestDesk } from './test-desk.ts'

export const clock = new SystemClock()

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

class TestEvents implements TransportEvents {
  readonly began: string[] = []
  readonly ended: SessionEnd[] = []
  readonly refused: HelloRefusal[] = []
  readonly dialErrors: unknown[] = []
  readonly dropped: number[] = []

  sessionBegan({ nodeId }: { readonly nodeId: Uint8Array }): void {
    this.began.push(toHex(nodeId))
  }

  sessionEnded({ reason }: { readonly reason: SessionEnd }): void {
    this.ended.push(reason)
  }

  helloRefused({ reason }: { readonly reason: HelloRefusal }): void {
    this.refused.push(reason)
  }

  dialFailed({ error }: { readonly error: unknown }): void {
    this.dialErrors.push(error)
  }

  messageDropped({ bytes }: { readonly bytes: number }): void {
    this.dropped.push(bytes)
  }
}

class TestHandler implements PeerHandler {
  readonly connections: Peer[] = []
  readonly disconnections: SessionEnd[] = []
  readonly messages: string[] = []
  /** Bodies of one turn arrive in one go. */
  readonly turns: number[] = []
  readonly aborted: string[] = []
  #turn = 0
  messageBytes = 0
  joins: (body: Uint8Array) => Uint8Array = (body) => body
  /** Called with each message. */
  heard: (peer: Peer, body: Uint8Array) => void = () => undefined
  /** Streams that ask for it are read only when this has resolved. */
  readAfter: Promise<void> = Promise.resolve()

  connected(peer: Peer): void {
    this.connections.push(peer)
  }

  disconnected(_peer: Peer, reason: SessionEnd): void {
    this.disconnections.push(reason)
  }

  message(peer: Peer, body: Uint8Array): void {
    if (this.#turn === 0) queueMicrotask(() => this.#endTurn())
    this.#turn += 1
    this.messageBytes += body.length
    if (body.length < 100) this.messages.push(textOf(body))
    this.heard(peer, body)
  }

  #endTurn(): void {
    this.turns.push(this.#turn)
    this.#turn = 0
  }

  async request(_peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const asked = textOf(body.subarray(0, 20))
    if (asked === 'wait') return await this.#untilAborted(signal)
    if (asked === 'bug') throw new TypeError('something about memory')
    if (asked.startsWith('grow ')) return new Uint8Array(Number(asked.slice(5))).fill(7)
    if (asked === 'fail') {
      throw new CodedError('version-conflict', 'x'.repeat(2000), {
        details: { version: 4, name: 'n', big: 2n, long: 'y'.repeat(1000), flag: true },
      })
    }
    return body
  }

  async stream(_peer: Peer, body: Uint8Array, stream: PeerStream, signal: AbortSignal): Promise<void> {
    const asked = textOf(body)
    if (asked === 'wait') {
      await this.#untilAborted(signal)
    } else if (asked === 'fail') {
      for await (const piece of stream.pieces) throw new CodedError('storage-full', `after ${piece.length}`)
    } else if (asked.startsWith('send ')) {
      for (let left = Number(asked.slice(5)); left > 0; left -= 100_000) {
        await stream.write(new Uint8Array(Math.min(left, 100_000)).fill(left % 251))
      }
    } else if (asked === 'leave') {
      for await (const piece of stream.pieces) {
        await stream.write(piece)
        return
      }
    } else {
      await this.readAfter
      let bytes = 0
      for await (const piece of stream.pieces) bytes += piece.length
      await stream.write(utf8(`${bytes}`))
    }
  }

  async join(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (textOf(body) === 'wait') return await this.#untilAborted(signal)
    return this.joins(body)
  }

  async #untilAborted(signal: AbortSignal): Promise<never> {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    const reason: unknown = signal.reason
    this.aborted.push(reason instanceof CodedError ? reason.code : 'other')
    throw reason
  }
}

export class TestPeer implements AsyncDisposable {
  readonly identity: TestIdentity
  readonly desk: TestDesk
  readonly handler = new TestHandler()
  readonly events = new TestEvents()
  readonly limits: Limits
  readonly transport: Transport

  constructor(
    own: TestIdentity,
    make: (options: { nodeId: Uint8Array; limits: Limits; events: TransportEvents }) => Transport,
    limits: Partial<Limits> = {},
  ) {
    this.identity = own
    this.desk = new TestDesk(own)
    this.limits = { ...defaultLimits, peerDialRestMs: 10, ...limits }
    this.transport = make({ nodeId: own.nodeId, limits: this.limits, events: this.events })
  }

  get id(): Uint8Array {
    return this.identity.nodeId
  }

  async start(): Promise<this> {
    await this.transport.start(this.desk, this.handler)
    return this
  }

  knows(...others: readonly TestPeer[]): void {
    for (const other of others) this.transport.learn(other.id, other.transport.listening)
  }

  async ask(other: TestPeer, body: string, options: { signal?: AbortSignal; bulk?: boolean } = {}): Promise<string> {
    const { signal = AbortSignal.timeout(20_000), bulk = false } = options
    return textOf(await this.transport.request(other.id, utf8(body), { signal, bulk }))
  }

  open(other: TestPeer, body: string, signal = AbortSignal.timeout(30_000)): Promise<PeerStream> {
    return this.transport.openStream(other.id, utf8(body), signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.stop()
  }
}

/** Waits until something holds; fails after a time in which it always would. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = clock.monotonicMs() + 15_000
  while (!holds()) {
    if (clock.monotonicMs() > endMs) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
