import { expect, test } from 'vitest'
import { ZstdCompressor } from '../../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import type { Entry } from '../../../src/node/core/kv/entry.ts'
import { encodeEntry } from '../../../src/node/core/kv/entry.ts'
import type { PageKey, ReadyValue } from '../../../src/node/core/kv/page-change.ts'
import { candidateKey, candidateReason, entryKey } from '../../../src/node/core/kv/record-keys.ts'
import { VerifiedVersions } from '../../../src/node/engine/block/verified-versions.ts'
import { Collector } from '../../../src/node/engine/kv/collector.ts'
import type { Page } from '../../../src/node/engine/kv/page.ts'
import { ValueBlocks } from '../../../src/node/engine/kv/value-blocks.ts'
import { ValueCache } from '../../../src/node/engine/kv/value-cache.ts'
import { ValuePreparation } from '../../../src/node/engine/kv/value-preparation.ts'
import { ValueReader } from '../../../src/node/engine/kv/value-reader.ts'
import { PayloadPipeline } from '../../../src/node/engine/payload/payload-pipeline.ts'
import { verifyRules } from '../../../src/node/engine/verify/verify-node.ts'
import { silentLogger } from '../../support/silent.ts'
import type { ContentNode } from './content-world.ts'
import { ContentWorld, crypto, memberOf, networkId, never, page } from './content-world.ts'

const secret = { epoch: 1, key: new Uint8Array(32).fill(8) }
const key: PageKey = { text: 'k', bytes: new Uint8Array([107]) }
const limits = { chunkBytes: 1000, collectStepMax: 3 }
const hourMs = 60 * 60_000

/** What a node does with values; `entry` is what the page names. */
class Values {
  readonly node: ContentNode
  readonly pipeline: PayloadPipeline
  readonly preparation: ValuePreparation
  readonly reader: ValueReader
  readonly collector: Collector
  readonly collected: number[] = []
  static entry: Entry | undefined

  constructor(node: ContentNode) {
    const { world, replicas: content, hybrid, store, clock } = node
    const secrets = { current: () => secret, of: () => secret }
    this.node = node
    this.pipeline = new PayloadPipeline({
      crypto,
      compressor: new ZstdCompressor(),
      random: world.random,
      secrets,
      limits: world.limits,
    })
    const blocks = new ValueBlocks(content, this.pipeline, new ValueCache({ ...world.limits, valueCacheBytesMax: 0 }))
    const upload = { content, clock: hybrid, limits: world.limits, blocks, manifestPartsMax: 2 }
    this.preparation = new ValuePreparation(world.limits, blocks, upload)
    this.reader = new ValueReader(blocks)
    this.collector = new Collector({
      store,
      clock,
      hybridClock: hybrid,
      limits: world.limits,
      logger: silentLogger,
      blocks,
      content,
      valuesCollected: ({ values }) => void this.collected.push(values),
      pageAt: () =>
        ({
          settle: async () => undefined,
          entries: async (keys: readonly Uint8Array[]) => keys.map(() => Values.entry),
        }) as unknown as Page,
    })
  }

  /** Prepared for a page that these nodes hold. */
  async put(value: Uint8Array, pageMembers: readonly number[], isBusy = false): Promise<ReadyValue> {
    const at = { address: page, members: pageMembers.map(memberOf), isBusy }
    return (await this.preparation.whole(at, key, value, never)).ready
  }

  async get(entry: Entry): Promise<Uint8Array> {
    return await this.reader.gathered(entry, { offset: 0, length: entry.size }, never)
  }
}

function entryOf({ address, size, chunks }: ReadyValue): Entry {
  const batch = { session: new Uint8Array(16), sequence: 1n }
  const named = { address, size, chunks, contentType: emptyBytes, birth: 1n }
  return { ...named, version: 1n, revision: 1n, expiryMs: 0, writer: new Uint8Array(32), batch }
}

const noise = (world: ContentWorld, length: number) => world.random.bytes(length)

async function start(): Promise<{ world: ContentWorld; values: Values[] }> {
  const world = await ContentWorld.start(4, limits)
  world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
  Values.entry = undefined
  return { world, values: world.nodes.map((node) => new Values(node)) }
}

test('a value travels with its entry only where any majority of the page is enough of its group', async () => {
  const { world, values } = await start()
  await using _ = world
  const [one] = values
  for (const [members, travels] of [
    [[2, 3, 4], true],
    [[1, 2, 3, 4], true],
    [[1, 2, 3], false],
    [[1], false],
  ] as const) {
    const ready = await world.settled(one?.put(noise(world, 500), members) ?? Promise.reject(new Error('no node')))
    expect(ready.block !== undefined).toBe(travels)
    await world.pass(100)
    expect(world.node(2).store.has('content', ready.address)).toBe(!travels)
  }
  // Of five two may have missed it, and one of those who have it may be lost.
  const five = await world.settled(one?.put(noise(world, 500), [1, 2, 3, 4, 5]) ?? Promise.reject(new Error('no node')))
  expect(five.block).toBeUndefined()
})

