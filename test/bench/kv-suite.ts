import { randomBytes } from 'node:crypto'
import type { BenchOptions } from './bench-options.ts'
import { runClosedLoop } from './closed-loop.ts'
import type { Peer } from './peers/peer.ts'
import type { Results } from './results.ts'

/** Keys over which puts and gets spread; small enough that every peer has all of them warm. */
const keySpace = 1000
const batchKeysMax = 100
/** Of the values of one batch. One that holds a single value is a put by another name, and is not measured. */
const batchBytesMax = 1024 * 1024
const listKeys = 1000
const valueSizes = [100, 4096, 65_536, 1_048_576]

const keyOf = (sequence: number) => `bench/${String(sequence % keySpace).padStart(6, '0')}`

/**
 * Instrument A: a client process with grpc-js and one connection, as users have it. Cells are interleaved: each round measures
 * every peer in every cell, in turn, and the order of the peers alternates.
 */
export async function runKvSuite(peers: readonly Peer[], options: BenchOptions, results: Results): Promise<void> {
  for (let round = 0; round < options.rounds; round++) {
    const order = round % 2 === 0 ? peers : [...peers].reverse()
    for (const size of options.sizes ?? valueSizes) await runSize(order, size, options, results)
    if (options.operations.includes('list')) await runLists(order, options, results)
  }
}

async function runSize(peers: readonly Peer[], size: number, options: BenchOptions, results: Results): Promise<void> {
  const value = randomBytes(size)
  const report = async (peer: Peer, cell: string, inFlight: number, scale: number, call: (sequence: number) => Promise<void>) => {
    const durationMs = options.secondsPerCell * 1000
    const loop = await runClosedLoop(call, { inFlight, durationMs, warmUpMs: Math.min(2000, durationMs / 4) })
    const add = (metric: string, figure: number) => {
      results.add({ suite: 'kv', cell, subject: peer.name, metric, value: figure })
    }
    add('per second', loop.perSecond * scale)
    if (size >= 65_536) add('MB/s', (loop.perSecond * scale * size) / 1e6)
    add('p50 ms', loop.p50Ms)
    add('p99 ms', loop.p99Ms)
  }
  for (const inFlight of options.inFlight) {
    for (const peer of peers) {
      if (options.operations.includes('put')) {
        await report(peer, `put ${size} B, ${inFlight}`, inFlight, 1, (sequence) => peer.put(keyOf(sequence), value))
      }
    }
    for (const peer of peers) {
      if (!options.operations.includes('get')) continue
      await fill(peer, value)
      await report(peer, `get ${size} B, ${inFlight}`, inFlight, 1, async (sequence) => {
        const length = await peer.get(keyOf(sequence))
        if (length !== size) throw new Error(`${peer.name} answered ${length} bytes`)
      })
    }
  }
  const batchKeys = Math.min(batchKeysMax, Math.floor(batchBytesMax / size))
  if (!options.operations.includes('batch') || batchKeys < 2) return
  for (const inFlight of options.inFlight) {
    for (const peer of peers) {
      await report(peer, `batch of ${batchKeys} x ${size} B, ${inFlight}`, inFlight, batchKeys, (sequence) => {
        const keys = Array.from({ length: batchKeys }, (_, index) => `batch/${(sequence * batchKeys + index) % 1_000_000}`)
        return peer.batch(keys, value)
      })
    }
  }
}

async function fill(peer: Peer, value: Uint8Array): Promise<void> {
  for (let start = 0; start < keySpace; start += 16) {
    await Promise.all(Array.from({ length: 16 }, (_, index) => peer.put(keyOf(start + index), value)))
  }
}

async function runLists(peers: readonly Peer[], options: BenchOptions, results: Results): Promise<void> {
  for (const inFlight of options.inFlight) {
    for (const peer of peers) {
      const call = () => peer.list('', listKeys).then(() => undefined)
      const loop = await runClosedLoop(call, { inFlight, durationMs: options.secondsPerCell * 1000, warmUpMs: 500 })
      const value = loop.perSecond * listKeys
      const cell = `list pages of ${listKeys}, ${inFlight}`
      results.add({ suite: 'kv', cell, subject: peer.name, metric: 'keys per second', value })
    }
  }
}
