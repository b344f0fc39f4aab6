import { describe, expect, test } from 'vitest'
import { bodyBytes, requestKindOf } from '../../../src/node/core/wire/peer-body.ts'
import { decodeRoutedRequest } from '../../../src/node/core/wire/routed-call.ts'
import type { ReadConsistency } from '../../../src/node/engine/call-context.ts'
import type { Transport } from '../../../src/node/ports/transport.ts'
import { draftOf } from '../../support/block-draft.ts'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { mapRecord } from './held-state.ts'

const eventual: ReadConsistency = { kind: 'eventual' }
const within = (boundMs: number): ReadConsistency => ({ kind: 'bounded', boundMs })

async function read(node: MemoryNode, key: string, consistency: ReadConsistency): Promise<string | undefined> {
  const found = await node.call((at, context) => at.keyValues.get('', key, {}, { ...context, consistency }))
  return found && Buffer.from(found.value).toString()
}

async function list(node: MemoryNode, consistency: ReadConsistency): Promise<readonly string[]> {
  const page = await node.call((at, context) => at.keyValues.list('', { withValues: true }, { ...context, consistency }))
  return page.items.map(({ metadata, value }) => `${metadata.key}=${Buffer.from(value ?? []).toString()}`)
}

/** Counts the calls of a node by their kinds. */
function counted(calls: string[]) {
  return {
    wrapTransport: (transport: Transport): Transport => {
      const request = transport.request.bind(transport)
      transport.request = (nodeId, body, options) => {
        const kind = requestKindOf(body)
        calls.push(kind === 'routed' ? (decodeRoutedRequest(bodyBytes(body))?.kind ?? 'unreadable') : String(kind))
        return request(nodeId, body, options)
      }
      return transport
    },
  }
}

/** Three nodes, of which the last one's calls are counted and which does not lead. */
async function withFollower(
  calls: string[],
  limits = {},
): Promise<{ cluster: MemoryCluster; leading: MemoryNode; follower: MemoryNode }> {
  const cluster = new MemoryCluster(limits)
  const leading = cluster.add('node-1')
  await leading.start()
  await cluster.grow('node-2')
  const follower = await cluster.grow('node-3', counted(calls))
  await cluster.settled()
  await leading.put('key', 'one')
  await cluster.pass(1000)
  calls.length = 0
  return { cluster, leading, follower }
}

