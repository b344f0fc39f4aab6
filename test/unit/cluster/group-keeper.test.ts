import { afterEach, expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { birthBallot } from '../../../src/node/core/consensus/ballot.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup, compareMembers } from '../../../src/node/core/consensus/group.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import type { ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'
import { GroupKeeper } from '../../../src/node/engine/cluster/group-keeper.ts'
import { ReplicaHost } from '../../../src/node/engine/consensus/replica-host.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { silentLogger } from '../../support/silent.ts'

const memberOf = (byte: number): Member => ({ nodeId: new Uint8Array(32).fill(byte), storeId: new Uint8Array(16).fill(byte) })
const [own, second, third, fourth] = [memberOf(1), memberOf(2), memberOf(3), memberOf(4)]
const self = { ...own, bootCount: 1, recovery: 0 }
/** The preferred order of any members begins with the first one. */
const address = addressFromDigest(new Uint8Array(32), 'mutable')
const nameOf = ({ nodeId }: Member) => nodeId[0] ?? 0

/** What a member answers that has everything. */
function answerOf(message: ReplicaMessage): ReplicaMessage | undefined {
  if (message.kind === 'prepare') {
    const { ballot, groupIndex, committed } = message
    return { kind: 'promise', ballot, groupIndex, committed, slots: [] }
  }
  if (message.kind === 'accept') {
    const { ballot, groupIndex, first, entries } = message
    return { kind: 'accepted', ballot, groupIndex, upTo: first + entries.length - 1 }
  }
  return message.kind === 'confirm' ? { ...message, kind: 'confirmed' } : undefined
}

let stopping: (() => Promise<void>) | undefined
afterEach(async () => await stopping?.())

/** A keeper of the first member, whose other members answer unless they are silent. */
async function keeping(members: readonly Member[], addresses: readonly BlockAddress[] = [address]) {
  const world = new MemoryCluster()
  const { clock, limits, random } = world
  const store = openMemoryStore({ random })
  const map = { target: members, silent: new Set<number>(), dead: new Set<number>(), learnersHold: true }
  const groups: string[] = []
  for (const each of addresses) {
    const record = {
      ...{ address: each, generation: 1n, group: bornGroup(members), promised: birthBallot(own, 1, 0) },
      ...{ committedIndex: 0n, version: 0n, outcomeFloor: 0n, outcomeCount: 0 },
      state: { kind: 'signed', signed: Uint8Array.of(0) } as const,
    }
    await store.commit([{ kind: 'put', family: 'block', key: each, value: encodeBlockRecord(record) }])
  }
  const told = ({ members: voting, learners }: Group) => `${voting.map(nameOf)} | ${learners.map(nameOf)}`
  const host: ReplicaHost = new ReplicaHost({
    ...{ store, clock, limits, self },
    logger: silentLogger,
    link: {
      send: (to, at, message) => {
        if (map.silent.has(nameOf(to))) return
        const isLearner = host.peek(at)?.group.learners.some((each) => compareMembers(each, to) === 0) === true
        const answer = isLearner && !map.learnersHold ? undefined : answerOf(message)
        if (answer !== undefined) queueMicrotask(() => host.receive(to, at, answer, 1))
      },
      catchUp: () => Promise.reject(new CodedError('unavailable', 'nobody is there')),
    },
    logicOf: () => {
      throw new Error('nothing but groups is changed')
    },
    birthGroup: () => bornGroup(members),
    isUncertain: () => false,
    epoch: () => 1,
    applied: ({ record }) => {
      if (record !== undefined && groups.at(-1) !== told(record.group)) groups.push(told(record.group))
    },
  })
  const keeper = new GroupKeeper({
    ...{ store, clock, limits, self, host },
    logger: silentLogger,
    placedAt: () => map.target,
    isLive: ({ nodeId }) => !map.dead.has(nodeId[0] ?? 0),
  })
  stopping = async () => {
    await world.during(keeper.stop())
    await world.during(host.stop())
  }
  const onDisk = async (at = address) => {
    const bytes = await store.get('block', at)
    const record = bytes && decodeBlockRecord(at, bytes)
    return record?.group.members.map(nameOf)
  }
  return { world, keeper, map, groups, onDisk, limits }
}

test('a group grows to where the map wants it, one member at a time, each a learner first', async () => {
  const { world, keeper, map, groups, onDisk } = await keeping([own])
  map.target = [own, second, third]
  keeper.start()
  await world.pass(3000)
  expect(groups).toEqual(['1 | 2', '1,2 | ', '1,2 | 3', '1,2,3 | '])
  expect(await onDisk()).toEqual([1, 2, 3])
  expect([keeper.pending, keeper.isSettled]).toEqual([0, true])
})

test('a member that the map does not name any more is replaced, or leaves', async () => {
  const { world, keeper, map, onDisk } = await keeping([own, second, third])
  map.target = [own, third, fourth]
  keeper.start()
  await world.pass(3000)
  expect(await onDisk()).toEqual([1, 3, 4])
  map.target = [own, third]
  keeper.look()
  await world.pass(3000)
  expect(await onDisk()).toEqual([1, 3])
})

test('a learner that has not caught up does not vote, and the work is not done', async () => {
  const { world, keeper, map, groups } = await keeping([own])
  map.target = [own, second]
  map.learnersHold = false
  keeper.start()
  await world.pass(20_000)
  expect(groups).toEqual(['1 | 2'])
  expect([keeper.pending, keeper.isSettled]).toEqual([1, false])
  map.learnersHold = true
  await world.pass(20_000)
  expect(groups.at(-1)).toBe('1,2 | ')
  expect(keeper.isSettled).toBe(true)
})

test('nobody is taken in who does not answer, until he does', async () => {
  const { world, keeper, map, groups, onDisk } = await keeping([own])
  map.target = [own, second]
  map.dead.add(2)
  keeper.start()
  await world.pass(5000)
  expect(groups).toEqual([])
  expect([keeper.pending, keeper.isSettled]).toEqual([1, false])
  map.dead.delete(2)
  keeper.look()
  await world.pass(3000)
  expect(await onDisk()).toEqual([1, 2])
})

test('without a majority nothing is changed, and it is tried again', async () => {
  const { world, keeper, map, onDisk } = await keeping([own, second, third])
  map.target = [own, second, fourth]
  for (const name of [2, 3]) map.silent.add(name)
  keeper.start()
  await world.pass(10_000)
  expect(await onDisk()).toEqual([1, 2, 3])
  expect(keeper.isSettled).toBe(false)
  map.silent.clear()
  await world.pass(30_000)
  expect(await onDisk()).toEqual([1, 2, 4])
  expect(keeper.isSettled).toBe(true)
})

test('a group that another member should move is left to that one, while it answers', async () => {
  const { world, keeper, map, groups, onDisk } = await keeping([memberOf(0), own])
  map.target = [memberOf(0), own, second]
  keeper.start()
  await world.pass(5000)
  expect(groups).toEqual([])
  map.dead.add(0)
  map.target = [own, second]
  keeper.look()
  await world.pass(3000)
  // Of two members one that is gone is a majority lost: nothing is changed without it.
  expect(await onDisk()).toEqual([0, 1])
})

test('a group that the other member does not move, since it may not know of the block, is moved by this one', async () => {
  const { world, keeper, map, groups, onDisk } = await keeping([memberOf(0), own])
  map.target = [memberOf(0), own, second]
  keeper.start()
  await world.pass(4000)
  expect(groups).toEqual([])
  // As long as it is where it was nobody may take the epoch before for settled.
  expect([keeper.pending, keeper.isSettled]).toEqual([1, false])
  await world.pass(10_000)
  expect(await onDisk()).toEqual([0, 1, 2])
  expect(keeper.isSettled).toBe(true)
})

test('every block of the store is looked at, however many there are', async () => {
  const addresses = Array.from({ length: 600 }, (_, index) => {
    const digest = new Uint8Array(32)
    digest[20] = index >> 8
    digest[21] = index
    return addressFromDigest(digest, 'mutable')
  })
  const { world, keeper, map, onDisk, limits } = await keeping([own], addresses)
  expect(addresses.length).toBeGreaterThan(2 * limits.groupLookMax)
  map.target = [own, second]
  keeper.start()
  await world.pass(20_000)
  for (const each of addresses) expect(await onDisk(each)).toEqual([1, 2])
  expect(keeper.isSettled).toBe(true)
})
