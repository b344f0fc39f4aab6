import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { decodeChosenSlots, encodeChosenSlots } from '../../../src/node/core/consensus/chosen-slots.ts'
import type { Slot } from '../../../src/node/core/consensus/replica-events.ts'
import type { ConfirmedIndex, CopyAnswer, CopyQuestion } from '../../../src/node/core/wire/copy-calls.ts'
import {
  decodeConfirmedIndex,
  decodeCopyAnswer,
  decodeCopyQuestion,
  encodeConfirmedIndex,
  encodeCopyAnswer,
  encodeCopyQuestion,
} from '../../../src/node/core/wire/copy-calls.ts'
import {
  bodyBytes,
  messageBody,
  messageKindOf,
  requestBody,
  requestKindOf,
  streamBody,
  streamKindOf,
} from '../../../src/node/core/wire/peer-body.ts'
import type { EntriesQuestion, SnapshotRecord } from '../../../src/node/core/wire/replica-calls.ts'
import {
  decodeEntriesQuestion,
  decodeSnapshotEnd,
  decodeSnapshotPiece,
  encodeEntriesQuestion,
  encodeSnapshotEnd,
  encodeSnapshotPiece,
} from '../../../src/node/core/wire/replica-calls.ts'
import type { RoutedAnswer, RoutedRequest } from '../../../src/node/core/wire/routed-call.ts'
import {
  decodeRoutedAnswer,
  decodeRoutedRequest,
  encodeRoutedAnswer,
  encodeRoutedRequest,
  routedKinds,
} from '../../../src/node/core/wire/routed-call.ts'
import { encodesOneToOne } from '../base/one-to-one.ts'
import { mutableAddress, someBytes } from '../block/block-arbitraries.ts'
import { acceptedEntry, member } from '../consensus/consensus-arbitraries.ts'

const request: fc.Arbitrary<RoutedRequest> = fc.record({
  address: mutableAddress,
  kind: fc.constantFrom(...routedKinds),
  primaryFailed: fc.boolean(),
  body: someBytes(),
})
const answer: fc.Arbitrary<RoutedAnswer> = fc.oneof(
  fc.record({ kind: fc.constant('answered' as const), body: someBytes() }),
  fc.record({
    kind: fc.constant('elsewhere' as const),
    members: fc.array(member, { maxLength: 9 }),
    ahead: fc.option(member, { nil: undefined }),
  }),
  fc.constant({ kind: 'lost' as const }),
)
const copyQuestion: fc.Arbitrary<CopyQuestion> = fc.record({
  kind: fc.constantFrom('page-read' as const, 'page-list' as const, 'block-read' as const),
  boundMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
  mayAsk: fc.boolean(),
  body: someBytes(),
})
const copyAnswer: fc.Arbitrary<CopyAnswer> = fc.oneof(
  fc.record({ kind: fc.constant('copy' as const), ageMs: fc.option(fc.maxSafeNat(), { nil: undefined }), body: someBytes() }),
  fc.record({ kind: fc.constant('none' as const), members: fc.array(member, { maxLength: 9 }) }),
  fc.constant({ kind: 'stale' as const }),
  fc.constant({ kind: 'behind' as const }),
)
const confirmedIndex: fc.Arbitrary<ConfirmedIndex> = fc.record({
  index: fc.integer({ min: -1, max: 2 ** 40 }),
  holders: fc.array(member, { maxLength: 9 }),
})
const chosen: fc.Arbitrary<readonly Slot[]> = fc
  .tuple(fc.nat({ max: 2 ** 40 }), fc.array(acceptedEntry, { minLength: 1, maxLength: 4 }))
  .map(([first, entries]) => entries.map((entry, order) => ({ slot: first + order, ...entry })))
const question: fc.Arbitrary<EntriesQuestion> = fc.record({ address: mutableAddress, since: fc.maxSafeNat() })

const address = addressFromDigest(new Uint8Array(32).fill(7), 'mutable')
const record: fc.Arbitrary<SnapshotRecord> = fc.record({
  family: fc.constantFrom('entry' as const, 'outcome' as const),
  key: someBytes(40).map((rest) => Uint8Array.from([...address, ...rest])),
  value: fc.option(someBytes(), { nil: undefined }),
})

