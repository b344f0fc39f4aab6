import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { connect } from 'node:tls'
import type { TlsTransport } from '../../src/node/adapters/tls-transport/tls-transport.ts'
import { idOf } from '../conformance/transport/test-desk.ts'
import type { BenchOptions } from './bench-options.ts'
import { stopServer } from './peers/child-server.ts'
import { percentile } from './percentiles.ts'
import type { Results } from './results.ts'
import { EchoHandler, openTransport } from './transport-ends.ts'

const messageBytes = 100
const pieceBytes = 64 * 1024
const other = idOf(2)
const never = new AbortController().signal

interface Ends {
  readonly transport: TlsTransport
  readonly handler: EchoHandler
  readonly plainPort: number
}

/** Two processes: the transport between nodes beside bare TLS with as many bytes in flight, both written once per turn. */
export async function runTransportSuite(options: BenchOptions, results: Results): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'transport-process.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { endpoint, plainPort } = JSON.parse(line.toString()) as { readonly endpoint: string; readonly plainPort: number }
  const { transport, desk } = openTransport(1)
  const handler = new EchoHandler(transport)
  await transport.start(desk, handler)
  transport.learn(other, [endpoint])
  await transport.request(other, new Uint8Array(1), { signal: never })
  const ends: Ends = { transport, handler, plainPort }
  const durationMs = options.secondsPerCell * 1000
  try {
    for (let round = 0; round < options.rounds; round++) {
      for (const inFlight of options.inFlight) {
        const cell = (what: string) => `${what} ${messageBytes} B, m=${inFlight}`
        const add = (what: string, subject: string, value: number) =>
          results.add({ suite: 'transport', cell: cell(what), subject, metric: 'per second', value })
        const plain = await plainRoundTrips(ends, inFlight, durationMs)
        for (const what of ['message', 'request']) add(what, 'box', plain)
        add('message', 'memo', await messageRoundTrips(ends, inFlight, durationMs))
        add('request', 'memo', await requestRoundTrips(ends, inFlight, durationMs))
      }
      await measureStreams(ends, durationMs, results)
    }
  } finally {
    await transport.stop()
    await stopServer(child)
  }
}

async function measureStreams(ends: Ends, durationMs: number, results: Results): Promise<void> {
  const add = (cell: string, metric: string, subject: string, value: number) =>
    results.add({ suite: 'transport', cell, subject, metric, value })
  add('stream', 'MB/s', 'box', await plainThroughput(ends, durationMs))
  const idle = await voteTimes(ends, durationMs)
  const stream = streamThroughput(ends, durationMs)
  const busy = await voteTimes(ends, durationMs - 100)
  add('stream', 'MB/s', 'memo', await stream)
  add('message alone', 'p99 ms', 'memo', percentile(idle, 0.99))
  add('message beside the stream', 'p99 ms', 'memo', percentile(busy, 0.99))
}

async function messageRoundTrips({ transport, handler }: Ends, inFlight: number, durationMs: number): Promise<number> {
  const body = new Uint8Array(messageBytes)
  const start = performance.now()
  let [back, under] = [0, inFlight]
  const done = Promise.withResolvers<void>()
  handler.heard = () => {
    back += 1
    if (performance.now() - start < durationMs) transport.send(other, body)
    else if (--under === 0) done.resolve()
  }
  for (let count = 0; count < inFlight; count++) transport.send(other, body)
  await done.promise
  return (back * 1000) / (performance.now() - start)
}

async function requestRoundTrips({ transport }: Ends, inFlight: number, durationMs: number): Promise<number> {
  const body = new Uint8Array(messageBytes)
  const start = performance.now()
  let back = 0
  const caller = async () => {
    for (; performance.now() - start < durationMs; back++) await transport.request(other, body, { signal: never })
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return (back * 1000) / (performance.now() - start)
}

async function plainRoundTrips({ plainPort }: Ends, inFlight: number, durationMs: number): Promise<number> {
  const socket = await plainSocket(plainPort)
  const frameBytes = messageBytes + 4
  const frames = Buffer.alloc(frameBytes * inFlight)
  const start = performance.now()
  let [back, waiting] = [0, 0]
  const done = Promise.withResolvers<void>()
  socket.on('data', (chunk: Buffer) => {
    waiting += chunk.length
    const whole = Math.floor(waiting / frameBytes)
    waiting -= whole * frameBytes
    back += whole
    if (performance.now() - start >= durationMs) done.resolve()
    else if (whole > 0) socket.write(frames.subarray(0, whole * frameBytes))
  })
  socket.write(frames)
  await done.promise
  socket.destroy()
  return (back * 1000) / (performance.now() - start)
}

async function streamThroughput({ transport }: Ends, durationMs: number): Promise<number> {
  const stream = await transport.openStream(other, new Uint8Array(0), never)
  const piece = new Uint8Array(1024 * 1024)
  const start = performance.now()
  let bytes = 0
  for (; performance.now() - start < durationMs; bytes += piece.length) await stream.write(piece)
  stream.end()
  for await (const _ of stream.pieces) break
  return bytes / 1000 / (performance.now() - start)
}

async function plainThroughput({ plainPort }: Ends, durationMs: number): Promise<number> {
  const socket = await plainSocket(plainPort)
  const piece = Buffer.alloc(pieceBytes, 1)
  const start = performance.now()
  let bytes = 0
  for (; performance.now() - start < durationMs; bytes += piece.length) {
    if (!socket.write(piece)) await once(socket, 'drain')
  }
  socket.write(Buffer.from([2]))
  await once(socket, 'data')
  const rate = bytes / 1000 / (performance.now() - start)
  socket.destroy()
  return rate
}

async function plainSocket(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  socket.setNoDelay(true)
  await once(socket, 'secureConnect')
  return socket
}

/** One message at a time, with a turn between two. */
async function voteTimes({ transport, handler }: Ends, durationMs: number): Promise<Float64Array> {
  const times: number[] = []
  const start = performance.now()
  while (performance.now() - start < durationMs) {
    const back = Promise.withResolvers<void>()
    handler.heard = () => back.resolve()
    const sentMs = performance.now()
    transport.send(other, new Uint8Array(messageBytes))
    await back.promise
    times.push(performance.now() - sentMs)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return Float64Array.from(times)
}
