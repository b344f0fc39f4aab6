import fc from 'fast-check'
import type { RequestId } from '../../../src/node/core/base/request-id.ts'
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import type { BlockEntry } from '../../../src/node/core/consensus/block-entry.ts'
import type { BlockRecord, BlockState, MapHead } from '../../../src/node/core/consensus/block-record.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { compareMembers } from '../../../src/node/core/consensus/group.ts'
import type { LogEntry, ReplicaMessage, Slot } from '../../../src/node/core/consensus/replica-events.ts'
import type { AddressedMessage } from '../../../src/node/core/consensus/replica-message-codec.ts'
import type { Vote } from '../../../src/node/core/consensus/vote-codec.ts'
import type { BlockChangeAnswer, BlockReadAnswer, BlockStanding } from '../../../src/node/core/wire/block-calls.ts'
import { bytesOf, hlc, mutableAddress, someBytes, uint64 } from '../block/block-arbitraries.ts'

const count = fc.nat({ max: 2 ** 31 - 1 })

export const member: fc.Arbitrary<Member> = fc.record({ nodeId: bytesOf(32), storeId: bytesOf(16) })

const ballot: fc.Arbitrary<Ballot> = fc
  .record({ recovery: fc.nat({ max: 3 }), round: fc.nat({ max: 300 }), bootCount: fc.integer({ min: 1, max: 300 }), member })
  .map(({ member: proposer, ...numbers }) => ({ ...numbers, ...proposer }))

export const group: fc.Arbitrary<Group> = fc
  .record({
    index: count,
    everyone: fc.uniqueArray(member, { minLength: 1, maxLength: 9, comparator: (a, b) => compareMembers(a, b) === 0 }),
    learners: fc.nat({ max: 8 }),
  })
  .map(({ index, everyone, learners }) => {
    const split = Math.max(1, everyone.length - learners)
    return {
      index,
      members: everyone.slice(0, split).sort(compareMembers),
      learners: everyone.slice(split).sort(compareMembers),
    }
  })

const head: fc.Arbitrary<MapHead> = fc.record({
  page: fc.constantFrom('root', 'key-value'),
  recordCount: count,
  recordBytes: count,
  revisionFloor: hlc,
  versionFloor: uint64,
  origins: fc
    .uniqueArray(fc.record({ session: bytesOf(16), sequence: uint64, issued: hlc }), {
      maxLength: 5,
      selector: ({ session }) => Buffer.from(session).toString('hex'),
    })
    .map((origins) => origins.sort((a, b) => Buffer.compare(a.session, b.session))),
  originFloor: hlc,
  lastBatch: someBytes(),
})

const filled = fc.uint8Array({ minLength: 1, maxLength: 64 })

const state: fc.Arbitrary<BlockState> = fc.oneof(
  filled.map((signed) => ({ kind: 'signed' as const, signed })),
  head.map((each) => ({ kind: 'map' as const, head: each })),
  fc.record({ kind: fc.constant('removed' as const), proof: filled, removed: hlc }),
)

export const blockRecord: fc.Arbitrary<BlockRecord> = fc
  .record({
    address: mutableAddress,
    generation: hlc,
    group,
    promised: ballot,
    numbers: fc.tuple(hlc, hlc),
    outcomeFloor: hlc,
    outcomeCount: count,
    state,
  })
  .map(({ numbers: [one, other], ...rest }) => {
    const [version, committedIndex] = one < other ? [one, other] : [other, one]
    return { ...rest, version, committedIndex }
  })

export const vote: fc.Arbitrary<Vote> = fc.record({ promised: ballot, installing: fc.boolean() })

const logEntry: fc.Arbitrary<LogEntry> = fc.oneof(
  { weight: 4, arbitrary: someBytes().map((body) => ({ kind: 'change' as const, body })) },
  { weight: 1, arbitrary: group.map((each) => ({ kind: 'group' as const, group: each })) },
  { weight: 1, arbitrary: fc.tuple(someBytes(), group).map(([body, bornTo]) => ({ kind: 'change' as const, body, bornTo })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'empty' as const }) },
)

