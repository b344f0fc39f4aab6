import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { faultsAtRest, listedAt, readEverywhere } from '../../support/cluster-ending.ts'
import { ClusterLoad } from '../../support/cluster-load.ts'
import { allAlive, startCluster } from '../../support/process-cluster.ts'
import { testFolder } from '../cli/cli-bed.ts'

const rounds = 2
const folder = testFolder()

test('each of three nodes is restarted under load, and no program sees more than what it asks again for', async () => {
  const members = await startCluster(folder.path)
  using load = new ClusterLoad(
    members.map(({ grpc }) => grpc),
    6,
    23,
  )
  load.start()
  for (let round = 0; round < rounds; round++) {
    for (const member of members) {
      load.epoch += 1
      expect(await member.terminate(), 'a stop under load is an orderly one').toBe(0)
      await member.start()
      await sleep(300)
    }
  }
  await load.stop()
  // Each call had 10 s, and one node or another answered it in time.
  expect(load.givenUp).toEqual([])
  expect(load.history.unanswered).toBe(0)
  expect(
    load.clients.reduce((sum, { failedTries }) => sum + failedTries, 0),
    'some had to ask again',
  ).toBeGreaterThan(0)
  await allAlive(members)
  expect(await readEverywhere(load, members)).toEqual([])
  const [first, ...others] = await Promise.all(members.map(listedAt))
  for (const other of others) expect(other).toEqual(first)
  expect(load.broken()).toEqual([])
  expect(await faultsAtRest(members)).toEqual([])
}, 300_000)
