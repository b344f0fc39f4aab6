import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import type { BlockRecord, MapHead } from '../../../src/node/core/consensus/block-record.ts'
import { askedDigest } from '../../../src/node/core/kv/asked-digest.ts'
import type { Entry } from '../../../src/node/core/kv/entry.ts'
import { decodeEntry, encodeEntry, entryBytes } from '../../../src/node/core/kv/entry.ts'
import type { AppliedBatch, PageRules } from '../../../src/node/core/kv/page-apply.ts'
import { applyBatch, isReplay, requestIdText } from '../../../src/node/core/kv/page-apply.ts'
import type { PageBatch, PageOperation, PagePrecondition, PutOperation } from '../../../src/node/core/kv/page-batch.ts'
import { decodeOutcomes, encodeOutcomes } from '../../../src/node/core/kv/page-outcome.ts'
import { text } from '../../support/key-value-world.ts'

const digest = new NodeCrypto({ verifyKeysMax: 16 })
const rules: PageRules = { graceSpan: 1000n, retentionSpan: 500n, skewSpan: 100n, originSessionsMax: 2, digest }
const page = new Uint8Array(32).fill(2) as BlockAddress
const member = { nodeId: new Uint8Array(32), storeId: new Uint8Array(16) }
const session = (name: number): Uint8Array => new Uint8Array(16).fill(name)
const head: MapHead = {
  page: 'key-value',
  recordCount: 0,
  recordBytes: 0,
  revisionFloor: 10n,
  versionFloor: 7n,
  origins: [],
  originFloor: 0n,
  lastBatch: emptyBytes,
}
const born: BlockRecord = {
  address: page,
  generation: 1n,
  group: { index: 0, members: [member], learners: [] },
  promised: { recovery: 0, round: 0, bootCount: 1, ...member },
  committedIndex: 0n,
  version: 0n,
  outcomeFloor: 0n,
  outcomeCount: 0,
  state: { kind: 'map', head },
}

function put(key: string, { precondition = { kind: 'any' } as PagePrecondition, birth = 5000n, name = 1 } = {}): PageOperation {
  const address = new Uint8Array(32).fill(name) as BlockAddress
  const value = { address, size: 3, chunks: 0, contentType: text('a/b'), birth }
  return { kind: 'put', key: text(key), keyText: key, precondition, value }
}

function remove(key: string): PageOperation {
  return { kind: 'delete', key: text(key), keyText: key, precondition: { kind: 'any' } }
}

function batchOf(requests: PageBatch['requests'], facts: Partial<PageBatch> = {}): PageBatch {
  const none = { floor: 0n, count: 0 }
  return { session: session(1), sequence: 1n, hlc: 5000n, writer: new Uint8Array(32).fill(9), requests, forget: none, ...facts }
}

const one = (...operations: PageOperation[]) => ({ requestId: undefined, operations })
const nothing = { entries: new Map<string, Entry>(), outcomes: new Map() }

function headOf({ record }: AppliedBatch): MapHead {
  if (record.state.kind !== 'map') throw new Error('not a map')
  return record.state.head
}

