import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromBytes } from '../../../src/node/core/base/address.ts'
import { encodeContentCopy } from '../../../src/node/core/block/content-block.ts'
import { isMember } from '../../../src/node/core/consensus/group.ts'
import { decodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import { decodeAccepted } from '../../../src/node/core/consensus/vote-codec.ts'
import { decodePageEntry } from '../../../src/node/core/kv/page-entry.ts'
import { draftOf } from '../../support/block-draft.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

test('the survivor of three goes on alone, is joined anew, and the others stay out and say so', async () => {
  await using cluster = await MemoryCluster.of(3)
  const [survivor, second, third] = [cluster.at(0), cluster.at(1), cluster.at(2)]
  for (const key of ['a', 'b', 'c']) await survivor.put(key, `${key} before`)
  await cluster.pass(2000)
  for (const node of [second, third, survivor]) node.vanish()
  await survivor.start()
  expect(await survivor.codeOf(survivor.put('a', 'too few'))).toBe('unavailable')
  await survivor.stop()
  const recovery = await survivor.recover()
  expect(recovery.takenOut).toHaveLength(2)
  await survivor.start()
  for (const key of ['a', 'b', 'c']) expect(await survivor.get(key)).toBe(`${key} before`)
  await survivor.put('a', 'after')
  expect(survivor.node.cluster.status()).toMatchObject({
    recovery: { number: 1, takenOut: [expect.anything(), expect.anything()] },
    withdrawn: false,
    openEpochs: 1,
  })
  await second.start()
  await third.start()
  await cluster.pass(30_000)
  for (const old of [second, third]) {
    expect(old.node.cluster.status()).toMatchObject({ withdrawn: true, leftBehind: { number: 1 } })
    expect(await old.codeOf(old.get('a'))).toBe('unavailable')
  }
  await second.stop()
  await second.start()
  expect(second.node.cluster.status()).toMatchObject({ withdrawn: true, leftBehind: { number: 1 } })
  await second.stop()
  await third.stop()
  const fourth = await cluster.grow('node-4')
  await cluster.settled()
  await fourth.put('d', 'by the new one')
  expect(await survivor.get('d')).toBe('by the new one')
  expect(await fourth.get('a')).toBe('after')
  expect(fourth.node.cluster.status()).toMatchObject({ recovery: { number: 1, blocksLeft: 0 } })
})

test('what a pair has acknowledged is there after one of them is lost, whoever led', async () => {
  for (const lostIndex of [0, 1]) {
    await using cluster = await MemoryCluster.of(2)
    const [lost, survivor] = [cluster.at(lostIndex), cluster.at(1 - lostIndex)]
    await lost.put('a', 'first')
    const address = await lost.call(async ({ blocks }, context) => {
      const draft = draftOf(await blocks.makeNamed(Buffer.from('n')), { data: Buffer.from('named') })
      return (await blocks.insert(draft, context)).address
    })
    await lost.put('a', 'second')
    lost.vanish()
    survivor.vanish()
    await survivor.recover((await cluster.at(0).keys()).user.signing)
    await survivor.start()
    expect(await survivor.get('a')).toBe('second')
    const found = await survivor.call(({ blocks }, context) => blocks.fetch(address, { decrypt: true }, context))
    expect(Buffer.from(found?.data ?? []).toString()).toBe('named')
    await cluster.pass(1000)
    expect(survivor.node.cluster.status().recovery?.blocksLeft).toBe(0)
  }
})

test('a node that joined goes on with the key of the owner, who hands the network over to it', async () => {
  await using cluster = await MemoryCluster.of(3)
  const [founder, other, survivor] = [cluster.at(0), cluster.at(1), cluster.at(2)]
  await survivor.put('a', 'before')
  // What the other two have decided has reached the survivor, too.
  await cluster.pass(100)
  for (const node of cluster.nodes) node.vanish()
  expect(await survivor.codeOf(survivor.recover())).toBe('permission-denied')
  expect(await survivor.codeOf(survivor.recover((await other.keys()).user.signing))).toBe('permission-denied')
  await survivor.recover((await founder.keys()).user.signing)
  await survivor.start()
  expect(await survivor.get('a')).toBe('before')
  // The passport of the former owner is of no use any more, and none is needed.
  await founder.start()
  await other.start()
  await cluster.pass(30_000)
  for (const old of [founder, other]) expect(old.node.cluster.status()).toMatchObject({ leftBehind: { number: 1 } })
  await founder.stop()
  await other.stop()
  const joined = cluster.add('node-4')
  await joined.join(await survivor.invite())
  await joined.start()
  await cluster.settled()
  await joined.put('a', 'after')
  expect(await survivor.get('a')).toBe('after')
  // The second time the survivor administers the network by itself.
  survivor.vanish()
  joined.vanish()
  await survivor.recover()
  await survivor.start()
  expect(survivor.node.cluster.status().recovery?.number).toBe(2)
  await joined.start()
  await cluster.pass(30_000)
  expect(joined.node.cluster.status()).toMatchObject({ leftBehind: { number: 2 }, recovery: { number: 1 } })
})

test('of two that were both recovered each goes on without the other, and neither takes the other in', async () => {
  await using cluster = await MemoryCluster.of(2)
  const [one, two] = [cluster.at(0), cluster.at(1)]
  const administrator = (await one.keys()).user.signing
  one.vanish()
  two.vanish()
  await one.recover(administrator)
  await two.recover(administrator)
  await one.start()
  await two.start()
  await one.put('a', 'of one')
  await two.put('a', 'of two')
  await cluster.pass(30_000)
  expect([await one.get('a'), await two.get('a')]).toEqual(['of one', 'of two'])
  for (const node of [one, two]) expect(node.node.cluster.status()).toMatchObject({ withdrawn: false, nodes: [{ isSelf: true }] })
})

test('a node that never held the root recovers it from its copy, where it holds the page; another one cannot', async () => {
  await using cluster = await MemoryCluster.of(7)
  const administrator = (await cluster.at(0).keys()).user.signing
  await cluster.at(0).put('a', 'before')
  const holders = new Map<string, { readonly root: boolean; readonly page: boolean }>()
  for (const node of cluster.nodes) {
    const blocks = await node.store.scan('block', { limit: 10 })
    const kinds = blocks.map(({ key, value }) => {
      const record = decodeBlockRecord(addressFromBytes(key) as BlockAddress, value)
      return record?.state.kind === 'map' && isMember(record.group, node.node.status().identity)
        ? record.state.head.page
        : undefined
    })
    holders.set(node.name, { root: kinds.includes('root'), page: kinds.includes('key-value') })
  }
  for (const node of cluster.nodes) node.vanish()
  const without = cluster.nodes.find(({ name }) => holders.get(name)?.page === false)
  expect(without && (await without.codeOf(without.recover(administrator)))).toBe('invalid-argument')
  const holder = cluster.nodes.find(({ name }) => holders.get(name)?.page === true && holders.get(name)?.root === false)
  const survivor = holder ?? cluster.nodes.find(({ name }) => holders.get(name)?.page === true)
  if (survivor === undefined) throw new Error('nobody holds the page')
  await survivor.recover(administrator)
  await survivor.start()
  await survivor.put('b', 'after')
  expect(await survivor.get('b')).toBe('after')
  expect(survivor.node.cluster.status()).toMatchObject({ recovery: { number: 1 }, quorum: { members: 1, alive: 1 } })
  await survivor.stop()
  await survivor.start()
  expect(await survivor.get('b')).toBe('after')
})

test('an entry that is adopted may name a value that somebody has brought already', async () => {
  // A follower holds what it accepted for long before it applies it.
  await using cluster = await MemoryCluster.of(2, { applyCompanyMs: 500 })
  const [primary, survivor] = [cluster.at(0), cluster.at(1)]
  await primary.put('a', 'first')
  await cluster.pass(100)
  await primary.put('a', 'second')
  primary.vanish()
  survivor.vanish()
  const store = openMemoryStore({ random: cluster.random.fork(), disk: survivor.disk })
  let brought = 0
  for (const { value } of await store.scan('accepted', { limit: 100 })) {
    const entry = decodeAccepted(value)?.entry
    const page = entry?.kind === 'change' ? decodePageEntry(entry.body) : undefined
    for (const change of page?.parts.flatMap(({ changes }) => changes) ?? []) {
      for (const operation of change.operations) {
        const block = operation.kind === 'put' ? operation.value.block : undefined
        if (block === undefined) continue
        await store.commit([{ kind: 'put', family: 'content', key: block.address, value: encodeContentCopy(block, 1n) }])
        brought++
      }
    }
  }
  await store.close()
  expect(brought).toBeGreaterThan(0)
  await survivor.recover((await primary.keys()).user.signing)
  await survivor.start()
  expect(await survivor.get('a')).toBe('second')
  await cluster.pass(1000)
  expect(survivor.node.cluster.status().recovery?.blocksLeft).toBe(0)
})