describe('at a member that does not lead', () => {
  test('an eventual read is answered by its own copy, and nobody is asked', async () => {
    const calls: string[] = []
    const { cluster, follower } = await withFollower(calls)
    await using _cluster = cluster
    const before = cluster.time.nowMs
    expect(await read(follower, 'key', eventual)).toBe('one')
    expect(await read(follower, 'absent', eventual)).toBeUndefined()
    expect(await list(follower, eventual)).toEqual(['key=one'])
    expect(calls.filter((kind) => kind !== 'ping')).toEqual([])
    expect(cluster.time.nowMs - before).toBeLessThan(100)
  })

  test('bounded reads that come together ask once, and no more while the answer is young enough', async () => {
    const calls: string[] = []
    const { cluster, follower } = await withFollower(calls)
    await using _cluster = cluster
    const asked = () => calls.filter((kind) => kind === 'confirmed-index').length
    const reads = await Promise.all(Array.from({ length: 20 }, () => read(follower, 'key', within(5000))))
    expect(new Set(reads)).toEqual(new Set(['one']))
    expect(asked()).toBe(1)
    await cluster.pass(2000)
    expect(await list(follower, within(5000))).toEqual(['key=one'])
    expect(asked()).toBe(1)
    await cluster.pass(4000)
    expect(await read(follower, 'key', within(5000))).toBe('one')
    expect(asked()).toBe(2)
    expect(calls).not.toContain('page-read')
  })

  test('writes that it sees make no answer younger', async () => {
    const calls: string[] = []
    const { cluster, leading, follower } = await withFollower(calls)
    await using _cluster = cluster
    expect(await read(follower, 'key', within(500))).toBe('one')
    await cluster.pass(600)
    await leading.put('key', 'two')
    await cluster.pass(50)
    calls.length = 0
    expect(await read(follower, 'key', within(500))).toBe('two')
    expect(calls.filter((kind) => kind === 'confirmed-index')).toHaveLength(1)
  })

  test('a bound of nothing is a question for each read that comes after the one before', async () => {
    const calls: string[] = []
    const { cluster, leading, follower } = await withFollower(calls)
    await using _cluster = cluster
    for (let round = 0; round < 5; round++) {
      await leading.put('key', `round ${round}`)
      expect(await read(follower, 'key', within(0))).toBe(`round ${round}`)
    }
    expect(calls.filter((kind) => kind === 'confirmed-index')).toHaveLength(5)
  })

  test('a version that the copy has not reached is asked for where it is', async () => {
    const calls: string[] = []
    const { cluster, leading, follower } = await withFollower(calls)
    await using _cluster = cluster
    const ask = (version: bigint) =>
      follower.call((at, context) => at.keyValues.get('', 'key', { version }, { ...context, consistency: eventual }))
    cluster.network.cut(leading.endpoint, follower.endpoint)
    cluster.network.cut(cluster.at(1).endpoint, follower.endpoint)
    const changed = await cluster.at(1).put('key', 'two')
    cluster.network.mend(leading.endpoint, follower.endpoint)
    cluster.network.mend(cluster.at(1).endpoint, follower.endpoint)
    if (changed.kind !== 'done') throw new Error('it was refused')
    const found = await ask(changed.metadata.version)
    expect(Buffer.from(found?.value ?? []).toString()).toBe('two')
    expect(found?.ageMs).toBe(0)
    expect(await follower.codeOf(ask(99n))).toBe('revision-changed')
  })
})

describe('how old an answer may be', () => {
  /** By every way of reading a key; all are asked for at one moment. */
  async function agesAt(node: MemoryNode, consistency: ReadConsistency): Promise<ReadonlySet<number | undefined>> {
    const ages = await node.call(async ({ keyValues }, context) => {
      const asked = { ...context, consistency }
      const [got, stat, read, listed] = await Promise.all([
        keyValues.get('', 'key', {}, asked),
        keyValues.stat('', 'key', asked),
        keyValues.read('', 'key', {}, asked),
        keyValues.list('', {}, asked),
      ])
      return [got, stat, read, listed].map((answer) => answer?.ageMs)
    })
    return new Set(ages)
  }

  test('is not known before anybody was asked, and grows from then on, whatever is written meanwhile', async () => {
    const { cluster, leading, follower } = await withFollower([])
    await using _cluster = cluster
    expect(await agesAt(follower, eventual)).toEqual(new Set([undefined]))
    const askedMs = cluster.time.nowMs
    expect(await read(follower, 'key', within(5000))).toBe('one')
    const answeredMs = cluster.time.nowMs
    await cluster.pass(2000)
    await leading.put('key', 'two')
    await cluster.pass(50)
    const [leastMs, mostMs] = [cluster.time.nowMs - answeredMs, cluster.time.nowMs - askedMs]
    for (const consistency of [eventual, within(5000)]) {
      const [age, ...others] = await agesAt(follower, consistency)
      expect(others).toEqual([])
      expect(age).toBeGreaterThanOrEqual(leastMs)
      expect(age).toBeLessThanOrEqual(mostMs + 1)
    }
    expect(await read(follower, 'key', eventual)).toBe('two')
  })

  test('is nothing where the answer is as of now', async () => {
    const { cluster, follower } = await withFollower([])
    await using _cluster = cluster
    expect(await agesAt(follower, { kind: 'linearizable' })).toEqual(new Set([0]))
    await using alone = await MemoryCluster.of(1)
    await alone.at(0).put('key', 'one')
    for (const consistency of [eventual, within(0)]) expect(await agesAt(alone.at(0), consistency)).toEqual(new Set([0]))
  })

  test('is what the member knows that has the copy', async () => {
    await using cluster = await MemoryCluster.of(5)
    await cluster.at(0).put('key', 'one')
    await cluster.pass(1000)
    const holders: MemoryNode[] = []
    for (const node of cluster.nodes)
      if ((await mapRecord(node.store, 'key-value'))?.group.members.length === 3) holders.push(node)
    const stranger = cluster.nodes.find((node) => !holders.includes(node)) as MemoryNode
    for (const age of await agesAt(stranger, within(60_000))) expect(age).toBeLessThan(1000)
    // Each of them has asked the one that leads then, so that whoever is the nearest knows the age of its copy.
    for (const holder of holders) await agesAt(holder, within(0))
    await cluster.pass(3000)
    const known: number[] = []
    for (const holder of holders) for (const age of await agesAt(holder, eventual)) known.push(age as number)
    expect(Math.max(...known)).toBeGreaterThanOrEqual(3000)
    for (const age of await agesAt(stranger, within(60_000))) {
      expect(known.some((each) => Math.abs(each - (age as number)) < 1000)).toBe(true)
    }
  })
})

