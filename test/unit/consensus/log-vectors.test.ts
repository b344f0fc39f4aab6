import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { decodeChosenSlots } from '../../../src/node/core/consensus/chosen-slots.ts'
import {
  decodeCalledList,
  decodeCalledPage,
  decodeEntries,
  decodePageKeys,
  decodePageSettle,
} from '../../../src/node/core/kv/page-calls.ts'
import { decodePageEntry, decodePagePart } from '../../../src/node/core/kv/page-entry.ts'
import { decodeResults } from '../../../src/node/core/kv/page-results.ts'
import { decodeRootCopy } from '../../../src/node/core/overlay/named-sections.ts'
import { decodeSettled } from '../../../src/node/core/overlay/root-bodies.ts'
import { decodeRootEntry } from '../../../src/node/core/overlay/root-entry.ts'
import { decodeConfirmedIndex, decodeCopyAnswer, decodeCopyQuestion } from '../../../src/node/core/wire/copy-calls.ts'
import { decodeEntriesQuestion, decodeSnapshotEnd, decodeSnapshotPiece } from '../../../src/node/core/wire/replica-calls.ts'
import { decodeRoutedAnswer, decodeRoutedRequest } from '../../../src/node/core/wire/routed-call.ts'

interface Vector {
  readonly encoded: string
  readonly [name: string]: unknown
}
const stored = (name: string): readonly Vector[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../vectors/${name}.json`), 'utf8')).vectors
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const address = bytes(`${'51'.repeat(31)}50`)

/** A decoded value as the vectors spell it. */
const spelled = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'bigint') return item.toString()
      return item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item
    }),
  )

/** Without what a block's record has beside what the vectors name. */
const withoutBirths = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, item: unknown) => (name === 'block' ? { ...Object(item), birth: undefined } : item)))

type Decode = (encoded: Uint8Array) => unknown
const files: Readonly<Record<string, Readonly<Record<string, Decode>>>> = {
  'page-log': { part: decodePagePart, entry: decodePageEntry, results: decodeResults },
  'page-calls': {
    keys: decodePageKeys,
    settle: decodePageSettle,
    entries: decodeEntries,
    list: decodeCalledList,
    page: decodeCalledPage,
  },
  'root-log': { entry: decodeRootEntry, copy: decodeRootCopy, settled: decodeSettled },
  'member-calls': {
    call: decodeRoutedRequest,
    answer: decodeRoutedAnswer,
    question: decodeEntriesQuestion,
    chosen: decodeChosenSlots,
    piece: (encoded) => decodeSnapshotPiece(address as BlockAddress, encoded),
    end: decodeSnapshotEnd,
  },
  'copy-calls': { question: decodeCopyQuestion, answer: decodeCopyAnswer, confirmed: decodeConfirmedIndex },
}

test.for(Object.entries(files))('the stored vectors of %s decode to what they say', ([file, decoders]) => {
  const seen = stored(file).map(({ encoded, ...named }) => {
    const [name = '', value] = Object.entries(named)[0] ?? []
    expect(withoutBirths(spelled(decoders[name]?.(bytes(encoded))))).toEqual(withoutBirths(value))
    return name
  })
  expect(new Set(seen)).toEqual(new Set(Object.keys(decoders)))
})

/** The canonical encoding once more, as docs/PROTOCOL.md says it. */
function record(tag: string, ...fields: readonly Buffer[]): string {
  const lengthOf = (length: number): number[] => (length < 128 ? [length] : [(length % 128) + 128, ...lengthOf(length >> 7)])
  return Buffer.concat([Buffer.from(tag), ...fields].flatMap((each) => [Buffer.from(lengthOf(each.length)), each])).toString(
    'hex',
  )
}
function uint(value: number | bigint): Buffer {
  const hex = BigInt(value).toString(16)
  return value === 0 || value === 0n ? Buffer.alloc(0) : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}
const raw = (hex: string) => Buffer.from(hex, 'hex')
const encodedOf = (file: string, name: string) => stored(file).find((each) => name in each)?.encoded

test('calls, answers and pieces are the fields that the protocol states, in their order', () => {
  const [member, other] = [
    [raw('61'.repeat(32)), raw('62'.repeat(16))],
    [raw('63'.repeat(32)), raw('64'.repeat(16))],
  ] as const
  const body = raw('7272727272')
  const page = Buffer.from(address)
  const calls = stored('member-calls').filter((each) => 'call' in each)
  expect(calls.map(({ encoded }) => encoded)).toEqual(
    calls.map((_, kind) => record('memo/routed-call/1', page, uint(kind), uint(kind === 2 ? 1 : 0), body)),
  )
  expect(stored('member-calls').flatMap((each) => ('answer' in each ? [each.encoded] : []))).toEqual([
    record('memo/routed-answer/1', uint(0), body),
    record('memo/routed-answer/1', uint(1), uint(2), ...member, ...other, uint(1), ...other),
    record('memo/routed-answer/1', uint(1), uint(1), ...member, uint(0)),
    record('memo/routed-answer/1', uint(2)),
  ])
  expect(encodedOf('member-calls', 'question')).toBe(record('memo/entries-question/1', page, uint(300)))
  const ballot = [uint(0), uint(3), uint(2), ...member]
  expect(encodedOf('member-calls', 'chosen')).toBe(
    record('memo/chosen-entries/1', uint(300), uint(2), ...ballot, uint(0), body, ...ballot, uint(2)),
  )
  expect(encodedOf('member-calls', 'piece')).toBe(
    record(
      'memo/snapshot-piece/1',
      ...[uint(2), uint(0), Buffer.concat([page, raw('41')]), uint(1), body],
      ...[uint(1), Buffer.concat([page, raw('42')]), uint(0)],
    ),
  )
  expect(encodedOf('member-calls', 'end')).toBe(record('memo/snapshot-end/1', body))
})

test('questions for copies and their answers are the fields that the protocol states, in their order', () => {
  const [member, other] = [
    [raw('61'.repeat(32)), raw('62'.repeat(16))],
    [raw('63'.repeat(32)), raw('64'.repeat(16))],
  ] as const
  const body = raw('7272727272')
  expect(stored('copy-calls').map(({ encoded }) => encoded)).toEqual([
    record('memo/copy-question/1', uint(0), uint(0), uint(0), body),
    record('memo/copy-question/1', uint(1), uint(1), uint(5000), uint(1), body),
    record('memo/copy-question/1', uint(2), uint(1), uint(0), uint(0), body),
    record('memo/copy-answer/1', uint(0), uint(1), uint(300), body),
    record('memo/copy-answer/1', uint(0), uint(0), body),
    record('memo/copy-answer/1', uint(1), uint(2), ...member, ...other),
    record('memo/copy-answer/1', uint(2)),
    record('memo/copy-answer/1', uint(3)),
    record('memo/confirmed-index/1', uint(301), uint(2), ...member, ...other),
    record('memo/confirmed-index/1', uint(0), uint(0)),
  ])
})

test('an entry of a root is its stamp, its batch and the sections that it changes', () => {
  const stamp = 111_411_200_000_000_005n
  const settled = Buffer.from(`settled/${'61'.repeat(32)}/${'62'.repeat(16)}`)
  const changes = [Buffer.from('admission'), uint(4), uint(1), raw('7878'), settled, uint(1), uint(0)]
  expect(encodedOf('root-log', 'entry')).toBe(
    record('memo/root-entry/1', uint(stamp), raw('71'.repeat(16)), uint(5), uint(2), ...changes, raw('7272727272')),
  )
})
