/** What strangers and bad peers do to the port of a node, byte by byte, and what comes of it. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { connect } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import type { PeerFrame } from '../../../src/node/adapters/peer-session/peer-frame.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { decodeFrame } from '../../../src/node/adapters/tls-transport/decode-frame.ts'
import { encodeFrames } from '../../../src/node/adapters/tls-transport/encode-frames.ts'
import { FrameParser } from '../../../src/node/adapters/tls-transport/frame-parser.ts'
import { channelOfPem } from '../../../src/node/adapters/tls-transport/peer-identity.ts'
import { TlsTransport } from '../../../src/node/adapters/tls-transport/tls-transport.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { testCertificate } from './test-certificate.ts'
import { identity, TestDesk } from './test-desk.ts'
import { clock, TestPeer, until, utf8 } from './test-peer.ts'

function wireOf(frames: readonly PeerFrame[]): Buffer {
  return Buffer.concat(encodeFrames(frames))
}

/** Addresses are slowed where a test is about that. */
const patient: Partial<Limits> = { peerSlowedMs: 0 }
const open: { stop(): Promise<void> | void }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop()
})

async function host(limits: Partial<Limits> = {}): Promise<TestPeer & { readonly port: number }> {
  const peer = new TestPeer(
    identity(1),
    (options) =>
      new TlsTransport({
        ...options,
        clock,
        random: new SystemRandom(),
        listen: ['127.0.0.1:0'],
        makeCertificate: testCertificate,
      }),
    { ...patient, ...limits },
  )
  await peer.start()
  open.push(peer.transport)
  return Object.assign(peer, { port: Number(peer.transport.listening[0]?.split(':')[1]) })
}

/** The end of a connection that says what a test wants it to say. */
class RawPeer {
  readonly frames: PeerFrame[] = []
  readonly socket: TLSSocket
  isClosed = false
  readonly #parser = new FrameParser(8_000_000)

  constructor(port: number, options: ConnectionOptions = {}) {
    this.socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['memo-peer/1'], ...options })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.isClosed = true
    })
    this.socket.on('data', (chunk: Buffer) => {
      this.#parser.push(chunk, (bytes) => {
        const frame = decodeFrame(bytes)
        if (frame !== undefined) this.frames.push(frame)
        return true
      })
    })
    open.push({ stop: () => void this.socket.destroy() })
  }

  say(...frames: PeerFrame[]): void {
    this.socket.write(wireOf(frames))
  }

  async closed(): Promise<void> {
    await until('the connection is ended', () => this.isClosed)
  }
}

/** A peer that has been greeted. */
async function greeted(port: number, number = 2, bootCount = 1): Promise<RawPeer> {
  const certificate = testCertificate()
  const raw = new RawPeer(port, certificate)
  const desk = new TestDesk(identity(number, { bootCount }))
  raw.say({ kind: 'hello', hello: desk.ownHello(channelOfPem(certificate.cert)), dial: 1 })
  await until('it is welcome', () => raw.frames.some(({ kind }) => kind === 'accepted'))
  raw.say({ kind: 'accepted', joiner: false, dials: 0 })
  return raw
}

const handshake = async (raw: RawPeer) => {
  await once(raw.socket, 'secureConnect')
}

