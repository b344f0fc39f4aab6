import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './bench-options.ts'
import { runClosedLoop } from './closed-loop.ts'
import { measureLosses } from './cluster-losses.ts'
import type { EchoPeer } from './echo-peer.ts'
import { startEcho } from './echo-peer.ts'
import { h2loadPerSecond, hasH2load } from './h2load.ts'
import { cpuMs } from './peers/child-server.ts'
import type { ClusterPeer } from './peers/cluster-peer.ts'
import { startEtcdCluster } from './peers/etcd-cluster.ts'
import { hasEtcd } from './peers/etcd-peer.ts'
import { startMemoCluster } from './peers/memo-cluster.ts'
import type { Peer } from './peers/peer.ts'
import type { Results } from './results.ts'

/** Keys over which puts and gets spread: as many as every server keeps warm. */
const keySpace = 1000
const warmBytes = 64 * 1024 * 1024
const streams = 64
const warmUpMs = 8000
const valueSizes = [100, 4096, 1_048_576]
/** Of values in flight at a time: more of the largest wait for each other longer than a cell lasts. */
const bytesInFlightMax = 16 * 1024 * 1024

/**
 * Three nodes of memo beside three of etcd. Each round has fresh clusters and measures both in every cell, in turn, with the order
 * alternating; then one node of each is killed, and at last the one that leads.
 */
export async function runClusterSuite(options: BenchOptions, results: Results): Promise<void> {
  const echo = hasH2load() ? await startEcho() : undefined
  if (echo === undefined) console.error('h2load is not installed (Debian: nghttp2-client): no instrument B')
  try {
    for (let round = 0; round < options.rounds; round++) await runRound(round, options, results, echo)
  } finally {
    await echo?.stop()
  }
}

async function runRound(round: number, options: BenchOptions, results: Results, echo: EchoPeer | undefined): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'memo-bench-cluster-'))
  const clusters: ClusterPeer[] = []
  try {
    results.add({ suite: 'cluster', cell: 'round', subject: 'box', metric: 'load average', value: loadavg()[0] ?? Number.NaN })
    clusters.push(await startMemoCluster(join(directory, 'memo')))
    if (hasEtcd()) clusters.push(await startEtcdCluster(join(directory, 'etcd')))
    const order = round % 2 === 0 ? clusters : [...clusters].reverse()
    for (const { members } of clusters) await warmUp(members)
    for (const size of options.sizes ?? valueSizes) await measureSize(order, size, options, results)
    if (echo !== undefined) await measureRaw(order, options, results, echo)
    if (options.operations.includes('loss')) for (const cluster of order) await measureLosses(cluster, options, results)
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()))
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A program that was just started is slower than one that runs. */
async function warmUp(members: readonly Peer[]): Promise<void> {
  const value = randomBytes(100)
  const call = async (sequence: number): Promise<void> => {
    const peer = members[sequence % members.length]
    if (sequence % 2 === 0) await peer?.put('bench/warm', value)
    else await peer?.get('bench/warm')
  }
  await members[0]?.put('bench/warm', value)
  await runClosedLoop(call, { inFlight: 16, durationMs: warmUpMs, warmUpMs: 0 })
}

async function measureSize(
  clusters: readonly ClusterPeer[],
  size: number,
  options: BenchOptions,
  results: Results,
): Promise<void> {
  const value = randomBytes(size)
  const keys = Math.max(1, Math.min(keySpace, Math.floor(warmBytes / size)))
  const keyOf = (sequence: number) => `bench/${size}/${String(sequence % keys).padStart(6, '0')}`
  for (const { members } of clusters) await fill(members[0], keys, keyOf, value)
  for (const operation of ['put', 'get'].filter((name) => options.operations.includes(name))) {
    for (const inFlight of options.inFlight.filter((count) => count * size <= bytesInFlightMax)) {
      for (const where of ['leader', 'all'] as const) {
        for (const { name, members } of clusters) {
          const asked = (sequence: number): Peer => (where === 'leader' ? members[0] : (members[sequence % 3] as Peer))
          const call =
            operation === 'put'
              ? (sequence: number) => asked(sequence).put(keyOf(sequence), value)
              : (sequence: number) => readWhole(asked(sequence), keyOf(sequence), size)
          const durationMs = options.secondsPerCell * 1000 * (size >= 65_536 ? 2 : 1)
          const before = cpuOf(members)
          const loop = await runClosedLoop(call, { inFlight, durationMs, warmUpMs: Math.min(2000, durationMs / 4) })
          const cell = `${operation} ${size} B, ${inFlight}, ${where}`
          const add = (metric: string, figure: number) =>
            results.add({ suite: 'cluster', cell, subject: name, metric, value: figure })
          add('per second', loop.perSecond)
          if (size >= 65_536) add('MB/s', (loop.perSecond * size) / 1e6)
          add('p50 ms', loop.p50Ms)
          add('p99 ms', loop.p99Ms)
          add('CPU µs a call', ((cpuOf(members) - before) * 1000) / loop.called)
        }
      }
    }
  }
}

/** Of the three processes; it says what a call costs on a machine that does other things beside it. */
function cpuOf(members: readonly Peer[]): number {
  return members.reduce((sum, { pid }) => sum + cpuMs(pid), 0)
}

async function readWhole(peer: Peer, key: string, size: number): Promise<void> {
  const length = await peer.get(key)
  if (length !== size) throw new Error(`${peer.name} answered ${length} bytes`)
}

async function fill(peer: Peer, keys: number, keyOf: (sequence: number) => string, value: Uint8Array): Promise<void> {
  for (let start = 0; start < keys; start += 16) {
    const count = Math.min(16, keys - start)
    await Promise.all(Array.from({ length: count }, (_, index) => peer.put(keyOf(start + index), value)))
  }
}

/** Instrument B at the node that leads. */
async function measureRaw(
  clusters: readonly ClusterPeer[],
  options: BenchOptions,
  results: Results,
  echo: EchoPeer,
): Promise<void> {
  const value = randomBytes(100)
  const load = { streams, requests: Math.max(3000, options.secondsPerCell * 5000) }
  const add = (cell: string, subject: string, figure: number) =>
    results.add({
      suite: 'cluster',
      cell: `${cell} 100 B, B, m=${streams}, leader`,
      subject,
      metric: 'per second',
      value: figure,
    })
  const ceiling = await h2loadPerSecond(echo.port, echo.raw('bench/raw', value), load)
  for (const cell of ['put', 'get']) add(cell, 'box', ceiling)
  for (const { name, members } of clusters) {
    await members[0].put('bench/raw', value)
    add('put', name, await h2loadPerSecond(members[0].port, members[0].rawPut('bench/raw', value), load))
    add('get', name, await h2loadPerSecond(members[0].port, members[0].rawGet('bench/raw'), load))
  }
}