describe('applying a batch', () => {
  test('gives versions above the floor and growing revisions, and counts the entries', () => {
    const applied = applyBatch(born, batchOf([one(put('a'), put('b')), one(put('a', { name: 2 }))]), nothing, rules)
    const a = applied.entries.get('a')?.entry
    expect(a).toMatchObject({ version: 9n, revision: 5002n })
    expect(applied.entries.get('b')?.entry).toMatchObject({ version: 8n, revision: 5001n })
    expect(headOf(applied)).toMatchObject({ recordCount: 2, revisionFloor: 5002n, versionFloor: 7n })
    expect(headOf(applied).recordBytes).toBe(2 * (1 + entryBytes({ contentType: text('a/b') })))
    expect(applied.record).toMatchObject({ committedIndex: 1n, version: 1n })
    expect(applied.candidates).toEqual([{ due: 6002n, address: new Uint8Array(32).fill(1), key: text('a') }])
  })

  test('a removal raises the floor to the version that it removes', () => {
    const first = applyBatch(born, batchOf([one(put('a'), put('a'), remove('a'), put('b'))]), nothing, rules)
    expect(headOf(first)).toMatchObject({ versionFloor: 9n, recordCount: 1 })
    expect(first.entries.get('a')?.entry).toBeUndefined()
    expect(first.entries.get('b')?.entry?.version).toBe(10n)
  })

  test('a value born more than half the grace ago is void, and so is its whole request', () => {
    const applied = applyBatch(
      born,
      batchOf([one(put('a'), put('b', { birth: 4499n })), one(put('c', { birth: 4500n }))]),
      nothing,
      rules,
    )
    expect(applied.results.map(({ kind }) => kind)).toEqual(['void', 'decided'])
    expect([...applied.entries.keys()]).toEqual(['c'])
  })

  test('changes nothing where every request meets a conflict', () => {
    const demanding = put('a', { precondition: { kind: 'present' } })
    const applied = applyBatch(born, batchOf([one(demanding), one(remove('b'))]), nothing, rules)
    expect(applied.changed).toBe(false)
    expect(headOf(applied).revisionFloor).toBe(10n)
  })

  test('judges request ids by the floor, the retention and what is kept', () => {
    const id = (issued: bigint) => ({ session: session(5), sequence: 1n, issued })
    const requests = [id(4499n), id(4600n), id(4700n), id(5100n), id(5101n)].map((requestId) => ({
      requestId,
      operations: [put('a')],
    }))
    const asked = askedDigest(digest, page, [put('a', { name: 7 })])
    const outcomes = [{ kind: 'conflict' as const, entry: undefined }]
    const kept = new Map([[requestIdText(id(4700n)), { asked, outcomes }]])
    const record = { ...born, outcomeFloor: 4600n, outcomeCount: 3 }
    const forget = { floor: 4650n, count: 2 }
    const applied = applyBatch(record, batchOf(requests, { forget }), { ...nothing, outcomes: kept }, rules)
    expect(applied.results.map(({ kind }) => kind)).toEqual(['too-old', 'too-old', 'decided', 'decided', 'from-the-future'])
    expect(applied.results[2]).toEqual({ kind: 'decided', outcomes, repeated: true })
    expect(applied.outcomes.map(({ requestId }) => requestId.issued)).toEqual([5100n])
    expect(applied.record).toMatchObject({ outcomeFloor: 4650n, outcomeCount: 2 })
  })

  test('refuses an id that comes back for another request, whether it was decided before or in the same turn', () => {
    const requestId = { session: session(5), sequence: 1n, issued: 4900n }
    const first = [put('a', { precondition: { kind: 'version', version: 0n } })]
    const [wanted] = first
    const others: PageOperation[][] = [
      [put('b', { precondition: { kind: 'version', version: 0n } })],
      [remove('a')],
      [{ ...remove('a'), precondition: { kind: 'version', version: 0n } }],
      [put('a')],
      [put('a', { precondition: { kind: 'version', version: 1n } })],
      [...first, ...first],
      [],
      [{ ...(wanted as PutOperation), value: { ...(wanted as PutOperation).value, size: 4 } }],
      [{ ...(wanted as PutOperation), value: { ...(wanted as PutOperation).value, contentType: text('a/c') } }],
    ]
    const again = [put('a', { precondition: { kind: 'version', version: 0n }, birth: 4999n, name: 8 })]
    const requests = [first, ...others, again].map((operations) => ({ requestId, operations }))
    const one = applyBatch(born, batchOf(requests), nothing, rules)
    expect(one.results.map(({ kind }) => kind)).toEqual(['decided', ...others.map(() => 'id-reused'), 'decided'])
    expect(one.results.at(-1)).toMatchObject({ repeated: true })
    expect([one.entries.size, one.outcomes.length]).toEqual([0, 1])
    const kept = new Map([[requestIdText(requestId), one.outcomes[0]!]])
    const later = applyBatch(one.record, batchOf(requests, { sequence: 2n }), { ...nothing, outcomes: kept }, rules)
    expect(later.results.map(({ kind }) => kind)).toEqual(['decided', ...others.map(() => 'id-reused'), 'decided'])
    expect(later.changed).toBe(false)
  })

  test('is done once, and sessions that are forgotten stay refused', () => {
    let record = born
    const apply = (facts: Partial<PageBatch>) => {
      const applied = applyBatch(record, batchOf([one(put('a'))], facts), nothing, rules)
      record = applied.record
      return headOf(applied)
    }
    apply({ session: session(3), sequence: 4n, hlc: 5000n })
    apply({ session: session(2), sequence: 1n, hlc: 5100n })
    const last = apply({ session: session(1), sequence: 9n, hlc: 5200n })
    expect(last.origins.map((origin) => origin.session[0])).toEqual([1, 2])
    expect(last.originFloor).toBe(5000n)
    expect(isReplay(last, batchOf([], { session: session(1), sequence: 9n, hlc: 5300n }))).toBe(true)
    expect(isReplay(last, batchOf([], { session: session(1), sequence: 10n, hlc: 5300n }))).toBe(false)
    expect(isReplay(last, batchOf([], { session: session(3), sequence: 4n, hlc: 5000n }))).toBe(true)
    expect(isReplay(last, batchOf([], { session: session(3), sequence: 5n, hlc: 5001n }))).toBe(false)
    expect(() => apply({ session: session(1), sequence: 9n, hlc: 5300n })).toThrow('once')
    expect(() => apply({ session: session(1), sequence: 10n, hlc: 5200n })).toThrow('younger')
  })
})

