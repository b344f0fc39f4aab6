import { expect, test } from 'vitest'
import { ZstdCompressor } from '../../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import type { BlockParts } from '../../../src/node/engine/block/block-parts.ts'
import { ContentBlocks } from '../../../src/node/engine/block/content-blocks.ts'
import { VerifiedVersions } from '../../../src/node/engine/block/verified-versions.ts'
import { OutcomeLookup } from '../../../src/node/engine/outcome-lookup.ts'
import { PayloadPipeline } from '../../../src/node/engine/payload/payload-pipeline.ts'
import type { ContentNode } from './content-world.ts'
import { ContentWorld, crypto, networkId, never } from './content-world.ts'

const secret = { epoch: 1, key: new Uint8Array(32).fill(8) }
const user = { signing: crypto.signingKey(new Uint8Array(32).fill(4)) } as BlockParts['user']
const data = new TextEncoder().encode('data')

/** The content blocks of one node; the same user's everywhere. */
function blocksOf({ world, store, hybrid: clock, replicas: content, member }: ContentNode): ContentBlocks {
  const { limits, random } = world
  const secrets = { current: () => secret, of: () => secret }
  return new ContentBlocks({
    store,
    crypto,
    random,
    clock,
    outcomes: new OutcomeLookup({ store, clock, limits }),
    limits,
    pipeline: new PayloadPipeline({ crypto, compressor: new ZstdCompressor(), random, secrets, limits }),
    content,
    networkId,
    verified: new VerifiedVersions(crypto, 1),
    user,
    self: { ...member, bootCount: 1, recovery: 0 },
  })
}

const draft = { data, owner: emptyBytes, claim: undefined }

test('a block that is inserted at one node is read, described and removed at another', async () => {
  await using world = await ContentWorld.start(4)
  world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
  const [one, two] = [blocksOf(world.node(1)), blocksOf(world.node(2))]
  const { address, generation } = await world.settled(one.insert(draft, never))
  await world.pass(100)
  for (const each of [one, two]) {
    expect(await world.settled(each.fetch(address, never))).toMatchObject({ data, generation })
    expect(await world.settled(each.stat(address, never))).toMatchObject({ plainBytes: 4, verified: true, generation })
  }
  world.isolate(4)
  const requestId = { session: new Uint8Array(16), sequence: 1n, issued: world.node(1).hybrid.next() }
  await world.settled(one.remove(address, requestId, never))
  // Asked once more under its id it is the same removal; under none there is nothing to remove.
  await world.settled(one.remove(address, requestId, never))
  await expect(world.settled(one.remove(address, undefined, never))).rejects.toMatchObject({ code: 'block-not-found' })
  for (const each of [one, two]) expect(await world.settled(each.fetch(address, never))).toBeUndefined()
})

test('a removal that reached too few is carried on by whoever removes the block again', async () => {
  await using world = await ContentWorld.start(3)
  const [one, two] = [blocksOf(world.node(1)), blocksOf(world.node(2))]
  const { address } = await world.settled(one.insert(draft, never))
  await world.until('all have it', () => world.nodes.every(({ store }) => store.has('content', address) as boolean))
  // Only the third member has heard of it, as of a node that was gone then.
  await world.settled(world.node(3).replicas.copies.remove(world.node(3).tombstone(address, user.signing)))
  await world.node(2).store.commit([{ kind: 'delete', family: 'content', key: address }])
  world.node(1).delayMs = 500
  await expect(world.settled(two.remove(address, undefined, never))).rejects.toMatchObject({ code: 'block-not-found' })
  await world.pass(1000)
  for (const { store } of world.nodes) expect(store.has('content', address)).toBe(false)
  world.node(1).delayMs = 0
  expect(await world.settled(one.fetch(address, never))).toBeUndefined()
})
