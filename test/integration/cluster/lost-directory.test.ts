import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsAtRest, listedAt, readEverywhere } from '../../support/cluster-ending.ts'
import { ClusterLoad } from '../../support/cluster-load.ts'
import type { ClusterMember } from '../../support/process-cluster.ts'
import { startCluster } from '../../support/process-cluster.ts'
import { testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
const soon = { timeout: 90_000, interval: 500 }
let members: readonly ClusterMember[]
let load: ClusterLoad

beforeAll(async () => {
  members = await startCluster(folder.path)
  load = new ClusterLoad(
    members.map(({ grpc }) => grpc),
    4,
    31,
  )
}, 120_000)
afterAll(() => load[Symbol.dispose]())

function threeOf(): readonly [ClusterMember, ClusterMember, ClusterMember] {
  const [one, two, three] = members
  if (one === undefined || two === undefined || three === undefined) throw new Error('there are three')
  return [one, two, three]
}

async function writeFor(epoch: number, count: number): Promise<void> {
  load.epoch = epoch
  const before = load.acknowledgedMs.length
  load.start()
  await expect.poll(() => load.acknowledgedMs.length - before, soon).toBeGreaterThan(count)
  await load.stop()
}

test('a node whose directory is gone joins anew and serves everything, and its old self stays dead', async () => {
  const [one, two, three] = threeOf()
  await writeFor(0, 100)
  const formerId = three.process.ready.nodeId
  await three.kill()
  rmSync(three.data, { recursive: true })
  await writeFor(1, 50)
  await three.join(await one.invite(1))
  await three.start()
  const ownId = three.process.ready.nodeId
  expect(ownId).not.toBe(formerId)
  await writeFor(2, 50)
  for (const member of members) {
    await expect
      .poll(async () => (await member.nodes()).map(({ nodeId, state }) => [nodeId, state]).toSorted(), soon)
      .toEqual(
        [
          [one.process.ready.nodeId, 'alive'],
          [two.process.ready.nodeId, 'alive'],
          [ownId, 'alive'],
          [formerId, 'dead'],
        ].toSorted(),
      )
    await expect.poll(async () => (await member.status()).groupsPending, soon).toBe(0)
  }
  expect(await readEverywhere(load, members)).toEqual([])
  expect(load.broken()).toEqual([])
  const [first, ...others] = await Promise.all(members.map(listedAt))
  for (const other of others) expect(other).toEqual(first)
  expect(await faultsAtRest(members)).toEqual([])
}, 300_000)
