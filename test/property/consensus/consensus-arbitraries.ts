import fc from 'fast-check'
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import type { BlockRecord, BlockState, MapHead } from '../../../src/node/core/consensus/block-record.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { compareMembers } from '../../../src/node/core/consensus/group.ts'
import { bytesOf, hlc, mutableAddress, someBytes, uint64 } from '../block/block-arbitraries.ts'

const count = fc.nat({ max: 2 ** 31 - 1 })

const member: fc.Arbitrary<Member> = fc.record({ nodeId: bytesOf(32), storeId: bytesOf(16) })

const ballot: fc.Arbitrary<Ballot> = fc
  .record({ recovery: fc.nat({ max: 3 }), round: fc.nat({ max: 300 }), bootCount: fc.integer({ min: 1, max: 300 }), member })
  .map(({ member: proposer, ...numbers }) => ({ ...numbers, ...proposer }))

const group: fc.Arbitrary<Group> = fc
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
