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
const askEveryMs = 20
const askedMax = 3000

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

/** When a put through this node is answered for the first time. They leave one after the other: those that were on their way to who is lost are answered late. */
async function firstAnswer(peer: Peer, value: Uint8Array): Promise<number> {
  const answered = Promise.withResolvers<number>()
  let isAnswered = false
  const ask = async (tries: number): Promise<void> => {
    try {
      await peer.put(keyOf(tries), value)
      isAnswered = true
      answered.resolve(performance.now())
    } catch {
      // The next one is on its way.
    }
  }
  const asked: Promise<void>[] = []
  for (let tries = 0; tries < askedMax && !isAnswered; tries++) {
    asked.push(ask(tries))
    await Promise.race([answered.promise, sleep(askEveryMs)])
  }
  await Promise.all(asked)
  if (!isAnswered) throw new Error(`${peer.name} gave no answer after its leader was killed`)
  return await answered.promise
}