export const acceptedEntry: fc.Arbitrary<Pick<Slot, 'ballot' | 'entry'>> = fc.record({ ballot, entry: logEntry })

/** Small ones mostly, and the largest that there are. */
const slot = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat().map((each) => Math.min(each, Number.MAX_SAFE_INTEGER - 1)),
)
const index = fc.oneof(fc.constant(-1), slot)

const slots: fc.Arbitrary<readonly Slot[]> = fc
  .tuple(fc.uniqueArray(slot, { maxLength: 5 }), fc.array(acceptedEntry, { minLength: 5, maxLength: 5 }), fc.boolean())
  .map(([numbers, entries, isOfOneBallot]) =>
    numbers
      .toSorted((left, right) => left - right)
      .map((number, order) => ({
        slot: number,
        ballot: entries[isOfOneBallot ? 0 : order]!.ballot,
        entry: entries[order]!.entry,
      })),
  )

const grouped = { ballot, groupIndex: count }
const message: fc.Arbitrary<ReplicaMessage> = fc.oneof(
  fc.record({ kind: fc.constant('prepare' as const), ...grouped, committed: index }),
  fc.record({ kind: fc.constant('promise' as const), ...grouped, committed: index, slots }),
  fc.record({ kind: fc.constant('higher' as const), ballot, promised: ballot }),
  fc.record({ kind: fc.constant('newer-group' as const), groupIndex: count, committed: index }),
  fc.record({
    kind: fc.constant('accept' as const),
    ...grouped,
    committed: index,
    first: fc.nat({ max: 2 ** 40 }),
    entries: fc.array(logEntry, { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('accepted' as const), ...grouped, upTo: index }),
  fc.record({ kind: fc.constant('gap' as const), ...grouped, from: slot }),
  fc.record({ kind: fc.constant('committed' as const), ...grouped, index }),
  fc.record({ kind: fc.constant('confirm' as const), ...grouped, round: count }),
  fc.record({ kind: fc.constant('confirmed' as const), ...grouped, round: count }),
  fc.record({ kind: fc.constant('yield' as const), ...grouped }),
)

export const addressedMessage: fc.Arbitrary<AddressedMessage> = fc.record({ address: mutableAddress, epoch: count, message })

const requestId: fc.Arbitrary<RequestId> = fc.record({ session: bytesOf(16), sequence: uint64, issued: hlc })
export const optionalRequestId = fc.option(requestId, { nil: undefined })

export const blockEntry: fc.Arbitrary<BlockEntry> = fc
  .record({
    address: mutableAddress,
    issued: hlc,
    identified: fc.option(fc.tuple(requestId, bytesOf(32)), { nil: undefined }),
    forgetUpTo: hlc,
    generation: hlc,
    version: hlc,
    kind: fc.constantFrom('birth' as const, 'version' as const, 'removal' as const),
    signed: someBytes(),
    proof: filled,
  })
  .map(({ identified, kind, version, signed, proof, ...rest }) => {
    const facts = { ...rest, requestId: identified?.[0], asked: identified?.[1] }
    if (kind === 'birth') return { kind, ...facts, signed }
    return kind === 'version' ? { kind, ...facts, version, signed } : { kind, ...facts, version, proof }
  })

const standing: fc.Arbitrary<BlockStanding> = fc.oneof(
  fc.constant({ kind: 'absent' as const }),
  fc.record({ kind: fc.constant('removed' as const), generation: hlc }),
  fc.record({ kind: fc.constant('map' as const), generation: hlc, version: uint64, recordBytes: count }),
  fc.record({ kind: fc.constant('signed' as const), signed: filled }),
)

export const readAnswer: fc.Arbitrary<BlockReadAnswer> = fc.record({
  standing,
  outcome: fc.option(someBytes(), { nil: undefined }),
})

export const changeAnswer: fc.Arbitrary<BlockChangeAnswer> = fc.oneof(
  fc.constant({ kind: 'applied' as const }),
  fc.record({ kind: fc.constantFrom('conflict' as const, 'unfit' as const), standing }),
  fc.record({ kind: fc.constant('repeated' as const), standing, outcome: someBytes() }),
)
