import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { BenchOptions } from './bench-options.ts'
import { residentBytes } from './peers/child-server.ts'
import type { Peer } from './peers/peer.ts'
import { percentile } from './percentiles.ts'
import type { Results } from './results.ts'

const batchKeys = 500
const callers = 8
const samples = 2000

const keyOf = (index: number) => `scale/${String(index).padStart(9, '0')}`

/** Many keys of 100 B: load, list all in pages of 1 000, cost of one put and get, start, memory. */
export async function runScaleSuite(peers: readonly Peer[], options: BenchOptions, results: Results): Promise<void> {
  for (const peer of peers) {
    const add = (metric: string, value: number) => {
      results.add({ suite: 'scale', cell: `${options.keys} keys of 100 B`, subject: peer.name, metric, value })
    }
    add('put p50 ms when empty', await sampleMs((index) => peer.put(keyOf(index), randomBytes(100))))
    add('get p50 ms when empty', await sampleMs(async (index) => void (await peer.get(keyOf(index)))))
    add('load keys per second', options.keys / (await seconds(() => load(peer, options.keys))))
    add('resident MB after load', residentBytes(peer.pid) / 1e6)
    add('list keys per second', options.keys / (await seconds(() => listAll(peer, options.keys))))
    const stride = Math.max(1, Math.floor(options.keys / samples))
    add('put p50 ms when full', await sampleMs((index) => peer.put(keyOf(index * stride), randomBytes(100))))
    add('get p50 ms when full', await sampleMs(async (index) => void (await peer.get(keyOf(index * stride)))))
    add('restart seconds', await seconds(() => peer.restart()))
    add('resident MB after restart', residentBytes(peer.pid) / 1e6)
    const first = await peer.get(keyOf(0))
    if (first !== 100) throw new Error(`${peer.name} lost a key: ${first}`)
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

async function sampleMs(call: (index: number) => Promise<void>): Promise<number> {
  const times = new Float64Array(samples)
  for (let index = 0; index < samples; index++) {
    const start = performance.now()
    await call(index)
    times[index] = performance.now() - start
  }
  return percentile(times, 0.5)
}

async function load(peer: Peer, keys: number): Promise<void> {
  const value = randomBytes(100)
  let next = 0
  const caller = async () => {
    while (next < keys) {
      const start = next
      next += batchKeys
      await peer.batch(
        Array.from({ length: Math.min(batchKeys, keys - start) }, (_, index) => keyOf(start + index)),
        value,
      )
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

async function listAll(peer: Peer, expected: number): Promise<void> {
  let after = ''
  let listed = 0
  for (;;) {
    const page = await peer.list(after, 1000)
    listed += page.length
    const last = page.at(-1)
    if (last === undefined) break
    after = last
  }
  if (listed < expected) throw new Error(`${peer.name} listed ${listed} of ${expected} keys`)
}