describe('with too few nodes for a majority', () => {
  test.for([2, 3])(
    'one of %i alive answers eventual reads, and bounded ones as long as it knows its copy to be young',
    async (count) => {
      await using cluster = await MemoryCluster.of(count)
      const [alive, ...gone] = [...cluster.nodes].reverse() as [MemoryNode, ...MemoryNode[]]
      await cluster.at(0).put('key', 'one')
      await cluster.at(0).put('other', 'two')
      expect(await read(alive, 'key', within(60_000))).toBe('one')
      for (const node of gone) node.vanish()
      // Long enough for the silence to be known.
      await cluster.pass(20_000)
      const startMs = cluster.time.nowMs
      expect(await read(alive, 'key', eventual)).toBe('one')
      expect(await read(alive, 'absent', eventual)).toBeUndefined()
      expect(await list(alive, eventual)).toEqual(['key=one', 'other=two'])
      expect(await read(alive, 'other', within(60_000))).toBe('two')
      expect(cluster.time.nowMs - startMs).toBeLessThan(1000)
      const stat = await alive.call((at, context) => at.keyValues.stat('', 'key', { ...context, consistency: eventual }))
      expect(stat?.metadata.version).toBe(1n)
      expect(await alive.codeOf(alive.put('key', 'three'))).toBe('unavailable')
      if (count === 3) {
        expect(await alive.codeOf(alive.get('key'))).toBe('unavailable')
        expect(await alive.codeOf(read(alive, 'key', within(100)))).toBe('unavailable')
      }
    },
  )

  test('one of two goes on while it holds a change of which it does not know whether it was chosen', async () => {
    await using cluster = await MemoryCluster.of(2)
    const [leading, alive] = [cluster.at(0), cluster.at(1)]
    await leading.put('key', 'one')
    expect(await read(alive, 'key', within(60_000))).toBe('one')
    await cluster.pass(1000)
    // It hears of the change, and nobody hears of that.
    cluster.network.cut(alive.endpoint, leading.endpoint)
    const context = { signal: new AbortController().signal }
    leading.node.keyValues.put('', 'key', Buffer.from('two'), { precondition: { kind: 'any' } }, context).catch(() => undefined)
    await cluster.pass(100)
    leading.vanish()
    await cluster.pass(20_000)
    expect(await alive.codeOf(alive.get('key'))).toBe('unavailable')
    expect(await read(alive, 'key', eventual)).toBe('one')
    expect(await read(alive, 'key', within(60_000))).toBe('one')
    expect(await alive.codeOf(read(alive, 'key', within(100)))).toBe('unavailable')
  })

  test('what another member knows to be young serves where this one knows nothing', async () => {
    await using cluster = await MemoryCluster.of(5)
    const key = 'key'
    await cluster.at(0).put(key, 'one')
    await cluster.pass(1000)
    const holders: MemoryNode[] = []
    for (const node of cluster.nodes)
      if ((await mapRecord(node.store, 'key-value'))?.group.members.length === 3) holders.push(node)
    const strangers = cluster.nodes.filter((node) => !holders.includes(node))
    expect([holders.length, strangers.length]).toEqual([3, 2])
    const [left, ...others] = holders as [MemoryNode, ...MemoryNode[]]
    expect(await read(left, key, within(60_000))).toBe('one')
    for (const node of others) node.vanish()
    await cluster.pass(10_000)
    const [stranger] = strangers as [MemoryNode]
    expect(await read(stranger, key, eventual)).toBe('one')
    expect(await list(stranger, eventual)).toEqual(['key=one'])
    expect(await stranger.codeOf(stranger.get(key))).toBe('unavailable')
    expect(await stranger.codeOf(read(stranger, key, within(100)))).toBe('unavailable')
    // Its first question is in vain, as there is no primary; what is known to be young is then taken as it is.
    expect(await read(stranger, key, within(60_000))).toBe('one')
  })
})