/** What is written to an end that has gone is answered by a reset, which `once` would take for a failure of its own. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

describe('a stranger', () => {
  test('without a certificate is ended before it is greeted', async () => {
    const node = await host()
    const raw = new RawPeer(node.port)
    await raw.closed()
    expect(raw.frames).toEqual([])
  })

  test.each([
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
    ['another protocol', { ALPNProtocols: ['h2'] }],
    ['no protocol', { ALPNProtocols: [] }],
  ] as const)('with %s is ended before it is greeted', async (_name, options) => {
    const node = await host()
    const raw = new RawPeer(node.port, {
      ...testCertificate(),
      ...options,
      ALPNProtocols: [...('ALPNProtocols' in options ? options.ALPNProtocols : ['memo-peer/1'])],
    })
    await raw.closed()
    expect(raw.frames).toEqual([])
    expect(node.desk.seen).toEqual([])
  })

  test('cannot resume an earlier connection', async () => {
    const node = await host()
    const certificate = testCertificate()
    const first = new RawPeer(node.port, certificate)
    let session: Buffer | undefined
    first.socket.on('session', (made: Buffer) => {
      session = made
    })
    await handshake(first)
    await until('it is greeted', () => first.frames.length > 0)
    first.socket.destroy()
    const again = new RawPeer(node.port, { ...certificate, ...(session !== undefined && { session }) })
    await handshake(again)
    expect(again.socket.isSessionReused()).toBe(false)
  })

  test('that says anything before its hello is ended', async () => {
    const node = await host()
    const says: readonly PeerFrame[] = [
      { kind: 'message', bodies: [utf8('x')] },
      { kind: 'request', id: 1, body: utf8('x'), size: 1, bulk: false },
      { kind: 'accepted', joiner: false, dials: 0 },
      { kind: 'ping', count: 1 },
    ]
    for (const frame of says) {
      const raw = new RawPeer(node.port, testCertificate())
      raw.say(frame)
      await raw.closed()
    }
    expect([node.handler.connections, node.handler.messages]).toEqual([[], []])
  })

  test('with the hello of another connection is refused', async () => {
    const node = await host()
    await greeted(node.port)
    const [hello = new Uint8Array()] = node.desk.seen
    const raw = new RawPeer(node.port, testCertificate())
    raw.say({ kind: 'hello', hello, dial: 1 })
    await raw.closed()
    expect(raw.frames.at(-1)).toEqual({ kind: 'refused', reason: 'binding' })
    expect(node.events.refused).toEqual(['binding'])
  })

  test('with a hello larger than hellos are is ended', async () => {
    const node = await host()
    const raw = new RawPeer(node.port, testCertificate())
    raw.say({ kind: 'hello', hello: new Uint8Array(70_000), dial: 1 })
    await raw.closed()
    expect(node.desk.seen).toEqual([])
  })

  test('that says nothing is ended: before the handshake, within it, after it, and after its hello', async () => {
    const node = await host({ peerHandshakeTimeoutMs: 150, peerHelloTimeoutMs: 150 })
    const bare = connectTcp(node.port, '127.0.0.1')
    const partial = connectTcp(node.port, '127.0.0.1')
    for (const socket of [bare, partial]) socket.on('error', () => undefined).resume()
    partial.write(Buffer.from('160301', 'hex'))
    const dripping = setInterval(() => partial.write(Buffer.from('00', 'hex')), 40)
    const silent = new RawPeer(node.port, testCertificate())
    const certificate = testCertificate()
    const half = new RawPeer(node.port, certificate)
    half.say({ kind: 'hello', hello: new TestDesk(identity(4)).ownHello(channelOfPem(certificate.cert)), dial: 1 })
    await Promise.all([closeOf(bare), closeOf(partial), silent.closed(), half.closed()])
    clearInterval(dripping)
    expect(node.handler.connections).toEqual([])
    expect(await ends(node)).toBe(0)
  })

  test('that sends garbage is ended, and its address waits longer each time', async () => {
    const node = await host({ peerSlowedMs: 600 })
    for (let count = 0; count < 5; count++) {
      const socket = connectTcp(node.port, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.write('GET / HTTP/1.1\r\n\r\n')
      await closeOf(socket)
    }
    const early = new RawPeer(node.port, testCertificate())
    await early.closed()
    expect(early.frames).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 800))
    await greeted(node.port)
    await until('it is taken again', () => node.handler.connections.length === 1)
  })

  test('finds room for a bounded number of connections', async () => {
    const node = await host({ peerGreetingsMax: 3 })
    const raws = Array.from({ length: 8 }, () => new RawPeer(node.port, testCertificate()))
    await until('most are ended', () => raws.filter(({ isClosed }) => isClosed).length >= 5)
    expect(raws.filter(({ isClosed }) => !isClosed)).toHaveLength(3)
  })
})

describe('a peer', () => {
  const malformed: readonly (readonly [name: string, bytes: Buffer])[] = [
    ['a length beyond the limit', Buffer.from('00a00001', 'hex')],
    ['an empty frame', Buffer.alloc(4)],
    ['garbage', Buffer.from('00000004ffffffff', 'hex')],
    ['a second hello', wireOf([{ kind: 'hello', hello: utf8('x'), dial: 2 }])],
    ['no message in a message', wireOf([{ kind: 'message', bodies: [] }])],
    ['an answer that nobody asked for', wireOf([{ kind: 'reply', id: 1, body: utf8('x'), size: 1 }])],
    ['a piece of nothing', wireOf([{ kind: 'body-piece', id: 1, reply: false, bytes: utf8('x') }])],
    ['a cancellation of nothing', wireOf([{ kind: 'cancel', id: 1 }])],
    ['an end of no stream', wireOf([{ kind: 'stream-end', id: 1, closed: false }])],
    ['a stream with an id of ours', wireOf([{ kind: 'stream-open', id: 2, body: utf8('x') }])],
    ['an answer to no ping', wireOf([{ kind: 'pong', count: 5 }])],
    ['credit of nothing', wireOf([{ kind: 'credit', id: 1, bytes: 0 }])],
    ['a body without an end', wireOf([{ kind: 'request', id: 1, body: utf8('x'), size: 2 ** 40, bulk: true }])],
    [
      'more of a body than it has',
      wireOf([
        { kind: 'request', id: 1, body: utf8('x'), size: 3, bulk: true },
        { kind: 'body-piece', id: 1, reply: false, bytes: utf8('xxx') },
      ]),
    ],
    [
      'an id twice',
      wireOf([
        { kind: 'request', id: 1, body: utf8('wait'), size: 4, bulk: false },
        { kind: 'request', id: 1, body: utf8('wait'), size: 4, bulk: false },
      ]),
    ],
  ]
  test.each(malformed)('that sends %s is ended', async (_name, bytes) => {
    const node = await host()
    const raw = await greeted(node.port)
    raw.socket.write(bytes)
    await raw.closed()
    expect(node.handler.disconnections).toEqual(['malformed'])
    expect(node.events.ended).toEqual(['malformed'])
  })

  test('that exceeds what may be in flight floods', async () => {
    const node = await host({ peerRequestsMax: 3, peerStreamsMax: 3, peerStreamWindowBytes: 1000, peerIdleFramesPerSecond: 100 })
    const floods: readonly (readonly PeerFrame[])[] = [
      [1, 2, 3, 4].map((id) => ({ kind: 'request', id, body: utf8('wait'), size: 4, bulk: false })),
      // Giving up frees nothing as long as the handler runs: the cancelled ones are answered a turn later.
      [1, 2, 3, 4].flatMap((id) => [
        { kind: 'request', id, body: utf8('wait'), size: 4, bulk: false } as const,
        { kind: 'cancel', id } as const,
      ]),
      [1, 3, 5, 7].map((id) => ({ kind: 'stream-open', id, body: utf8('wait') })),
      [
        { kind: 'stream-open', id: 1, body: utf8('wait') },
        { kind: 'stream-piece', id: 1, bytes: new Uint8Array(1001) },
      ],
      [
        { kind: 'stream-open', id: 1, body: utf8('wait') },
        { kind: 'credit', id: 1, bytes: 1 },
      ],
      Array.from({ length: 101 }, (_, count) => ({ kind: 'ping', count })),
    ]
    for (const [index, frames] of floods.entries()) {
      const raw = await greeted(node.port, 2, index + 1)
      raw.say(...frames)
      await raw.closed()
      expect(node.handler.disconnections.at(-1)).toBe('flood')
      expect(node.handler.disconnections).toHaveLength(index + 1)
    }
  })

  test('that takes nothing is ended as stalled, and what it leaves waiting is bounded', async () => {
    const node = await host({
      peerStalledMs: 200,
      peerStalledBytes: 100_000,
      peerPingMs: 50,
      peerSilenceMs: 60_000,
      peerQueueBytesMax: 4_000_000,
      peerLingerMs: 50,
    })
    const raw = await greeted(node.port)
    await until('it stands', () => node.transport.peers.length === 1)
    raw.socket.pause()
    let sent = 0
    while (node.handler.disconnections.length === 0) {
      if (node.transport.send(raw2Id, new Uint8Array(60_000))) sent += 60_000
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(node.handler.disconnections).toEqual(['stalled'])
    expect(node.events.dropped.length).toBeGreaterThan(0)
    // What the kernel took on both sides is beside the queue.
    expect(sent).toBeLessThan(4_000_000 + 32 * 1024 * 1024)
  })

  test('that is gone without a word is ended as silent', async () => {
    const node = await host({ peerPingMs: 40, peerSilenceMs: 120 })
    const raw = await greeted(node.port)
    await until('it is ended', () => node.handler.disconnections.length === 1)
    expect(node.handler.disconnections).toEqual(['silent'])
    expect(raw.frames.some(({ kind }) => kind === 'ping')).toBe(true)
  })

  test('that drips a frame is as silent as one that says nothing', async () => {
    const node = await host({ peerPingMs: 40, peerSilenceMs: 150 })
    const raw = await greeted(node.port)
    raw.socket.write(Buffer.from('00100000', 'hex'))
    const dripping = setInterval(() => raw.socket.write(Buffer.of(1)), 20)
    await raw.closed()
    clearInterval(dripping)
    expect(node.handler.disconnections).toEqual(['silent'])
  })

  test('whose failures name a thousand things is malformed', async () => {
    const node = await host()
    const raw = await greeted(node.port)
    await until('it stands', () => node.transport.peers.length === 1)
    const asked = node.transport.request(raw2Id, utf8('x'), { signal: AbortSignal.timeout(9000) })
    const failed = expect(asked).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'malformed' } })
    await until('it is asked', () => raw.frames.some(({ kind }) => kind === 'request'))
    const details = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index}`, index]))
    raw.say({ kind: 'failure', id: 1, failure: { code: 'internal', message: 'x', details } })
    await failed
  })

  test('leaves nothing behind, however often it comes and goes', async () => {
    const node = await host()
    for (let count = 1; count <= 30; count++) {
      const raw = await greeted(node.port, 2, count)
      raw.say({ kind: 'request', id: 1, body: utf8('wait'), size: 4, bulk: false })
      await until('it stands', () => node.handler.connections.length === count)
      raw.socket.destroy()
      await until('it is gone', () => node.handler.disconnections.length === count)
    }
    expect(node.handler.aborted).toHaveLength(30)
    expect(await ends(node)).toBe(0)
  })
})

const raw2Id = identity(2).nodeId

/** Connections that a transport still has when it has stopped, which takes no longer than they do. */
async function ends(node: TestPeer): Promise<number> {
  await node.transport.stop()
  return node.transport.peers.length
}
