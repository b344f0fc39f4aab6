import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { areOfTwoProcesses, decodeNodeRecord, isGenuineNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { encodeText } from '../../../src/node/core/base/text.ts'
import type { AdvertisedFacts } from '../../../src/node/engine/cluster/own-record.ts'
import { OwnRecord } from '../../../src/node/engine/cluster/own-record.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'
import { crypto, member, networkId } from '../../support/identities.ts'

function bed(byteLimit?: number) {
  const store = openMemoryStore({
    random: new SeededRandom(1),
    ...(byteLimit !== undefined && { byteLimit }),
    reserveBytes: 1000,
  })
  const bedOf = {
    nowMs: 0,
    store,
    facts: { endpoints: ['a:1'], zone: 'z', labels: ['ssd'], storing: true } as AdvertisedFacts,
    own: undefined as unknown as OwnRecord,
  }
  bedOf.own = new OwnRecord({
    crypto,
    clock: { monotonicMs: () => bedOf.nowMs },
    store,
    limits: defaultLimits,
    node: member.node,
    networkId,
    software: '2.0.0',
    issued: () => hlcFromMs(1_000_000 + bedOf.nowMs),
    advertised: () => bedOf.facts,
  })
  return bedOf
}

const fill = (bytes: number) => [{ kind: 'put', family: 'local', key: encodeText('x'), value: new Uint8Array(bytes) }] as const

test('it is signed for each incarnation, with the facts of that moment', async () => {
  const { own, store } = bed()
  const first = decodeNodeRecord(own.renew(0))
  await store.commit(fill(10))
  const second = decodeNodeRecord(own.renew(1))
  expect(first).toMatchObject({
    incarnation: 0,
    syncedPosition: 0n,
    bootCount: 1,
    storeId: store.identity.storeId,
    software: '2.0.0',
  })
  expect(second).toMatchObject({ incarnation: 1, syncedPosition: 1n })
  for (const record of [first, second]) expect(record && isGenuineNodeRecord(crypto, networkId, record)).toBe(true)
  expect(own.current).toEqual(second)
  expect(own.life).toMatchObject({ bootCount: 1, syncedPosition: 1n, positionAtStart: 0n })
})

test('one incarnation is one statement, also where a hello showed it first', async () => {
  const { own, store } = bed()
  const shown = own.current
  await store.commit(fill(10))
  expect(decodeNodeRecord(own.renew(0))).toEqual(shown)
})

test('what is said later is stamped no earlier, also where the clock of the machine is set back', () => {
  const world = bed()
  world.nowMs = 60_000
  const first = decodeNodeRecord(world.own.renew(0))
  world.nowMs = 10_000
  const second = decodeNodeRecord(world.own.renew(1))
  if (first === undefined || second === undefined) throw new Error('both are records')
  expect(second.issued).toBeGreaterThanOrEqual(first.issued)
  expect(areOfTwoProcesses(first, second)).toBe(false)
})

test('it is outdated when what it says has changed, or its time is over', async () => {
  const world = bed(100_000)
  const { own, store } = world
  expect(own.isOutdated(3)).toBe(true)
  own.renew(0)
  expect(own.isOutdated(3)).toBe(false)
  for (const facts of [
    { endpoints: ['a:2'] },
    { endpoints: ['a:1', 'b:1'] },
    { zone: 'y' },
    { labels: [] },
    { storing: false },
  ]) {
    const before = world.facts
    world.facts = { ...before, ...facts }
    expect(own.isOutdated(3)).toBe(true)
    world.facts = before
    expect(own.isOutdated(3)).toBe(false)
  }
  await store.commit(fill(4000))
  expect(own.isOutdated(3)).toBe(false)
  await store.commit(fill(6000))
  expect(own.isOutdated(3)).toBe(true)
  own.renew(1)
  world.nowMs = defaultLimits.recordIntervalMs - 1
  expect(own.isOutdated(3)).toBe(false)
  world.nowMs += 1
  expect([own.isOutdated(3), own.isOutdated(4096)]).toEqual([true, false])
  world.nowMs = 4096 * defaultLimits.recordNodeIntervalMs
  expect(own.isOutdated(4096)).toBe(true)
})

test('free space is what the limit leaves, and nothing where the store is full', async () => {
  const { own, store } = bed(100_000)
  expect(own.current).toMatchObject({ capacityBytes: 100_000, freeBytes: 99_000 })
  await store.commit(fill(98_000))
  const nearlyFull = decodeNodeRecord(own.renew(1))
  expect(nearlyFull?.freeBytes).toBeLessThan(1000)
  store.disk.capacityBytes = store.disk.usedBytes
  expect(own.isOutdated(3)).toBe(true)
  expect(decodeNodeRecord(own.renew(2))?.freeBytes).toBe(0)
  const { own: unlimited } = bed()
  expect(unlimited.current).toMatchObject({ capacityBytes: Number.MAX_SAFE_INTEGER, freeBytes: Number.MAX_SAFE_INTEGER })
})

test('what does not fit into a record is refused', () => {
  const world = bed()
  world.facts = { ...world.facts, zone: 'z'.repeat(300) }
  expect(() => world.own.renew(0)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  world.facts = { ...world.facts, zone: 'z', endpoints: ['no port'] }
  expect(() => world.own.current).toThrow(expect.objectContaining({ code: 'config-invalid' }))
})