test('a value goes ahead of its entry where the map has the page elsewhere than its node knows', async () => {
  const { world, values } = await start()
  await using _ = world
  const travelling = async () =>
    (await world.settled(values[0]?.put(noise(world, 500), [2, 3, 4]) ?? Promise.reject(new Error('no node')))).block !==
    undefined
  world.groups = { ...world.groups, pages: [4, 3, 2] }
  expect(await travelling()).toBe(true)
  world.groups = { ...world.groups, pages: [1, 2, 3] }
  expect(await travelling()).toBe(false)
})

test('a long value is stored, read and collected where its group is another than its page, with one member down', async () => {
  const { world, values } = await start()
  await using _ = world
  const [one, two] = values
  if (one === undefined || two === undefined) throw new Error('there are nodes')
  world.isolate(4)
  const value = noise(world, 6500)
  const ready = await world.settled(one.put(value, [1]))
  expect(ready).toMatchObject({ block: undefined, size: 6500, chunks: 7 })
  const entry = entryOf(ready)
  Values.entry = entry
  for (const each of [one, two]) expect(await world.settled(each.get(entry))).toEqual(value)
  // Nothing of it is here.
  expect(world.node(1).store.usage().families.content.records).toBe(0)
  const blocks = world.node(2).store.usage().families.content.records
  expect(blocks).toBeGreaterThan(7 + 3)
  // Only what nothing names waits to be judged: the value's own manifest.
  expect((await two.node.candidates()).length).toBe(1)
  await world.pass(hourMs + 1000)
  await world.settled(two.collector.collect(never))
  expect(await two.node.candidates()).toEqual([])
  expect(await world.settled(two.get(entry))).toEqual(value)
  // The key is removed: the page's member tells those who have copies, and each judges for itself.
  Values.entry = undefined
  const due = world.node(1).hybrid.next()
  const reason = candidateReason(page, key.bytes)
  const candidate = candidateKey(due, ready.address)
  await world.node(1).store.commit([{ kind: 'put', family: 'collect', key: candidate, value: reason }])
  await world.settled(one.collector.collect(never))
  expect(world.node(2).store.usage().families.content.records).toBe(blocks)
  await world.settled(two.collector.collect(never))
  expect(world.node(2).store.usage().families.content.records).toBe(0)
  expect(await two.node.candidates()).toEqual([])
})

test('an upload stands at as many members as a write after it was renewed', async () => {
  const { world, values } = await start()
  await using _ = world
  const [one] = values
  if (one === undefined) throw new Error('there are nodes')
  const at = { address: page, members: [memberOf(1)], isBusy: true }
  const prepared = await world.settled(Promise.resolve(one.preparation.whole(at, key, noise(world, 900), never)))
  await world.pass(hourMs / 2)
  const before = await world.node(2).candidates()
  await world.settled(prepared.touch())
  await world.pass(1000)
  const after = await world.node(2).candidates()
  expect([before.length, after.length]).toEqual([1, 1])
  expect(after).not.toEqual(before)
  await world.pass(hourMs / 2 + 60_000)
  await world.settled(values[1]?.collector.collect(never) ?? Promise.resolve())
  expect(world.node(2).store.has('content', prepared.ready.address)).toBe(true)
  await world.pass(hourMs)
  await expect(world.settled(prepared.touch())).rejects.toMatchObject({ code: 'deadline-exceeded' })
})

test('a value at other nodes is not found missing, one that nobody has is', async () => {
  const { world, values } = await start()
  await using _ = world
  const [one] = values
  if (one === undefined) throw new Error('there are nodes')
  const { store, replicas: content } = world.node(1)
  const verified = new VerifiedVersions(crypto, 1)
  const { pipeline } = one
  const asked = {
    store,
    crypto,
    limits: world.limits,
    pipeline,
    networkId,
    verified,
    root: page,
    content,
    nodeId: memberOf(1).nodeId,
  }
  const other = world.block('x').address
  const ready = await world.settled(one.put(noise(world, 900), [1]))
  const stored = entryOf(ready)
  await store.commit([{ kind: 'put', family: 'entry', key: entryKey(other, key.bytes), value: encodeEntry(stored) }])
  expect(await world.settled(verifyRules(asked))).toEqual([])
  expect(await world.settled(verifyRules({ ...asked, content: { has: () => Promise.resolve(false) } }))).toHaveLength(1)
  for (const number of [2, 3, 4])
    await world.node(number).store.commit([{ kind: 'delete', family: 'content', key: ready.address }])
  expect(await world.settled(verifyRules(asked))).toHaveLength(1)
  world.isolate(2)
  world.isolate(3)
  expect(await world.settled(verifyRules(asked))).toEqual([])
})