describe('at a node that holds no copy', () => {
  test('reads of keys are answered by a member', async () => {
    await using cluster = await MemoryCluster.of(5)
    await cluster.at(0).put('key', 'one')
    await cluster.pass(1000)
    for (const node of cluster.nodes) {
      expect(await read(node, 'key', eventual)).toBe('one')
      expect(await read(node, 'key', within(5000))).toBe('one')
      expect(await list(node, within(5000))).toEqual(['key=one'])
      expect(await read(node, 'absent', within(0))).toBeUndefined()
    }
  })

  test('so are those of named blocks, before the birth, while they live, and behind their removal', async () => {
    await using cluster = await MemoryCluster.of(5)
    const home = cluster.at(0)
    const name = Buffer.from('a name')
    const address = home.node.blocks.namedAddress(name)
    const seen = async (consistency: ReadConsistency) =>
      await Promise.all(
        cluster.nodes.map(async (node) => {
          const found = await node.call((at, context) =>
            at.blocks.fetch(address, { decrypt: false }, { ...context, consistency }),
          )
          const stat = await node.call((at, context) => at.blocks.stat(address, { ...context, consistency }))
          expect(stat?.version).toBe(found?.version)
          return found && Buffer.from(found.data).toString()
        }),
      )
    const all = (what: string | undefined) => cluster.nodes.map(() => what)
    expect(await seen(eventual)).toEqual(all(undefined))
    expect(await seen(within(1000))).toEqual(all(undefined))
    const draft = draftOf(await home.node.blocks.makeNamed(name), { data: Buffer.from('born') })
    await home.call((at, context) => at.blocks.insert(draft, context))
    expect(await seen(within(0))).toEqual(all('born'))
    await cluster.pass(1000)
    expect(await seen(eventual)).toEqual(all('born'))
    await home.call((at, context) => at.blocks.remove(address, context))
    expect(await seen(within(0))).toEqual(all(undefined))
    await cluster.pass(1000)
    expect(await seen(eventual)).toEqual(all(undefined))
  })
})

test('a member that was away answers eventual reads as of then, and bounded ones as of now', async () => {
  await using cluster = await MemoryCluster.of(3)
  const away = cluster.at(2)
  await cluster.at(0).put('key', 'old')
  await cluster.pass(1000)
  await away.stop()
  await cluster.at(0).put('key', 'new')
  for (const { endpoint } of [cluster.at(0), cluster.at(1)]) {
    cluster.network.cut(away.endpoint, endpoint)
    cluster.network.cut(endpoint, away.endpoint)
  }
  await away.start()
  expect(await read(away, 'key', eventual)).toBe('old')
  expect(await away.codeOf(read(away, 'key', within(60_000)))).toBe('unavailable')
  for (const { endpoint } of [cluster.at(0), cluster.at(1)]) {
    cluster.network.mend(away.endpoint, endpoint)
    cluster.network.mend(endpoint, away.endpoint)
  }
  await cluster.settled()
  expect(await read(away, 'key', within(60_000))).toBe('new')
})
