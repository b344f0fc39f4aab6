import { cpSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { readEverywhere } from '../../support/cluster-ending.ts'
import { ClusterLoad } from '../../support/cluster-load.ts'
import { freePorts } from '../../support/free-ports.ts'
import { allAlive, ClusterMember, startCluster } from '../../support/process-cluster.ts'
import { testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
const soon = { timeout: 60_000, interval: 250 }
let load: ClusterLoad | undefined
let copy: ClusterMember | undefined

afterAll(async () => {
  load?.[Symbol.dispose]()
  await copy?.kill()
})

test('a node that is started from a copy of a directory in use withdraws, and the others go on without a fault', async () => {
  const members = await startCluster(folder.path)
  const [, , original] = members
  if (original === undefined) throw new Error('there are three')
  await original.terminate()
  cpSync(original.data, folder.path('copy'), { recursive: true, preserveTimestamps: true })
  await original.start()
  await allAlive(members)
  const [grpcPort = 0, listenPort = 0] = await freePorts(2)
  copy = new ClusterMember({ data: folder.path('copy'), grpcPort, listenPort })
  await copy.start()
  const { child } = copy.process
  await expect.poll(async () => await countOf(copy, 'memo_nodes_copied_total{whose="own"}'), soon).toBe(1)
  const health = (await (await fetch(new URL('/health', copy.process.ready.consoleUrl))).json()) as {
    problems: readonly string[]
  }
  expect(health.problems).toContainEqual(expect.stringContaining('the node takes no part any more'))
  expect(await countOf(original, 'memo_nodes_copied_total{whose="own"}')).toBe(0)
  const traffic = new ClusterLoad(
    members.map(({ grpc }) => grpc),
    4,
    7,
  )
  load = traffic
  traffic.start()
  await expect.poll(() => traffic.acknowledgedMs.length, soon).toBeGreaterThan(200)
  await traffic.stop()
  expect(await readEverywhere(traffic, members)).toEqual([])
  expect(traffic.broken()).toEqual([])
  expect(child.exitCode).toBeNull()
}, 240_000)

async function countOf(member: ClusterMember | undefined, name: string): Promise<number> {
  const url = new URL('/metrics', member?.process.ready.consoleUrl)
  const text = await (await fetch(url)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.slice(name.length) ?? 0,
  )
}
