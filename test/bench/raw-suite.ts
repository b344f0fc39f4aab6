import { randomBytes } from 'node:crypto'
import type { BenchOptions } from './bench-options.ts'
import { startEcho } from './echo-peer.ts'
import { h2loadPerSecond } from './h2load.ts'
import type { Peer } from './peers/peer.ts'
import type { Results } from './results.ts'

/** Instrument B: h2load, one connection with 64 streams, beside the echo of a bare grpc-js server in the same round. */
export async function runRawSuite(peers: readonly Peer[], options: BenchOptions, results: Results): Promise<void> {
  const value = randomBytes(100)
  const load = { streams: 64, requests: Math.max(20_000, options.secondsPerCell * 15_000) }
  const echo = await startEcho()
  try {
    for (let round = 0; round < options.rounds; round++) {
      const add = (cell: string, subject: string, figure: number) => {
        results.add({ suite: 'raw', cell, subject, metric: 'per second', value: figure })
      }
      const ceiling = await h2loadPerSecond(echo.port, echo.raw('bench/raw', value), load)
      for (const cell of ['put 100 B, m=64', 'get 100 B, m=64']) add(cell, 'box', ceiling)
      for (const peer of peers) {
        await peer.put('bench/raw', value)
        add('put 100 B, m=64', peer.name, await h2loadPerSecond(peer.port, peer.rawPut('bench/raw', value), load))
        add('get 100 B, m=64', peer.name, await h2loadPerSecond(peer.port, peer.rawGet('bench/raw'), load))
      }
    }
  } finally {
    await echo.stop()
  }
}
