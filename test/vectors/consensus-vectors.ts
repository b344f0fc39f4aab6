/** Vectors of the consensus record, its outcomes, votes and messages, and the sections of a root. */

import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../src/node/core/base/address.ts'
import type { BlockEntry } from '../../src/node/core/consensus/block-entry.ts'
import { encodeBlockEntry } from '../../src/node/core/consensus/block-entry-codec.ts'
import type { BlockRecord, BlockState } from '../../src/node/core/consensus/block-record.ts'
import { bornGroup } from '../../src/node/core/consensus/group.ts'
import { outcomeKey } from '../../src/node/core/consensus/outcome.ts'
import { encodeBlockRecord, encodeOutcome } from '../../src/node/core/consensus/record-codec.ts'
import type { LogEntry, ReplicaMessage } from '../../src/node/core/consensus/replica-events.ts'
import { encodeReplicaMessages } from '../../src/node/core/consensus/replica-message-codec.ts'
import { acceptedKey, encodeAccepted, encodeVote } from '../../src/node/core/consensus/vote-codec.ts'
import { emptyAdmission } from '../../src/node/core/overlay/admission-section.ts'
import { encodePlacement } from '../../src/node/core/overlay/placement-map.ts'
import { emptyPolicies, encodeFeatureLevel, encodeKeyRing, encodeStoreRoot } from '../../src/node/core/overlay/root-bodies.ts'
import { encodeRootSection } from '../../src/node/core/overlay/root-section.ts'
import type { BlockChangeAnswer, BlockReadAnswer } from '../../src/node/core/wire/block-calls.ts'
import { encodeBlockChangeAnswer, encodeBlockRead, encodeBlockReadAnswer } from '../../src/node/core/wire/block-calls.ts'
import type { VectorFile } from './vectors.ts'

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const address: BlockAddress = addressFromDigest(filled(0x51), 'mutable')
const member = { nodeId: filled(0x61), storeId: filled(0x62, 16) }
const other = { nodeId: filled(0x63), storeId: filled(0x64, 16) }
const stamp = 111_411_200_000_000_005n
const session = filled(0x71, 16)

const head = {
  page: 'key-value',
  recordCount: 2,
  recordBytes: 300,
  revisionFloor: stamp + 9n,
  versionFloor: 7n,
  origins: [{ session, sequence: 3n, issued: stamp + 8n }],
  originFloor: stamp,
  lastBatch: filled(0x72, 5),
} as const

const states: readonly BlockState[] = [
  { kind: 'signed', signed: filled(0x73, 4) },
  { kind: 'map', head },
  { kind: 'removed', proof: filled(0x74, 4), removed: stamp + 10n },
]

export function consensusRecords(): VectorFile {
  const group = { ...bornGroup([member, other]), index: 1 }
  const promised = { recovery: 1, round: 2, bootCount: 300, ...member }
  const numbers = { committedIndex: 9n, version: 5n, outcomeFloor: stamp + 1n, outcomeCount: 4 }
  const records: readonly BlockRecord[] = states.map((state) => ({
    address,
    generation: stamp,
    group,
    promised,
    ...numbers,
    state,
  }))
  const id = { session, sequence: 258n, issued: stamp }
  const outcome = { kind: 'conflict', generation: stamp, version: 5n, asked: filled(0x78) } as const
  return {
    about: 'Consensus records of the family block in each of their states, and an outcome of the family outcome with its key.',
    vectors: [
      ...records.map((record) => ({ record, encoded: encodeBlockRecord(record) })),
      { address, requestId: id, outcome, key: outcomeKey(address, id), encoded: encodeOutcome(outcome) },
    ],
  }
}

