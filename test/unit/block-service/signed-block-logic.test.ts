import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import type { BlockEntry } from '../../../src/node/core/consensus/block-entry.ts'
import { encodeBlockEntry } from '../../../src/node/core/consensus/block-entry-codec.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { LocalBlockEntry, SignedBlockLogic } from '../../../src/node/engine/block/signed-block-logic.ts'
import { noise } from '../../support/key-value-world.ts'
import { SignedBlockCluster } from '../../support/signed-block-cluster.ts'

let cluster: SignedBlockCluster
beforeEach(async () => {
  cluster = await SignedBlockCluster.start({ members: 1 })
})
afterEach(() => cluster.stop())

const members = [1, 2].map((seed) => ({ nodeId: noise(32, seed), storeId: noise(16, seed) }))
const session = new Uint8Array(16)

/** The log of one block as a member applies it that knows nothing but the entries. */
function log() {
  const { parts, blocks } = cluster.member(0)
  const logic = new SignedBlockLogic(parts)
  const address = blocks.namedAddress(new Uint8Array(1))
  const group = bornGroup(members)
  let record: BlockRecord | undefined
  const facts = (sequence: bigint, issued: bigint, forgetUpTo = 0n) => ({
    address,
    issued,
    requestId: { session, sequence, issued },
    asked: new Uint8Array(32),
    forgetUpTo,
    generation: 10n,
  })
  const apply = async (entry: BlockEntry, local?: unknown) => {
    const applied = await logic.apply(record, { address, group, body: encodeBlockEntry(entry), local })
    if (applied.writes.length > 0) await parts.store.commit(applied.writes)
    record = applied.record && { ...applied.record, committedIndex: (record?.committedIndex ?? -1n) + 1n }
    return applied
  }
  const outcomes = () => parts.store.usage().families.outcome.records
  return { logic, facts, apply, outcomes, record: () => record, address, group }
}

test('an entry that comes twice is decided once, and answered as it was', async () => {
  const { facts, apply, outcomes, record } = log()
  const birth: BlockEntry = { kind: 'birth', ...facts(1n, 10n), signed: noise(5) }
  expect((await apply(birth)).result).toMatchObject({ misfit: undefined, outcome: { kind: 'done' } })
  const again = await apply(birth)
  expect(again.result).toMatchObject({ misfit: 'repeated', outcome: { kind: 'done', generation: 10n } })
  expect(again.writes).toEqual([])
  // What the proposer has looked up may be out of date among several members.
  const local = new LocalBlockEntry(birth, [noise(72)])
  expect((await apply(birth, local)).result).toMatchObject({ misfit: 'repeated' })
  expect([outcomes(), record()?.outcomeCount]).toEqual([1, 1])
})

test('each member finds for itself what an entry forgets, and an id that may be forgotten is too old', async () => {
  const { facts, apply, outcomes, record } = log()
  await apply({ kind: 'birth', ...facts(1n, 10n), signed: noise(5) })
  for (let version = 1n; version <= 4n; version++) {
    await apply({ kind: 'version', ...facts(version, 10n + version), version, signed: noise(5) })
  }
  expect([outcomes(), record()?.outcomeCount]).toEqual([5, 5])
  await apply({ kind: 'version', ...facts(9n, 20n, 12n), version: 5n, signed: noise(5) })
  expect(record()).toMatchObject({ version: 5n, outcomeCount: 3, outcomeFloor: 12n })
  expect(outcomes()).toBe(3)
  // Another primary chose the same ones to be forgotten.
  await apply({ kind: 'version', ...facts(10n, 21n, 12n), version: 6n, signed: noise(5) })
  expect(record()).toMatchObject({ version: 6n, outcomeCount: 4, outcomeFloor: 12n })
  const late = await apply({ kind: 'version', ...facts(2n, 12n), version: 7n, signed: noise(5) })
  expect(late).toMatchObject({ result: { misfit: 'too-old', outcome: undefined }, writes: [] })
  expect([outcomes(), record()?.version]).toEqual([4, 6n])
})

test('removals alone use the space that is kept for them', () => {
  const { logic, facts } = log()
  const removal: BlockEntry = { kind: 'removal', ...facts(1n, 10n), version: 0n, proof: noise(5) }
  const version: BlockEntry = { kind: 'version', ...facts(1n, 10n), version: 1n, signed: emptyBytes }
  expect(logic.spaceOf(encodeBlockEntry(removal), undefined)).toBe('reserve')
  expect(logic.spaceOf(emptyBytes, new LocalBlockEntry(version, []))).toBe('normal')
})

test('what is no entry of the block is damage', () => {
  const { logic, facts, group } = log()
  const entry: BlockEntry = { kind: 'birth', ...facts(1n, 10n), signed: noise(5) }
  const other = cluster.member(0).blocks.namedAddress(new Uint8Array(2))
  const body = encodeBlockEntry(entry)
  const chosen = { address: other, group, body, local: undefined }
  expect(() => logic.apply(undefined, chosen)).toThrow(expect.objectContaining({ code: 'data-corrupt' }))
  expect(() => logic.apply(undefined, { ...chosen, body: noise(9) })).toThrow(expect.objectContaining({ code: 'data-corrupt' }))
})
