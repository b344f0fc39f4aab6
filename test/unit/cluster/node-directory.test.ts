import { expect, test } from 'vitest'
import { MemoryDisk } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import type { NodeRecord, SignedNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { toHex } from '../../../src/node/core/base/bytes.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { encodeText } from '../../../src/node/core/base/text.ts'
import { NodeDirectory } from '../../../src/node/engine/cluster/node-directory.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'
import { SimClock } from '../../sim/sim-clock.ts'
import { VirtualTime } from '../../sim/virtual-time.ts'
import { crypto, filled, keysOf, networkId, nodeRecord } from '../../support/identities.ts'
import { SilentLogger } from '../adapters/silent-logger.ts'

function bed(disk = new MemoryDisk(), changes: { networkId?: Uint8Array; isOfNetwork?: (nodeId: Uint8Array) => boolean } = {}) {
  const time = new VirtualTime()
  const store = openMemoryStore({ random: new SeededRandom(1), disk })
  const learnt: string[] = []
  const logger = new SilentLogger()
  const directory = new NodeDirectory({
    store,
    crypto,
    clock: new SimClock(time, () => 0),
    limits: { ...defaultLimits, directoryBatchMax: 3 },
    logger,
    networkId,
    ownNodeId: nodeRecord(keysOf(1)).nodeId,
    transport: { learn: (nodeId, endpoints) => void learnt.push(`${toHex(nodeId).slice(0, 4)} ${endpoints.join()}`) },
    isOfNetwork: () => true,
    ...changes,
  })
  return { time, store, disk, learnt, logger, directory }
}

const recordOf = (number: number, changes: Partial<NodeRecord> = {}) =>
  nodeRecord(keysOf(number), { endpoints: [`host-${number}:1`], ...changes })
const shortOf = ({ nodeId }: SignedNodeRecord) => toHex(nodeId).slice(0, 4)
const keyOf = ({ nodeId }: SignedNodeRecord) => encodeText(`nodes/${toHex(nodeId)}`)
const settle = () => new Promise<void>((resolve) => void setImmediate(resolve))

test('what is learnt is written at once, then together with what else is learnt in some seconds, and found by the next start', async () => {
  const first = bed()
  const records = Array.from({ length: 8 }, (_, index) => recordOf(index + 2))
  for (const record of records) expect(first.directory.take(record, 'gossip')).toEqual({ kind: 'news', anotherStore: false })
  expect(first.learnt).toEqual(records.map((record) => `${shortOf(record)} ${record.endpoints.join()}`))
  await settle()
  expect(first.store.usage().syncedPosition).toBe(0n)
  first.time.step()
  await settle()
  expect([first.time.nowMs, first.store.usage().syncedPosition]).toEqual([0, 3n])
  for (const number of [10, 11]) first.directory.take(recordOf(number), 'gossip')
  first.time.step()
  await settle()
  expect([first.time.nowMs, first.store.usage().syncedPosition]).toEqual([defaultLimits.directoryWriteMs, 4n])
  // Nothing is left to be written.
  await first.directory.stop()
  expect(first.store.usage().syncedPosition).toBe(4n)
  await first.store.close()
  const second = bed(first.disk)
  await second.directory.start()
  const all = [...records, recordOf(10), recordOf(11)].map(shortOf)
  expect([...second.directory.records()].map(shortOf).sort()).toEqual(all.sort())
  expect(second.learnt).toHaveLength(10)
  expect(second.logger.lines).toEqual([])
  for (const record of records) expect(second.directory.take(record, 'gossip')).toEqual({ kind: 'known' })
})

test('a stop writes what waits', async () => {
  const { directory, store } = bed()
  directory.take(recordOf(2), 'gossip')
  await directory.stop()
  await directory.stop()
  expect(store.get('local', keyOf(recordOf(2)))).toBeDefined()
})

test('of two records the newer is kept, and an older one is not even verified', async () => {
  const { directory } = bed()
  const forgedOlder = { ...recordOf(2, { incarnation: 4 }), signature: filled(1, 64) }
  directory.take(recordOf(2, { incarnation: 5 }), 'gossip')
  expect(directory.take(forgedOlder, 'gossip')).toEqual({ kind: 'older' })
  expect(directory.take({ ...forgedOlder, incarnation: 6 }, 'gossip')).toEqual({ kind: 'forged' })
  const kept = directory.get(recordOf(2).nodeId) as SignedNodeRecord
  expect(directory.take({ ...kept, zone: 'forged' }, 'gossip').kind).not.toBe('known')
  const elsewhere = recordOf(2, { storeId: filled(7, 16), bootCount: 1, incarnation: 0, issued: kept.issued + 1n })
  expect(directory.take(elsewhere, 'gossip')).toEqual({ kind: 'news', anotherStore: true })
  await directory.stop()
})

test('records of another network, of strangers, of this node and what cannot be read are removed at a start', async () => {
  const first = bed()
  for (const number of [2, 3, 4, 5]) first.directory.take(recordOf(number), 'gossip')
  await first.directory.stop()
  const foreign = bed(new MemoryDisk(), { networkId: filled(9) })
  expect(foreign.directory.take(recordOf(2), 'gossip')).toEqual({ kind: 'forged' })
  const value = first.store.get('local', keyOf(recordOf(2))) as Uint8Array
  await first.store.commit([
    { kind: 'put', family: 'local', key: keyOf(recordOf(3)), value: filled(3) },
    { kind: 'put', family: 'local', key: keyOf(recordOf(6)), value },
    { kind: 'put', family: 'local', key: encodeText('nodes/short'), value },
    { kind: 'put', family: 'local', key: encodeText('other'), value: filled(1) },
  ])
  await first.store.close()
  expect(first.disk.flipBit('local', keyOf(recordOf(5)))).toBe(true)
  const stranger = toHex(recordOf(4).nodeId)
  const second = bed(first.disk, { isOfNetwork: (nodeId) => toHex(nodeId) !== stranger })
  await second.directory.start()
  expect([...second.directory.records()].map(shortOf)).toEqual([shortOf(recordOf(2))])
  expect(second.logger.lines.map(({ fields }) => fields)).toEqual([{ nodes: 3 }])
  await second.directory.stop()
  const left = [2, 3, 4, 5, 6].filter((number) => second.store.get('local', keyOf(recordOf(number))) !== undefined)
  expect(left).toEqual([2])
  expect(second.store.get('local', encodeText('other'))).toBeDefined()
})

test('a node that lost its place is dialled no more, and forgotten on the disk too', async () => {
  const places = new Set([2, 3].map((number) => toHex(recordOf(number).nodeId)))
  const { directory, store, learnt } = bed(new MemoryDisk(), { isOfNetwork: (nodeId) => places.has(toHex(nodeId)) })
  for (const number of [2, 3, 4]) directory.take(recordOf(number), 'gossip')
  expect(directory.size).toBe(2)
  places.delete(toHex(recordOf(2).nodeId))
  expect(directory.forgetStrangers().map((nodeId) => toHex(nodeId))).toEqual([toHex(recordOf(2).nodeId)])
  expect(directory.forgetStrangers()).toEqual([])
  expect(learnt).toEqual([`${shortOf(recordOf(2))} host-2:1`, `${shortOf(recordOf(3))} host-3:1`, `${shortOf(recordOf(2))} `])
  await directory.stop()
  expect([2, 3].map((number) => store.get('local', keyOf(recordOf(number))) !== undefined)).toEqual([false, true])
})

test('a disk that is full is said once and tried again', async () => {
  const { directory, store, time, logger, disk } = bed()
  disk.capacityBytes = 0
  for (let round = 0; round < 3; round++) {
    directory.take(recordOf(2, { incarnation: 10 + round }), 'gossip')
    time.step()
    await settle()
  }
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn'])
  disk.capacityBytes = undefined
  time.step()
  await settle()
  expect(store.get('local', keyOf(recordOf(2)))).toBeDefined()
  await directory.stop()
})
