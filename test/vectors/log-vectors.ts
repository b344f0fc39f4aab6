/** Vectors of what the logs of pages and roots hold, and of what nodes ask of each other about mutable blocks. */

import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../src/node/core/base/address.ts'
import { encodeText } from '../../src/node/core/base/text.ts'
import type { ContentBlock } from '../../src/node/core/block/content-block.ts'
import { contentAddress, encodeContentHeader } from '../../src/node/core/block/content-block.ts'
import { encodeChosenSlots } from '../../src/node/core/consensus/chosen-slots.ts'
import { bornGroup } from '../../src/node/core/consensus/group.ts'
import type { Slot } from '../../src/node/core/consensus/replica-events.ts'
import type { Entry } from '../../src/node/core/kv/entry.ts'
import type { RequestResult } from '../../src/node/core/kv/page-apply.ts'
import type { CalledEntry, CalledList, CalledPage } from '../../src/node/core/kv/page-calls.ts'
import {
  encodeCalledList,
  encodeCalledPage,
  encodeEntries,
  encodePageKeys,
  encodePageSettle,
} from '../../src/node/core/kv/page-calls.ts'
import type { PageChange } from '../../src/node/core/kv/page-change.ts'
import { readyBlock } from '../../src/node/core/kv/page-change.ts'
import type { PageEntry, PageEntryPart } from '../../src/node/core/kv/page-entry.ts'
import { encodePageEntry, encodePagePart } from '../../src/node/core/kv/page-entry.ts'
import { encodeResults } from '../../src/node/core/kv/page-results.ts'
import type { RootCopy } from '../../src/node/core/overlay/named-sections.ts'
import { encodeRootCopy } from '../../src/node/core/overlay/named-sections.ts'
import { encodeSettled } from '../../src/node/core/overlay/root-bodies.ts'
import type { RootEntry } from '../../src/node/core/overlay/root-entry.ts'
import { encodeRootEntry } from '../../src/node/core/overlay/root-entry.ts'
import { rootSectionNames, settledSection } from '../../src/node/core/overlay/root-section.ts'
import type { ConfirmedIndex, CopyAnswer, CopyQuestion } from '../../src/node/core/wire/copy-calls.ts'
import { encodeConfirmedIndex, encodeCopyAnswer, encodeCopyQuestion } from '../../src/node/core/wire/copy-calls.ts'
import type { SnapshotRecord } from '../../src/node/core/wire/replica-calls.ts'
import { encodeEntriesQuestion, encodeSnapshotEnd, encodeSnapshotPiece } from '../../src/node/core/wire/replica-calls.ts'
import type { RoutedAnswer, RoutedRequest } from '../../src/node/core/wire/routed-call.ts'
import { encodeRoutedAnswer, encodeRoutedRequest, routedKinds } from '../../src/node/core/wire/routed-call.ts'
import { crypto } from '../support/identities.ts'
import type { VectorFile } from './vectors.ts'

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const address: BlockAddress = addressFromDigest(filled(0x51), 'mutable')
const valueAddress: BlockAddress = addressFromDigest(filled(0x52), 'immutable')
const member = { nodeId: filled(0x61), storeId: filled(0x62, 16) }
const other = { nodeId: filled(0x63), storeId: filled(0x64, 16) }
const stamp = 111_411_200_000_000_005n
const session = filled(0x71, 16)
const requestId = { session, sequence: 258n, issued: stamp }
const key = { text: 'Küche', bytes: encodeText('Küche') }
const signed = filled(0x72, 5)

const entry: Entry = {
  address: valueAddress,
  size: 2 ** 33,
  chunks: 8192,
  contentType: encodeText('text/plain'),
  birth: stamp,
  version: 7n,
  revision: stamp + 9n,
  expiryMs: 0,
  writer: filled(0x73),
  batch: { session, sequence: 3n },
}

