import { describe, expect, test } from 'vitest'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { heldPage } from './held-state.ts'

const listed = async (node: MemoryNode) => {
  const page = await node.call((at, context) => at.keyValues.list('', {}, context))
  return page.items.map(({ metadata }) => metadata.key)
}

/** Until the node has what another one has. */
async function caughtUp(cluster: MemoryCluster, node: MemoryNode, other: MemoryNode): Promise<void> {
  for (let looks = 0; looks < 100; looks++) {
    const [own, held] = [await heldPage(node.store), await heldPage(other.store)]
    if (own.index === held.index) {
      expect(own.records).toEqual(held.records)
      return
    }
    await cluster.pass(200)
  }
  throw new Error(`${node.name} does not catch up`)
}

describe('of three nodes', () => {
  test.for([0, 1, 2])('number %i may stop: the others go on, and it catches up when it is back', async (which) => {
    await using cluster = await MemoryCluster.of(3)
    const gone = cluster.at(which)
    const [one, two] = cluster.nodes.filter((node) => node !== gone) as [MemoryNode, MemoryNode]
    await gone.put('before', 'old')
    await gone.stop()
    expect(await one.get('before')).toBe('old')
    for (let count = 0; count < 5; count++) expect(await one.put(`during-${count}`, 'new')).toMatchObject({ kind: 'done' })
    expect(await two.get('during-4')).toBe('new')
    await two.put('before', 'newer')
    await gone.start()
    expect(await gone.get('before')).toBe('newer')
    expect(await gone.get('during-0')).toBe('new')
    await caughtUp(cluster, gone, one)
    await caughtUp(cluster, gone, two)
  })

  test.for([0, 1, 2])('number %i may lose power: the others go on, and it catches up when it is back', async (which) => {
    await using cluster = await MemoryCluster.of(3)
    const gone = cluster.at(which)
    const [one, two] = cluster.nodes.filter((node) => node !== gone) as [MemoryNode, MemoryNode]
    await one.put('before', 'old')
    gone.vanish()
    expect(await two.get('before')).toBe('old')
    expect(await one.put('during', 'new')).toMatchObject({ kind: 'done' })
    expect(await two.get('during')).toBe('new')
    await gone.start()
    expect(await gone.get('during')).toBe('new')
    await caughtUp(cluster, gone, one)
  })

  test('one that comes back votes again: another one may stop then', async () => {
    await using cluster = await MemoryCluster.of(3)
    for (const [round, gone] of cluster.nodes.entries()) {
      await gone.stop()
      const [one] = cluster.nodes.filter((node) => node !== gone)
      expect(await one?.put(`round-${round}`, 'value')).toMatchObject({ kind: 'done' })
      await gone.start()
      expect(await gone.get(`round-${round}`)).toBe('value')
    }
    expect(await listed(cluster.at(0))).toEqual(['round-0', 'round-1', 'round-2'])
  })

  test.for(['stop', 'vanish'] as const)('two that %s leave nobody who answers, and nothing is changed', async (how) => {
    await using cluster = await MemoryCluster.of(3)
    await cluster.at(0).put('known', 'value')
    const alone = cluster.at(2)
    for (const gone of [cluster.at(0), cluster.at(1)]) {
      if (how === 'stop') await gone.stop()
      else gone.vanish()
    }
    // Long enough for the silence to be known.
    await cluster.pass(20_000)
    const before = await heldPage(alone.store)
    const startMs = cluster.time.nowMs
    expect(await alone.codeOf(alone.put('known', 'other'))).toBe('unavailable')
    expect(await alone.codeOf(alone.put('unknown', 'other'))).toBe('unavailable')
    expect(await alone.codeOf(alone.get('known'))).toBe('unavailable')
    expect(await alone.codeOf(alone.get('unknown'))).toBe('unavailable')
    expect(await alone.codeOf(listed(alone))).toBe('unavailable')
    expect(cluster.time.nowMs - startMs).toBeLessThan(5 * (cluster.limits.routeTimeoutMs + 2000))
    expect(await heldPage(alone.store)).toEqual(before)
    expect(alone.node.cluster.status().quorum).toEqual({ members: 3, alive: 1, needed: 2 })
    await cluster.at(0).start()
    await cluster.at(1).start()
    for (const node of cluster.nodes) {
      expect(await node.get('known')).toBe('value')
      expect(await node.get('unknown')).toBeUndefined()
    }
    expect(await alone.put('known', 'other')).toMatchObject({ kind: 'done' })
  })

  test('two that are cut off go on, the third answers nobody and learns all when the cut is mended', async () => {
    await using cluster = await MemoryCluster.of(3)
    const alone = cluster.at(0)
    await alone.put('key', 'before')
    const others = [cluster.at(1), cluster.at(2)]
    for (const { endpoint } of others) {
      cluster.network.cut(alone.endpoint, endpoint)
      cluster.network.cut(endpoint, alone.endpoint)
    }
    expect(await cluster.at(1).put('key', 'during')).toMatchObject({ kind: 'done' })
    expect(await cluster.at(2).get('key')).toBe('during')
    expect(await alone.codeOf(alone.get('key'))).toMatch(/unavailable|deadline-exceeded/)
    for (const { endpoint } of others) {
      cluster.network.mend(alone.endpoint, endpoint)
      cluster.network.mend(endpoint, alone.endpoint)
    }
    await cluster.settled()
    expect(await alone.get('key')).toBe('during')
    expect(await alone.put('key', 'after')).toMatchObject({ kind: 'done' })
    expect(await cluster.at(2).get('key')).toBe('after')
  })
})

test('one that leads without its majority stops, and nothing of it goes on', async () => {
  const cluster = await MemoryCluster.of(3)
  const stays = cluster.at(0)
  await stays.put('key', 'before')
  const others = [cluster.at(1), cluster.at(2)]
  for (const gone of others) gone.vanish()
  expect(await stays.codeOf(stays.put('key', 'too few'))).toMatch(/deadline-exceeded|unavailable/)
  await stays.stop()
  // What calls and dials that were under way still wait for is over by then.
  await cluster.pass(cluster.limits.callTimeoutMs + 10_000)
  let events = 0
  while (events < 100 && cluster.time.step()) events++
  expect(events).toBeLessThan(100)
})

test('what waits for a majority at a stop is of unknown outcome: it may be chosen by those who come back', async () => {
  await using cluster = await MemoryCluster.of(3)
  const stays = cluster.at(0)
  await stays.put('key', 'before')
  for (const gone of [cluster.at(1), cluster.at(2)]) gone.vanish()
  const code = stays.codeOf(stays.put('key', 'on its way'))
  await cluster.pass(100)
  await stays.stop()
  expect(await code).toBe('outcome-unknown')
})

describe('of two nodes', () => {
  test.for([0, 1])('number %i may stop: the other reads on, and refuses to write', async (which) => {
    await using cluster = await MemoryCluster.of(2)
    const [gone, stays] = [cluster.at(which), cluster.at(1 - which)]
    await gone.put('key', 'value')
    await gone.stop()
    const before = await heldPage(stays.store)
    expect(await stays.get('key')).toBe('value')
    expect(await stays.get('unknown')).toBeUndefined()
    expect(await listed(stays)).toEqual(['key'])
    expect(await stays.codeOf(stays.put('key', 'other'))).toBe('unavailable')
    expect(await heldPage(stays.store)).toEqual(before)
    await gone.start()
    expect(await stays.put('key', 'other')).toMatchObject({ kind: 'done' })
    expect(await gone.get('key')).toBe('other')
  })
})
