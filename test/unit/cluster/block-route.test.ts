import { expect, test } from 'vitest'
import { MemoryDisk } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import type { Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup, compareMembers } from '../../../src/node/core/consensus/group.ts'
import { BlockRoute } from '../../../src/node/engine/cluster/block-route.ts'
import { LostProposal, NotPrimary } from '../../../src/node/engine/consensus/replica-failures.ts'
import { ReplicaHost } from '../../../src/node/engine/consensus/replica-host.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { silentLogger } from '../../support/silent.ts'

const memberOf = (byte: number): Member => ({ nodeId: new Uint8Array(32).fill(byte), storeId: new Uint8Array(16).fill(byte) })
const [own, second, third] = [memberOf(1), memberOf(2), memberOf(3)]
const members = [own, second, third]
/** The preferred order of the members begins with the first one. */
const address = addressFromDigest(new Uint8Array(32), 'mutable')
const nameOf = (member: Member) => `${member.nodeId[0]}`
const gone = () => new CodedError('unavailable', 'not reached')

interface Asked {
  readonly name: string
  readonly primaryFailed: boolean
  /** Milliseconds since the call began. */
  readonly atMs: number
}

/** A route of the first of three members, whose calls are answered by what a test says. */
function routeWith(answer: (member: Member, asked: readonly Asked[]) => string | Error | Promise<string>, group = members) {
  const world = new MemoryCluster()
  const { clock, random, limits } = world
  const dead = new Set<string>()
  const self = { ...own, bootCount: 1, recovery: 0 }
  const disk = new MemoryDisk()
  const store = openMemoryStore({ random, disk })
  const birthGroup = () => bornGroup(group)
  const host = new ReplicaHost({
    ...{ store, clock, limits, self },
    logger: silentLogger,
    link: { send: () => undefined, catchUp: () => Promise.reject(gone()) },
    logicOf: () => {
      throw new Error('nothing is applied')
    },
    birthGroup,
    isUncertain: () => false,
    epoch: () => 1,
  })
  const liveness = { mayAnswer: (nodeId: Uint8Array) => !dead.has(`${nodeId[0]}`) }
  const route = new BlockRoute({ host, clock, random, limits, self, store, liveness, birthGroup, holders: () => [] })
  const asked: Asked[] = []
  const call = async (repeatable = true, signal: AbortSignal = new AbortController().signal) => {
    const startMs = world.time.nowMs
    const ask = async (member: Member, primaryFailed: boolean): Promise<string> => {
      asked.push({ name: nameOf(member), primaryFailed, atMs: world.time.nowMs - startMs })
      const given = await answer(member, asked)
      if (given instanceof Error) throw given
      return given
    }
    return await world.during(
      route.call(address, { repeatable, local: () => ask(own, false), remote: (to, failed) => ask(to, failed) }, signal),
    )
  }
  return { world, host, disk, dead, asked, call, names: () => asked.map(({ name }) => name) }
}

const damaged = () => new CodedError('data-corrupt', 'the record of this block cannot be read')
const is = (member: Member, other: Member) => compareMembers(member, other) === 0

test('a call goes to the first member, and a redirect is followed at once', async () => {
  const { call, asked, names } = routeWith((member) => (is(member, third) ? 'answer' : new NotPrimary(members, third)))
  expect(await call()).toBe('answer')
  expect(names()).toEqual(['1', '3'])
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 0])
  expect(asked.map(({ primaryFailed }) => primaryFailed)).toEqual([false, false])
})

test('a call goes to whom this member has promised last, and not where that one is gone', async () => {
  const { call, host, dead, names, world } = routeWith((member) => nameOf(member))
  const block = await host.open(address)
  const ballot = { recovery: 0, round: 5, bootCount: 1, ...third }
  block.receive(third, { kind: 'prepare', ballot, groupIndex: 0, committed: -1 })
  await world.pass(10)
  expect(await call()).toBe('3')
  dead.add('3')
  expect(await call()).toBe('1')
  expect(names()).toEqual(['3', '1'])
})

test('a member that does not answer is passed over, and the next one is told to look', async () => {
  const { call, asked } = routeWith((member) => (is(member, third) ? 'answer' : gone()))
  expect(await call()).toBe('answer')
  expect(asked.map(({ name, primaryFailed }) => [name, primaryFailed])).toEqual([
    ['1', false],
    ['2', true],
    ['3', true],
  ])
})

test('what cannot be read here or at one member is asked of the others', async () => {
  const { call, names, disk } = routeWith((member) => (is(member, third) ? 'answer' : damaged()))
  disk.damageIndex()
  expect(await call()).toBe('answer')
  // This node was asked as well, and knew it by itself.
  expect(names()).toEqual(['2', '3'])
})