function travelling(): ContentBlock {
  const header = {
    role: 'whole',
    codec: 'none',
    cipher: 'none',
    plainBytes: 3,
    secretEpoch: 0,
    remover: { kind: 'block', address },
    acknowledgements: 'majority',
    place: { page: address, key: key.bytes },
  } as const
  const headerBytes = encodeContentHeader(header)
  const [salt, none, stored] = [filled(0x74), new Uint8Array(0), filled(0x75, 3)]
  const hashed = { salt, owner: none, headerBytes, tag: none, stored }
  return { address: contentAddress(crypto, hashed), header, ...hashed }
}

export function pageLog(): VectorFile {
  const stored = { address: valueAddress, size: 5, chunks: 2, birth: stamp, block: undefined, settles: [filled(0x76, 40)] }
  const facts = { key, contentType: encodeText('text/plain') }
  const changes: readonly PageChange[] = [
    {
      requestId,
      operations: [
        { kind: 'put', ...facts, precondition: { kind: 'absent' }, value: readyBlock(travelling(), 3) },
        { kind: 'put', ...facts, precondition: { kind: 'version', version: 6n }, value: stored },
      ],
    },
    { requestId: undefined, operations: [{ kind: 'delete', key, precondition: { kind: 'any' } }] },
  ]
  const part: PageEntryPart = { session, sequence: 3n, writer: filled(0x73), changes, signed }
  const entries: PageEntry = { hlc: stamp + 1n, forgetUpTo: stamp - 1n, parts: [part] }
  const results: readonly RequestResult[] = [
    {
      kind: 'decided',
      repeated: true,
      outcomes: [
        { kind: 'done', entry },
        { kind: 'conflict', entry: undefined },
      ],
    },
    { kind: 'id-reused' },
    { kind: 'too-old' },
    { kind: 'from-the-future' },
    { kind: 'void' },
    { kind: 'replayed' },
  ]
  return {
    about: 'What the log of a key-value page holds, what a node sends to its primary, and the results that come back.',
    vectors: [
      { part, encoded: encodePagePart(part) },
      { entry: entries, encoded: encodePageEntry(entries) },
      { results, encoded: encodeResults(results) },
    ],
  }
}

export function pageCalls(): VectorFile {
  const entries: readonly CalledEntry[] = [undefined, 'unreadable', entry]
  const plain = { prefix: '', startAfter: '', end: '', delimiter: '', limit: 0, reverse: false, withValues: false }
  const list: CalledList = {
    ...{ prefix: 'a/', startAfter: 'a/b', end: 'a0', delimiter: '/', limit: 100, reverse: true, withValues: true },
    ...{ pageToken: filled(0x77, 4), bytesMax: 4_000_000 },
  }
  const page: CalledPage = {
    items: [{ key: key.text, bytes: key.bytes, entry }],
    commonPrefixes: ['a/'],
    nextPageToken: filled(0x77, 4),
    bytesMax: 4_000_000,
    damage: { incomplete: true, unreadable: ['b'] },
  }
  const empty: CalledPage = { items: [], commonPrefixes: [], nextPageToken: undefined, bytesMax: 1, damage: undefined }
  return {
    about: 'What a node asks of the primary of a key-value page, and what it is answered: entries of keys, and listed pages.',
    vectors: [
      { keys: [key.bytes], encoded: encodePageKeys([key.bytes]) },
      { settle: stamp, encoded: encodePageSettle(stamp) },
      { entries: entries.map((each) => each ?? null), encoded: encodeEntries(entries) },
      { list: plain, encoded: encodeCalledList(plain) },
      { list, encoded: encodeCalledList(list) },
      { page: empty, encoded: encodeCalledPage(empty) },
      { page, encoded: encodeCalledPage(page) },
    ],
  }
}

