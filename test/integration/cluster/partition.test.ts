import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ClusterClient } from '../../support/cluster-client.ts'
import { faultsAtRest, listedAt, readEverywhere } from '../../support/cluster-ending.ts'
import { ClusterLoad } from '../../support/cluster-load.ts'
import type { ClusterMember } from '../../support/process-cluster.ts'
import { allAlive } from '../../support/process-cluster.ts'
import { ProxiedCluster } from '../../support/proxied-cluster.ts'
import { testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
/** How long the two that are left may take to answer everything again. */
const passedOverMs = 20_000
/** What a node says that reaches no majority, or its client when its patience ends. */
const refusals = ['unavailable', 'deadline-exceeded', 'outcome-unknown']

/** Only there does every address of 127.0.0.0/8 exist without being made. */
describe.runIf(process.platform === 'linux')('three nodes behind proxies', () => {
  let cluster: ProxiedCluster
  let load: ClusterLoad
  beforeAll(async () => {
    cluster = await ProxiedCluster.start(folder.path)
    load = new ClusterLoad(
      cluster.members.map(({ grpc }) => grpc),
      3,
      11,
    )
  }, 120_000)
  // Where one of them fails, the next one finds all ways open.
  afterEach(() => cluster.mend())
  afterAll(async () => {
    load[Symbol.dispose]()
    await cluster[Symbol.asyncDispose]()
  })

  const memberAt = (index: number): ClusterMember => {
    const member = cluster.members[index]
    if (member === undefined) throw new Error(`there is no node ${index}`)
    return member
  }
  const clientOf = (index: number, patienceMs = passedOverMs): ClusterClient => {
    return new ClusterClient({ addresses: [memberAt(index).grpc], history: load.history, patienceMs, tryMs: patienceMs })
  }

  /** Changes and reads at both others, each of which has to be answered. */
  async function goOnWithout(index: number, key: string): Promise<void> {
    for (const other of [0, 1, 2].filter((each) => each !== index)) {
      using client = clientOf(other)
      const value = load.value()
      const put = await client.put(key, value)
      expect(put, `a put at ${other} without ${index}`).toMatchObject({ kind: 'done' })
      expect(await client.read(key)).toMatchObject({ kind: 'found', value })
    }
  }

  async function allTheSame(): Promise<void> {
    cluster.mend()
    await allAlive(cluster.members)
    expect(await readEverywhere(load, cluster.members)).toEqual([])
    const [first, ...others] = await Promise.all(cluster.members.map(listedAt))
    for (const other of others) expect(other).toEqual(first)
    expect(load.broken()).toEqual([])
  }

  // One of the three leads the page of the keys.
  test.each([0, 1, 2])(
    'node %i is cut off: the others go on, and it answers nothing until it is back',
    async (index) => {
      const key = `cut/${index}`
      using client = clientOf(index)
      expect(await client.put(key, load.value())).toMatchObject({ kind: 'done' })
      cluster.around(index, { isCut: true })
      await goOnWithout(index, key)
      using hurried = clientOf(index, 7000)
      const answers = await Promise.all([hurried.read(key), hurried.put(key, load.value()), hurried.read(`${key}/never`)])
      for (const answer of answers) expect(answer).toBeOneOf(refusals)
      await goOnWithout(index, key)
      const newest = load.value()
      using other = clientOf((index + 1) % 3)
      expect(await other.put(key, newest)).toMatchObject({ kind: 'done' })
      cluster.mend()
      // The put that it refused may not come to life.
      expect(await client.read(key)).toMatchObject({ kind: 'found' })
      await allTheSame()
    },
    180_000,
  )

  test.each([0, 1, 2])(
    'node %i stalls with its connections standing: it is passed over',
    async (index) => {
      const key = `stalled/${index}`
      using client = clientOf(index)
      expect(await client.put(key, load.value())).toMatchObject({ kind: 'done' })
      cluster.around(index, { isInwardHeld: true, isOutwardHeld: true })
      await goOnWithout(index, key)
      await allTheSame()
    },
    180_000,
  )

  test.each([
    [0, 1],
    [1, 2],
    [2, 0],
  ])(
    'what node %i sends to node %i does not arrive: every node serves all the same',
    async (from, to) => {
      const key = `one-way/${from}`
      const heldBefore = cluster.heldBytes
      cluster.holdOneWay(from, to)
      for (const index of [0, 1, 2]) {
        using client = clientOf(index)
        const value = load.value()
        expect(await client.put(key, value), `a put at ${index}`).toMatchObject({ kind: 'done' })
        expect(await client.read(key), `a read at ${index}`).toMatchObject({ kind: 'found', value })
      }
      // The two may have had nothing to say to each other before one asks whether the other is there.
      await expect.poll(() => cluster.heldBytes, { timeout: 30_000, interval: 200 }).toBeGreaterThan(heldBefore)
      await allTheSame()
    },
    180_000,
  )

  test('slow ways to one node are no fault', async () => {
    cluster.around(0, { delayMs: 100 })
    for (const index of [0, 1, 2]) {
      using client = clientOf(index)
      expect(await client.put('slow', load.value())).toMatchObject({ kind: 'done' })
      expect(await client.read('slow')).toMatchObject({ kind: 'found' })
    }
    await allTheSame()
  }, 180_000)

  test('nothing is wrong in the three directories', async () => {
    expect(await faultsAtRest(cluster.members)).toEqual([])
  }, 120_000)
})
