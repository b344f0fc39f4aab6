import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions } from './bench-options.ts'
import { runClosedLoop } from './closed-loop.ts'
import type { ClusterPeer } from './peers/cluster-peer.ts'
import type { Peer } from './peers/peer.ts'
import type { Results } from './results.ts'

const keySpace = 1000
const settleMs = 2000
const serviceTriesMax = 10_000
/** After it an answer counts as missing: a caller may be held by a connection to a node that is gone. */
const serviceWaitMs = 60_000

const keyOf = (sequence: number) => `loss/${sequence % keySpace}`

/** Kills one that is not asked, measures what is left, starts it again; then kills the one that leads, and waits for the first answer. */
export async function measureLosses(cluster: ClusterPeer, options: BenchOptions, results: Results): Promise<void> {
  const [leader, second, third] = cluster.members
  const value = randomBytes(100)
  const add = (cell: string, metric: string, figure: number) =>
    results.add({ suite: 'cluster', cell, subject: cluster.name, metric, value: figure })
  for (let sequence = 0; sequence < keySpace; sequence++) await leader.put(keyOf(sequence), value)

  await third.kill()
  for (const operation of ['put', 'get'] as const) {
    for (const inFlight of options.inFlight) {
      const call = async (sequence: number): Promise<void> => {
        if (operation === 'put') await leader.put(keyOf(sequence), value)
        else await leader.get(keyOf(sequence))
      }
      const loop = await runClosedLoop(call, { inFlight, durationMs: options.secondsPerCell * 1000, warmUpMs: 250 })
      const cell = `${operation} 100 B, ${inFlight}, leader, one node killed`
      add(cell, 'per second', loop.perSecond)
      add(cell, 'p50 ms', loop.p50Ms)
      add(cell, 'longest ms', loop.maxMs)
    }
  }
  await third.restart()
  await sleep(settleMs)

  const killedAt = performance.now()
  await leader.kill()
  const back = await Promise.all([second, third].map((peer) => firstAnswer(peer, value)))
  add('leader killed', 'ms until every other node answers a put', Math.max(...back) - killedAt)
}

/** When the first put through this node is answered; what fails is tried again at once. */
async function firstAnswer(peer: Peer, value: Uint8Array): Promise<number> {
  const endMs = performance.now() + serviceWaitMs
  for (let tries = 0; tries < serviceTriesMax && performance.now() < endMs; tries++) {
    try {
      await peer.put(keyOf(tries), value)
      return performance.now()
    } catch {
      await sleep(5)
    }
  }
  throw new Error(`${peer.name} gave no answer after its leader was killed`)
}