export function rootLog(): VectorFile {
  const section = { version: 3n, revision: stamp, session, sequence: 4n, body: filled(0x77, 3) }
  const entries: RootEntry = {
    hlc: stamp,
    session,
    sequence: 5n,
    changes: [
      { name: rootSectionNames.admission, version: 4n, body: filled(0x78, 2) },
      { name: settledSection(member), version: 1n, body: undefined },
    ],
    signed,
  }
  const copy: RootCopy = {
    index: 300,
    group: { ...bornGroup([member]), index: 2, learners: [other] },
    sections: [
      { name: rootSectionNames.admission, section },
      { name: rootSectionNames.descriptor, section },
    ],
  }
  return {
    about: 'What the log of a root holds, a copy of a root, and up to where a data directory has moved what it holds.',
    vectors: [
      { entry: entries, encoded: encodeRootEntry(entries) },
      { copy, encoded: encodeRootCopy(copy) },
      { settled: 300, encoded: encodeSettled(300) },
    ],
  }
}

export function memberCalls(): VectorFile {
  const requests = routedKinds.map(
    (kind): RoutedRequest => ({ address, kind, primaryFailed: kind === 'page-list', body: signed }),
  )
  const answers: readonly RoutedAnswer[] = [
    { kind: 'answered', body: signed },
    { kind: 'elsewhere', members: [member, other], ahead: other },
    { kind: 'elsewhere', members: [member], ahead: undefined },
    { kind: 'lost' },
  ]
  const ballot = { recovery: 0, round: 3, bootCount: 2, ...member }
  const chosen: readonly Slot[] = [
    { slot: 300, ballot, entry: { kind: 'change', body: signed } },
    { slot: 301, ballot, entry: { kind: 'empty' } },
  ]
  const question = { address, since: 300 }
  const records: readonly SnapshotRecord[] = [
    { family: 'entry', key: Uint8Array.from([...address, 0x41]), value: signed },
    { family: 'outcome', key: Uint8Array.from([...address, 0x42]), value: undefined },
  ]
  return {
    about: 'Calls to primaries and their answers, chosen entries as one member asks another for them, and pieces of a snapshot.',
    vectors: [
      ...requests.map((call) => ({ call, encoded: encodeRoutedRequest(call) })),
      ...answers.map((answer) => ({ answer, encoded: encodeRoutedAnswer(answer) })),
      { question, encoded: encodeEntriesQuestion(question) },
      { chosen, encoded: encodeChosenSlots(chosen) },
      { chosen: [], encoded: encodeChosenSlots([]) },
      { piece: records, encoded: encodeSnapshotPiece(records) },
      { end: signed, encoded: encodeSnapshotEnd(signed) },
    ],
  }
}

/** What is asked of copies, and of primaries about them. */
export function copyCalls(): VectorFile {
  const questions: readonly CopyQuestion[] = [
    { kind: 'page-read', boundMs: undefined, mayAsk: false, body: signed },
    { kind: 'page-list', boundMs: 5000, mayAsk: true, body: signed },
    { kind: 'block-read', boundMs: 0, mayAsk: false, body: signed },
  ]
  const answers: readonly CopyAnswer[] = [
    { kind: 'copy', ageMs: 300, body: signed },
    { kind: 'copy', ageMs: undefined, body: signed },
    { kind: 'none', members: [member, other] },
    { kind: 'stale' },
    { kind: 'behind' },
  ]
  const confirmations: readonly ConfirmedIndex[] = [
    { index: 300, holders: [member, other] },
    { index: -1, holders: [] },
  ]
  return {
    about: 'Questions for copies of blocks and their answers, and up to where a primary knows its block to be committed.',
    vectors: [
      ...questions.map((question) => ({ question, encoded: encodeCopyQuestion(question) })),
      ...answers.map((answer) => ({ answer, encoded: encodeCopyAnswer(answer) })),
      ...confirmations.map((confirmed) => ({ confirmed, encoded: encodeConfirmedIndex(confirmed) })),
    ],
  }
}