export function consensusVotes(): VectorFile {
  const ballot = { recovery: 0, round: 3, bootCount: 2, ...member }
  const entries: readonly LogEntry[] = [
    { kind: 'change', body: filled(0x79, 5) },
    { kind: 'group', group: { ...bornGroup([member]), index: 1, learners: [other] } },
    { kind: 'empty' },
    { kind: 'change', body: filled(0x79, 5), bornTo: bornGroup([member, other]) },
  ]
  const slots = entries.map((entry, order) => ({ slot: 2 ** 32 + order, ballot, entry }))
  const head = { ballot, groupIndex: 1 }
  const messages: readonly ReplicaMessage[] = [
    { kind: 'prepare', ...head, committed: -1 },
    { kind: 'promise', ...head, committed: 300, slots },
    { kind: 'higher', ballot, promised: { ...ballot, round: 4 } },
    { kind: 'newer-group', groupIndex: 2, committed: 0 },
    { kind: 'accept', ...head, committed: 6, first: 7, entries },
    { kind: 'accepted', ...head, upTo: 9 },
    { kind: 'gap', ...head, from: 7 },
    { kind: 'committed', ...head, index: 9 },
    { kind: 'confirm', ...head, round: 1 },
    { kind: 'confirmed', ...head, round: 1 },
    { kind: 'yield', ...head },
  ]
  const addressed = messages.map((message) => ({ address, epoch: 1, message }))
  const vote = { promised: ballot, installing: true }
  return {
    about: 'A promise and accepted entries with their keys, and bodies of consensus messages: each kind alone, then all in one.',
    vectors: [
      { address, vote, encoded: encodeVote(vote) },
      ...slots.map(({ slot, ...accepted }) => ({
        address,
        slot,
        accepted,
        key: acceptedKey(address, slot),
        encoded: encodeAccepted(accepted),
      })),
      ...[...addressed.map((each) => [each]), addressed].map((body) => ({
        messages: body,
        encoded: encodeReplicaMessages(body),
      })),
    ],
  }
}

export function rootSections(): VectorFile {
  const placement = { epoch: 1, places: [{ ...member, weight: 100, zone: 'süd', labels: ['ssd'] }] }
  const ring = [{ member: filled(0x75), sealed: filled(0x76, 3) }]
  const section = { version: 1n, revision: stamp, session, sequence: 2n, body: filled(0x77, 3) }
  return {
    about: 'A section of a root as it is stored, and the bodies of sections.',
    vectors: [
      { section, encoded: encodeRootSection(section) },
      { placement, encoded: encodePlacement(placement) },
      { keyRing: ring, encoded: encodeKeyRing(ring) },
      { storeRoot: address, encoded: encodeStoreRoot(address) },
      { featureLevel: 1, encoded: encodeFeatureLevel(1) },
      { policies: 'empty', encoded: emptyPolicies() },
      { admission: 'empty', encoded: emptyAdmission() },
    ],
  }
}

export function signedBlockLog(): VectorFile {
  const id = { session, sequence: 258n, issued: stamp }
  const facts = { address, issued: stamp + 3n, requestId: id, asked: filled(0x78), forgetUpTo: stamp - 1n, generation: stamp }
  const entries: readonly BlockEntry[] = [
    { kind: 'birth', ...facts, requestId: undefined, asked: undefined, forgetUpTo: 0n, signed: filled(0x73, 4) },
    { kind: 'version', ...facts, version: 5n, signed: filled(0x73, 4) },
    { kind: 'version', ...facts, version: 9n, signed: new Uint8Array(0) },
    { kind: 'removal', ...facts, version: 5n, proof: filled(0x74, 4) },
  ]
  const outcome = encodeOutcome({ kind: 'done', generation: stamp, version: 5n, asked: filled(0x78) })
  const readAnswers: readonly BlockReadAnswer[] = [
    { standing: { kind: 'absent' }, outcome: undefined },
    { standing: { kind: 'removed', generation: stamp }, outcome },
    { standing: { kind: 'map', generation: stamp, version: 5n, recordBytes: 300 }, outcome: undefined },
    { standing: { kind: 'signed', signed: filled(0x73, 4) }, outcome: undefined },
  ]
  const changeAnswers: readonly BlockChangeAnswer[] = [
    { kind: 'applied' },
    { kind: 'conflict', standing: { kind: 'signed', signed: filled(0x73, 4) } },
    { kind: 'unfit', standing: { kind: 'absent' } },
    { kind: 'repeated', standing: { kind: 'removed', generation: stamp }, outcome },
  ]
  return {
    about: 'Entries of the log of a signed block, and what nodes ask of its primary and are answered.',
    vectors: [
      ...entries.map((entry) => ({ entry, encoded: encodeBlockEntry(entry) })),
      { read: { requestId: undefined }, encoded: encodeBlockRead(undefined) },
      { read: { requestId: id }, encoded: encodeBlockRead(id) },
      ...readAnswers.map((answer) => ({ readAnswer: answer, encoded: encodeBlockReadAnswer(answer) })),
      ...changeAnswers.map((answer) => ({ changeAnswer: answer, encoded: encodeBlockChangeAnswer(answer) })),
    ],
  }
}
