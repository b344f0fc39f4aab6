import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import type { RequestId } from '../../../src/node/core/base/request-id.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

let cluster: MemoryCluster
beforeAll(async () => {
  cluster = await MemoryCluster.of(3)
})
afterAll(async () => await cluster.stop())

const any = { kind: 'any' } as const
let ids = 0n
function newId(): RequestId {
  ids += 1n
  return { session: new Uint8Array(16).fill(9), sequence: ids, issued: hlcFromMs(cluster.clock.nowMs()) }
}
const named = (keys: readonly string[]) =>
  keys.map((key) => ({ kind: 'put' as const, key, value: Buffer.from(key), options: { precondition: any } }))

describe('three nodes', () => {
  test('read at each what was put at each', async () => {
    for (const [index, node] of cluster.nodes.entries()) await node.put(`key-${index}`, `value ${index}`)
    for (const node of cluster.nodes) {
      for (const index of cluster.nodes.keys()) expect(await node.get(`key-${index}`)).toBe(`value ${index}`)
      expect(await node.get('unknown')).toBeUndefined()
    }
  })

  test('overwrite and remove what another one put', async () => {
    const [first, second, third] = cluster.nodes
    expect(await first?.put('shared', 'one')).toMatchObject({ kind: 'done' })
    expect(await second?.put('shared', 'two')).toMatchObject({ kind: 'done' })
    expect(await third?.get('shared')).toBe('two')
    await third?.call((node, context) => node.keyValues.delete('', 'shared', any, context))
    for (const node of cluster.nodes) expect(await node.get('shared')).toBeUndefined()
  })

  test('do batches and lists at each, with the values', async () => {
    for (const [index, node] of cluster.nodes.entries()) {
      const keys = [0, 1, 2].map((each) => `batch-${index}/${each}`)
      const results = await node.call((at, context) => at.keyValues.batch('', named(keys), context))
      expect(results.map(({ kind }) => kind)).toEqual(['done', 'done', 'done'])
    }
    for (const node of cluster.nodes) {
      const folders = await node.call((at, context) => at.keyValues.list('', { prefix: 'batch-', delimiter: '/' }, context))
      expect(folders.commonPrefixes).toEqual(['batch-0/', 'batch-1/', 'batch-2/'])
      const first = await node.call((at, context) =>
        at.keyValues.list('', { prefix: 'batch-1/', limit: 2, withValues: true }, context),
      )
      expect(first.items.map(({ metadata, value }) => [metadata.key, value && Buffer.from(value).toString()])).toEqual([
        ['batch-1/0', 'batch-1/0'],
        ['batch-1/1', 'batch-1/1'],
      ])
      const pageToken = first.nextPageToken
      const rest = await node.call((at, context) =>
        at.keyValues.list('', { prefix: 'batch-1/', limit: 2, ...(pageToken && { pageToken }) }, context),
      )
      expect(rest.items.map(({ metadata }) => metadata.key)).toEqual(['batch-1/2'])
      expect(rest.nextPageToken).toBeUndefined()
    }
  })

  test('let one of two conditional puts win', async () => {
    const absent = { precondition: { kind: 'absent' } } as const
    const results = await Promise.all(cluster.nodes.map((node, index) => node.put('race', `by ${index}`, absent)))
    const winner = results.findIndex(({ kind }) => kind === 'done')
    expect(results.filter(({ kind }) => kind === 'done')).toHaveLength(1)
    expect(results.filter(({ kind }) => kind === 'conflict')).toHaveLength(2)
    for (const node of cluster.nodes) expect(await node.get('race')).toBe(`by ${winner}`)
  })

  test('count to thirty together by versions, and nobody counts twice', async () => {
    await cluster.at(0).put('counter', '0')
    const counts = cluster.nodes.map(async (node) => {
      for (let done = 0; done < 10; ) {
        const at = await node.call((each, context) => each.keyValues.get('', 'counter', {}, context))
        if (at === undefined) throw new Error('the counter is there')
        const next = `${Number(Buffer.from(at.value).toString()) + 1}`
        const { version } = at.metadata
        if ((await node.put('counter', next, { precondition: { kind: 'version', version } })).kind === 'done') done++
      }
    })
    await Promise.all(counts)
    for (const node of cluster.nodes) expect(await node.get('counter')).toBe('30')
  })

  test('answer a request id that comes again elsewhere as the first time, and do it once', async () => {
    const requestId = newId()
    const first = await cluster.at(0).put('identified', 'once', { requestId })
    if (first.kind !== 'done') throw new Error('the first put is done')
    await cluster.at(1).put('identified', 'later')
    for (const node of cluster.nodes) {
      const again = await node.put('identified', 'once', { requestId })
      expect(again).toEqual(first)
      expect(await node.codeOf(node.put('identified', 'another', { requestId }))).toBe('invalid-argument')
    }
    for (const node of cluster.nodes) expect(await node.get('identified')).toBe('later')
  })

  test('put with one request id at all of them at once, and it is done once', async () => {
    const requestId = newId()
    const facts = { requestId, precondition: { kind: 'absent' } } as const
    const results = await Promise.all(cluster.nodes.map((node) => node.put('at once', 'same', facts)))
    expect(results.map(({ kind }) => kind)).toEqual(['done', 'done', 'done'])
    expect(new Set(results.map((result) => JSON.stringify(result, (_, each) => String(each)))).size).toBe(1)
  })

  test('bear a signed block at one, and find, change and remove it at the others', async () => {
    const [first, second, third] = [cluster.at(0), cluster.at(1), cluster.at(2)]
    const draft = await first.node.blocks.makeOwner(new Uint8Array(0))
    const born = await first.call((node, context) => node.blocks.insert({ ...draft, plain: Buffer.from('born') }, context))
    const found = await third.call((node, context) => node.blocks.fetch(born.address, { decrypt: false }, context))
    expect(found).toMatchObject({ version: 0n, generation: born.generation, data: born.data })
    // Whoever owns it changes it: it is the user of the first node.
    const change = { ...born, plain: Buffer.from('changed') }
    const result = await first.call((node, context) => node.blocks.update(change, { decrypt: true }, context))
    expect(result.kind).toBe('updated')
    expect(await second.call((node, context) => node.blocks.stat(born.address, context))).toMatchObject({ version: 1n })
    await first.call((node, context) => node.blocks.remove(born.address, context))
    for (const node of cluster.nodes) {
      expect(await node.call((at, context) => at.blocks.fetch(born.address, { decrypt: false }, context))).toBeUndefined()
    }
  })

  test('find a content block at each, and one that nobody has at none', async () => {
    const made = await cluster.at(0).node.blocks.makeContent(Buffer.from('content'), new Uint8Array(0))
    for (const node of cluster.nodes) {
      expect(await node.call((at, context) => at.blocks.fetch(made.address, { decrypt: false }, context))).toBeUndefined()
    }
    const stored = await cluster.at(0).call((node, context) => node.blocks.insert(made, context))
    for (const node of cluster.nodes) {
      const found = await node.call((at, context) => at.blocks.fetch(stored.address, { decrypt: false }, context))
      expect(found && Buffer.from(found.data).toString()).toBe('content')
    }
  })

  test('act by one map, and say how many of them the network needs', async () => {
    const status = cluster.at(0).node.cluster.status()
    expect(status.quorum).toEqual({ members: 3, alive: 3, needed: 2 })
    expect(cluster.nodes.map(({ epoch }) => epoch)).toEqual([3, 3, 3])
  })
})