describe('records', () => {
  const entry = applyBatch(born, batchOf([one(put('a'))]), nothing, rules).entries.get('a')?.entry as Entry

  test('an entry comes back from its bytes, large sizes included', () => {
    for (const each of [
      entry,
      { ...entry, size: 2 ** 40 + 5, chunks: 1 << 20, expiryMs: 2 ** 47, contentType: new Uint8Array(255) },
    ]) {
      expect(decodeEntry(encodeEntry(each))).toEqual(each)
    }
  })

  test('an entry has these bytes', () => {
    expect(Buffer.from(encodeEntry(entry)).toString('hex')).toBe(
      `010000000000000008${'0000000000001388'}${'01'.repeat(32)}${'0000000000000003'}00000000${'0000000000001388'}` +
        `${'0000000000000000'}${'09'.repeat(32)}${'01'.repeat(16)}${'0000000000000001'}03612f62`,
    )
  })

  test('bytes that are no entry of this format are refused', () => {
    const bytes = encodeEntry(entry)
    expect(decodeEntry(bytes.subarray(1))).toBeUndefined()
    expect(decodeEntry(bytes.subarray(0, -1))).toBeUndefined()
    expect(decodeEntry(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined()
    expect(decodeEntry(Uint8Array.from(bytes, (byte, index) => (index === 0 ? 2 : byte)))).toBeUndefined()
    expect(decodeEntry(new Uint8Array(0))).toBeUndefined()
  })

  test('outcomes come back from their bytes, and nothing else does', () => {
    const outcomes = [
      { kind: 'done', entry },
      { kind: 'conflict', entry: undefined },
      { kind: 'done', entry: undefined },
    ] as const
    const kept = { asked: new Uint8Array(32).fill(3), outcomes }
    const bytes = encodeOutcomes(kept)
    expect(decodeOutcomes(bytes)).toEqual(kept)
    for (let length = 0; length < bytes.length; length++) expect(decodeOutcomes(bytes.subarray(0, length))).toBeUndefined()
    expect(decodeOutcomes(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined()
  })
})
