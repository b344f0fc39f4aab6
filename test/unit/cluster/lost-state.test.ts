/** A data directory that came back older than it was: its node learns of it from any peer, and is not taken for what it was. */

import { afterEach, expect, test } from 'vitest'
import { MemoryDisk } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import type { SignedNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { encodeNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { toHex } from '../../../src/node/core/base/bytes.ts'
import { encodeText } from '../../../src/node/core/base/text.ts'
import { encodeRolledBack } from '../../../src/node/core/overlay/life-mark.ts'
import { encodeSwimMessage } from '../../../src/node/core/overlay/swim/swim-messages.ts'
import { messageBody } from '../../../src/node/core/wire/peer-body.ts'
import { filled } from '../../support/identities.ts'
import type { LivenessNode } from '../../support/liveness-world.ts'
import { LivenessWorld } from '../../support/liveness-world.ts'

let world = new LivenessWorld()

afterEach(async () => {
  await world.stopAll()
})

/** A node that started twice and wrote something, and went away; and its peer. */
async function aged(advertises?: readonly string[]): Promise<{ peer: LivenessNode; old: LivenessNode }> {
  world = new LivenessWorld()
  const peer = await world.start(1)
  const before = await world.start(2)
  await world.during(before.stop())
  const old = await world.start(2, { disk: before.disk, ...(advertises && { advertises }) })
  for (let index = 0; index < 10; index++) {
    await old.store.commit([{ kind: 'put', family: 'local', key: encodeText(`fact ${index}`), value: filled(1) }])
  }
  old.engine.seed([peer.own.current])
  // Until it has stated how far it is.
  await world.pass(world.limits.recordIntervalMs + 2 * world.limits.recordLookMs)
  old.vanish()
  await world.pass(30_000)
  return { peer, old }
}

/** An empty directory that has the store id of another one and was started so often. */
function restored({ store }: LivenessNode, starts: number): MemoryDisk {
  const disk = new MemoryDisk()
  disk.identity = { storeId: store.identity.storeId, bootCount: starts, findings: [] }
  return disk
}

for (const [what, starts] of [
  ['fewer starts', 0],
  ['as many starts and a lower position', 1],
  ['more starts and a lower position', 2],
] as const) {
  test(`a directory with ${what} than were seen is told to its node`, async () => {
    const { peer, old } = await aged()
    const back = await world.start(2, { disk: restored(old, starts), endpoint: 'back:1' })
    back.engine.seed([peer.own.current])
    await world.pass(3000)
    const { storeId } = old.store.identity
    expect(back.rolledBack).toHaveLength(1)
    expect(back.rolledBack[0]?.notice).toMatchObject({ storeId, highest: { bootCount: 2 }, seen: { bootCount: starts + 1 } })
    expect(new Set(peer.seenRolledBack)).toEqual(new Set([toHex(old.nodeId)]))
    expect(peer.directory.get(old.nodeId)?.endpoints).toEqual([old.endpoint])
  })
}

test('the node is taken again under another store id, however few its starts are', async () => {
  const { peer, old } = await aged()
  const fresh = await world.start(2, { endpoint: 'fresh:1' })
  fresh.engine.seed([peer.own.current])
  await world.pass(5000)
  expect([fresh.rolledBack, peer.seenRolledBack, peer.stateOf(fresh)]).toEqual([[], [], 'alive'])
  expect(peer.directory.get(fresh.nodeId)).toMatchObject({ bootCount: 1, endpoints: ['fresh:1'] })
  await world.pass(60_000)
  expect([peer.stateOf(fresh), fresh.stateOf(peer)]).toEqual(['alive', 'alive'])
  fresh.vanish()
  await world.pass(30_000)
  // The former directory is still remembered.
  const back = await world.start(2, { disk: restored(old, 0), endpoint: 'back:1' })
  back.engine.seed([peer.own.current])
  await world.pass(3000)
  expect(back.rolledBack).toHaveLength(1)
})

test('what was seen outlives a restart of the peer that saw it', async () => {
  const { peer, old } = await aged()
  await world.during(peer.stop())
  const again = await world.start(1, { disk: peer.disk })
  const back = await world.start(2, { disk: restored(old, 0) })
  back.engine.seed([again.own.current])
  await world.pass(3000)
  expect(back.rolledBack).toHaveLength(1)
  expect(toHex(back.rolledBack[0]?.by ?? filled(0))).toBe(toHex(again.nodeId))
})

test('a node that meets its own later statement knows by its own signature', async () => {
  const { old } = await aged()
  const later = old.own.current
  const stranger = await world.start(3)
  const back = await world.start(2, { disk: restored(old, 0), endpoint: 'back:1' })
  back.engine.seed([stranger.own.current])
  await world.pass(3000)
  expect([back.rolledBack, stranger.seenRolledBack]).toEqual([[], []])
  const say = (record: SignedNodeRecord) => {
    const { nodeId, bootCount, incarnation } = record
    const rumour = { nodeId, bootCount, incarnation, state: 'alive', record: encodeNodeRecord(record) } as const
    const message = encodeSwimMessage({ kind: 'news', rumours: [rumour], wanted: [] })
    stranger.transport.send(back.nodeId, messageBody('liveness', message))
  }
  say(back.own.current)
  await world.pass(100)
  expect(back.rolledBack).toEqual([])
  say(later)
  say(later)
  await world.pass(100)
  expect(back.rolledBack).toMatchObject([{ by: undefined, notice: { highest: { bootCount: 2 }, seen: { bootCount: 1 } } }])
  say({ ...later, bootCount: 9 })
  await world.pass(100)
  expect(back.refused).toEqual(['malformed'])
})

test('a node that nobody can dial is told in the session that it begins itself', async () => {
  const { peer, old } = await aged([])
  const back = await world.start(2, { disk: restored(old, 0), advertises: [] })
  back.engine.seed([peer.own.current])
  await world.pass(3000)
  expect(back.rolledBack).toHaveLength(1)
})

test('a restart that lost nothing is told nothing, nor is a word about another start or directory believed', async () => {
  const { peer, old } = await aged()
  const again = await world.start(2, { disk: old.disk })
  await world.pass(5000)
  expect([again.rolledBack, peer.seenRolledBack, peer.stateOf(again)]).toEqual([[], [], 'alive'])
  const { storeId } = again.store.identity
  const seen = { bootCount: 3, syncedPosition: 0n }
  for (const notice of [
    { storeId: filled(9, 16), highest: { bootCount: 9, syncedPosition: 9n }, seen },
    { storeId, highest: { bootCount: 2, syncedPosition: 1n }, seen },
    { storeId, highest: { bootCount: 3, syncedPosition: 99n }, seen: { bootCount: 1, syncedPosition: 0n } },
  ]) {
    peer.transport.send(again.nodeId, messageBody('liveness', encodeRolledBack(notice)))
  }
  await world.pass(1000)
  expect(again.rolledBack).toEqual([])
})

/** A node that wrote something and went away, and two processes that begin from copies of its directory. */
async function copied() {
  world = new LivenessWorld()
  const peers = [await world.start(1), await world.start(3)] as const
  const before = await world.start(2)
  await before.store.commit([{ kind: 'put', family: 'local', key: encodeText('fact'), value: filled(1) }])
  await world.during(before.stop())
  const again = () => restored(before, before.store.identity.bootCount)
  return {
    peers,
    first: () => world.start(2, { disk: again() }),
    second: () => world.start(2, { disk: again(), endpoint: 'copy:1' }),
  }
}

test('of two processes that run on copies of a directory the second one learns of it, whatever it has written', async () => {
  const { peers, first, second } = await copied()
  const original = await first()
  original.engine.seed([peers[0].own.current])
  await world.pass(5000)
  const copy = await second()
  for (let index = 0; index < 10; index++) {
    await copy.store.commit([{ kind: 'put', family: 'local', key: encodeText(`own ${index}`), value: filled(1) }])
  }
  copy.engine.seed([peers[0].own.current])
  await world.pass(3000)
  expect([original.copied, copy.copied]).toEqual([0, 1])
  expect(new Set(peers[0].seenCopied)).toEqual(new Set([toHex(copy.nodeId)]))
  expect(peers[0].directory.get(copy.nodeId)?.endpoints).toEqual([original.endpoint])
})

test('two processes on copies of which each was met first by somebody both learn of it', async () => {
  const { peers, first, second } = await copied()
  const [original, copy] = [await first(), await second()]
  original.engine.seed([peers[0].own.current])
  copy.engine.seed([peers[1].own.current])
  await world.pass(500)
  original.engine.seed([peers[1].own.current])
  copy.engine.seed([peers[0].own.current])
  await world.pass(120_000)
  expect([original.copied, copy.copied]).toEqual([1, 1])
})

test('a node that states itself anew again and again, and starts again, is no copy', async () => {
  const { peers, first } = await copied()
  const node = await first()
  node.engine.seed(peers.map(({ own }) => own.current))
  for (let turn = 0; turn < 5; turn++) {
    node.advertised = { ...node.advertised, labels: [`turn-${turn}`] }
    node.engine.ownChanged()
    await world.pass(20_000)
  }
  await world.during(node.stop())
  const again = await world.start(2, { disk: node.disk })
  again.engine.seed([peers[0].own.current])
  await world.pass(60_000)
  expect([node.copied, again.copied, ...peers.flatMap(({ seenCopied }) => seenCopied)]).toEqual([0, 0])
})