test('what no member can read is damaged, and said to be so at once', async () => {
  const { call, world, disk } = routeWith((member) => (is(member, third) ? gone() : damaged()))
  disk.damageIndex()
  const startMs = world.time.nowMs
  await expect(call()).rejects.toMatchObject({ code: 'data-corrupt' })
  expect(world.time.nowMs - startMs).toBeLessThan(1000)
})

test('a member that was silent is not asked again because another one names it', async () => {
  const { call, names } = routeWith((member, asked) => {
    if (is(member, own)) return asked.length > 1 ? 'answer' : new NotPrimary(members, second)
    return is(member, second) ? gone() : new NotPrimary(members, second)
  })
  expect(await call()).toBe('answer')
  expect(names().filter((name) => name === '2')).toHaveLength(1)
})

test('members that name each other are told to look after three redirects', async () => {
  const { call, asked } = routeWith((member, before) => {
    if (before.at(-1)?.primaryFailed === true) return 'took over'
    return new NotPrimary(members, is(member, second) ? third : second)
  })
  expect(await call()).toBe('took over')
  expect(asked).toHaveLength(4)
})

test('members that name each other for ever keep nobody from being asked, and the call ends', async () => {
  const { call, names } = routeWith((member) =>
    is(member, own) ? gone() : new NotPrimary(members, is(member, second) ? third : second),
  )
  await expect(call()).rejects.toMatchObject({ code: 'unavailable' })
  expect(new Set(names())).toEqual(new Set(['1', '2', '3']))
})

test('who is asked for ever by two that name each other gives way to the third', async () => {
  const { call, names, dead } = routeWith((member, asked) => {
    if (is(member, third)) return 'answer'
    return asked.length < 1000 ? new NotPrimary(members, is(member, own) ? second : own) : gone()
  })
  dead.add('0')
  expect(await call()).toBe('answer')
  expect(names().length).toBeLessThan(25)
})

test('a lost call that may be repeated is asked again until it is answered, beyond the patience of others', async () => {
  const { call, world } = routeWith(() => (world.time.nowMs < 3 * world.limits.routeTimeoutMs ? new LostProposal() : 'answer'))
  expect(await call()).toBe('answer')
})

test('a lost call that may not be repeated is of unknown outcome at once', async () => {
  for (const lost of [new LostProposal(), new CodedError('outcome-unknown', 'the session ended')]) {
    const { call, asked } = routeWith(() => lost)
    await expect(call(false)).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect(asked).toHaveLength(1)
  }
})

test('a lost call stays of unknown outcome, whatever comes later', async () => {
  const late = new AbortController()
  const { call, asked, world } = routeWith((_, before) => (before.length === 1 ? new LostProposal() : gone()))
  world.time.after(20_000, () => late.abort(new CodedError('deadline-exceeded', 'too late')))
  await expect(call(true, late.signal)).rejects.toMatchObject({ code: 'outcome-unknown' })
  expect(asked.length).toBeGreaterThan(10)
  const refused = routeWith((_, before) =>
    before.length === 1 ? new LostProposal() : new CodedError('permission-denied', 'not any more'),
  )
  await expect(refused.call()).rejects.toMatchObject({ code: 'outcome-unknown' })
})

test('a lost call stays of unknown outcome, where nobody is left who holds the block', async () => {
  const moved = routeWith(
    (_, before) => (before.length === 1 ? new LostProposal() : new NotPrimary([second], undefined)),
    [second],
  )
  moved.dead.add(nameOf(second))
  await expect(moved.call()).rejects.toMatchObject({ code: 'outcome-unknown' })
  const foreign = routeWith(() => new NotPrimary([second], undefined), [second])
  foreign.dead.add(nameOf(second))
  await expect(foreign.call()).rejects.toMatchObject({ code: 'store-read-only' })
})

test('a call that nobody answers is unavailable when the patience is over, after everybody was asked again and again', async () => {
  const { call, asked, world } = routeWith(gone)
  await expect(call()).rejects.toMatchObject({ code: 'unavailable' })
  const { routeTimeoutMs } = world.limits
  expect(world.time.nowMs).toBeGreaterThanOrEqual(routeTimeoutMs)
  expect(world.time.nowMs).toBeLessThan(routeTimeoutMs + 1100)
  // Waits double up to a second.
  expect(asked.length).toBeGreaterThan(8)
  expect(asked.length).toBeLessThan(40)
})

test('waiting for the first member does not keep the others from being asked', async () => {
  const { call, names, world } = routeWith(async (member) => {
    if (!is(member, own)) return 'answer'
    await world.pass(2 * world.limits.routeTimeoutMs)
    throw gone()
  })
  expect(await call()).toBe('answer')
  expect(names()).toEqual(['1', '2'])
})

test('what no other member would answer better ends the call', async () => {
  const { call, asked } = routeWith(() => new CodedError('permission-denied', 'may not'))
  await expect(call()).rejects.toMatchObject({ code: 'permission-denied' })
  expect(asked).toHaveLength(1)
})
