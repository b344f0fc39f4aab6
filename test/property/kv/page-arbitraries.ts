import fc from 'fast-check'
import { encodeText } from '../../../src/node/core/base/text.ts'
import type { Entry } from '../../../src/node/core/kv/entry.ts'
import type { RequestResult } from '../../../src/node/core/kv/page-apply.ts'
import type { CalledEntry, CalledList, CalledPage } from '../../../src/node/core/kv/page-calls.ts'
import type { ChangeOperation, PageChange, PageKey, ReadyValue } from '../../../src/node/core/kv/page-change.ts'
import type { PageEntry, PageEntryPart } from '../../../src/node/core/kv/page-entry.ts'
import type { OperationOutcome } from '../../../src/node/core/kv/page-outcome.ts'
import { bytesOf, contentCopy, hlc, immutableAddress, someBytes, uint64 } from '../block/block-arbitraries.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const key: fc.Arbitrary<PageKey> = text.map((each) => ({ text: each, bytes: encodeText(each) }))
const count = fc.nat({ max: 2 ** 31 - 1 })
const requestId = fc.option(fc.record({ session: bytesOf(16), sequence: uint64, issued: uint64 }), { nil: undefined })

const precondition = fc.oneof(
  fc.constantFrom({ kind: 'any' as const }, { kind: 'absent' as const }, { kind: 'present' as const }),
  uint64.map((version) => ({ kind: 'version' as const, version })),
)

const value: fc.Arbitrary<ReadyValue> = fc
  .record({
    address: immutableAddress,
    size: fc.maxSafeNat(),
    chunks: count,
    birth: hlc,
    settles: fc.array(bytesOf(40), { maxLength: 3 }),
    copy: fc.option(contentCopy, { nil: undefined }),
  })
  .map(({ copy, ...rest }) => {
    if (copy === undefined) return { ...rest, block: undefined }
    return { ...rest, address: copy.address, block: { ...copy, birth: 0n } }
  })

const operation: fc.Arbitrary<ChangeOperation> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, precondition, contentType: someBytes(), value }),
  fc.record({ kind: fc.constant('delete' as const), key, precondition }),
)
const change: fc.Arbitrary<PageChange> = fc.record({ requestId, operations: fc.array(operation, { maxLength: 3 }) })

export const pagePart: fc.Arbitrary<PageEntryPart> = fc.record({
  session: bytesOf(16),
  sequence: uint64,
  writer: bytesOf(32),
  changes: fc.array(change, { maxLength: 3 }),
  signed: someBytes(),
})

export const pageEntry: fc.Arbitrary<PageEntry> = fc.record({
  hlc,
  forgetUpTo: hlc,
  parts: fc.array(pagePart, { maxLength: 3 }),
})

const entry: fc.Arbitrary<Entry> = fc.record({
  address: immutableAddress,
  size: fc.maxSafeNat(),
  chunks: count,
  contentType: someBytes(255),
  birth: uint64,
  version: uint64,
  revision: uint64,
  expiryMs: fc.maxSafeNat(),
  writer: bytesOf(32),
  batch: fc.record({ session: bytesOf(16), sequence: uint64 }),
})

const outcome: fc.Arbitrary<OperationOutcome> = fc.record({
  kind: fc.constantFrom('done' as const, 'conflict' as const),
  entry: fc.option(entry, { nil: undefined }),
})
export const requestResult: fc.Arbitrary<RequestResult> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('decided' as const),
      repeated: fc.boolean(),
      outcomes: fc.array(outcome, { maxLength: 3 }),
    }),
  },
  fc.constantFrom(
    { kind: 'id-reused' as const },
    { kind: 'too-old' as const },
    { kind: 'from-the-future' as const },
    { kind: 'void' as const },
    { kind: 'replayed' as const },
  ),
)

export const calledEntry: fc.Arbitrary<CalledEntry> = fc.oneof(entry, fc.constantFrom('unreadable' as const, undefined))

const anyText = fc.string({ unit: 'grapheme', maxLength: 12 })
/** With every field that a decoder gives. */
export const calledList: fc.Arbitrary<CalledList> = fc
  .record({
    list: fc.record({
      prefix: anyText,
      startAfter: anyText,
      end: anyText,
      delimiter: anyText,
      limit: fc.maxSafeNat(),
      reverse: fc.boolean(),
      withValues: fc.boolean(),
    }),
    pageToken: fc.uint8Array({ maxLength: 60 }),
    bytesMax: fc.option(fc.maxSafeNat(), { nil: undefined }),
  })
  .map(({ list, pageToken, bytesMax }) => ({
    ...list,
    ...(pageToken.length > 0 && { pageToken }),
    ...(bytesMax !== undefined && { bytesMax }),
  }))

export const calledPage: fc.Arbitrary<CalledPage> = fc.record({
  items: fc.array(
    fc.record({ key, entry }).map(({ key: each, entry: found }) => ({ key: each.text, bytes: each.bytes, entry: found })),
    { maxLength: 3 },
  ),
  commonPrefixes: fc.array(anyText, { maxLength: 3 }),
  nextPageToken: fc.option(fc.uint8Array({ minLength: 1, maxLength: 60 }), { nil: undefined }),
  bytesMax: fc.maxSafeNat(),
  damage: fc.option(fc.record({ unreadable: fc.array(anyText, { maxLength: 3 }), incomplete: fc.boolean() }), { nil: undefined }),
})
export const pageKeys = fc.array(
  key.map(({ bytes }) => bytes),
  { maxLength: 5 },
)