test('calls to primaries', () => encodesOneToOne(request, encodeRoutedRequest, decodeRoutedRequest))
test('answers of members', () => encodesOneToOne(answer, encodeRoutedAnswer, decodeRoutedAnswer))
test('questions for copies', () => encodesOneToOne(copyQuestion, encodeCopyQuestion, decodeCopyQuestion))
test('answers of copies', () => encodesOneToOne(copyAnswer, encodeCopyAnswer, decodeCopyAnswer))
test('confirmed indexes', () => encodesOneToOne(confirmedIndex, encodeConfirmedIndex, decodeConfirmedIndex))
test('chosen entries', () => encodesOneToOne(chosen, encodeChosenSlots, decodeChosenSlots))
test('questions for entries', () => encodesOneToOne(question, encodeEntriesQuestion, decodeEntriesQuestion))
test('pieces of snapshots', () =>
  encodesOneToOne(fc.array(record, { maxLength: 4 }), encodeSnapshotPiece, (bytes) => decodeSnapshotPiece(address, bytes)))
test('ends of snapshots', () => encodesOneToOne(fc.uint8Array({ minLength: 1 }), encodeSnapshotEnd, decodeSnapshotEnd))

const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte)
const immutable = addressFromDigest(filled(1, 32), 'immutable')

test('calls and questions are of mutable blocks', () => {
  const call = { kind: 'page-read', primaryFailed: false, body: filled(0, 0) } as const
  expect(decodeRoutedRequest(encodeRoutedRequest({ ...call, address }))).toBeDefined()
  expect(decodeRoutedRequest(encodeRoutedRequest({ ...call, address: immutable }))).toBeUndefined()
  expect(decodeEntriesQuestion(encodeEntriesQuestion({ address: immutable, since: 1 }))).toBeUndefined()
})

test('an answer names nine members at most', () => {
  const one = { nodeId: filled(2, 32), storeId: filled(3, 16) }
  const named = (count: number) =>
    decodeRoutedAnswer(encodeRoutedAnswer({ kind: 'elsewhere', members: Array.from({ length: count }, () => one), ahead: one }))
  expect(named(9)).toBeDefined()
  expect(named(10)).toBeUndefined()
})

test('an age is rounded up: no copy is younger than it says', () => {
  const aged = decodeCopyAnswer(encodeCopyAnswer({ kind: 'copy', ageMs: 4.001, body: filled(0, 0) }))
  expect(aged).toMatchObject({ ageMs: 5 })
})

test('a piece of a snapshot writes of its own block alone', () => {
  const piece = (key: Uint8Array) => encodeSnapshotPiece([{ family: 'entry', key, value: undefined }])
  expect(decodeSnapshotPiece(address, piece(address))).toBeDefined()
  expect(decodeSnapshotPiece(address, piece(address.subarray(0, 31)))).toBeUndefined()
  for (let index = 0; index < address.length; index++) {
    const other = Uint8Array.from(address)
    other[index] = (other[index] ?? 0) ^ 1
    expect(decodeSnapshotPiece(address, piece(other))).toBeUndefined()
  }
})

test('a body says in its first byte what it is', () => {
  const rest = Uint8Array.of(1, 2, 3)
  const messages = ['replica', 'liveness'] as const
  const requests = ['routed', 'ping', 'entries', 'content-put', 'content-get', 'content-look', 'content-remove', 'renew'] as const
  expect(messages.map((kind) => messageBody(kind, rest)[0])).toEqual([1, 2])
  expect(requests.map((kind) => requestBody(kind, rest)[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(streamBody('snapshot', rest)[0]).toBe(1)
  for (const kind of messages) expect(messageKindOf(messageBody(kind, rest))).toBe(kind)
  for (const kind of requests) expect(requestKindOf(requestBody(kind, rest))).toBe(kind)
  expect(streamKindOf(streamBody('snapshot', rest))).toBe('snapshot')
  expect(bodyBytes(requestBody('ping', rest))).toEqual(rest)
  for (const body of [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(9), Uint8Array.of(255)]) {
    expect([messageKindOf(body), requestKindOf(body), streamKindOf(body)]).toEqual([undefined, undefined, undefined])
  }
})
