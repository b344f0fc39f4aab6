import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import type { RequestId } from '../../../src/node/core/base/request-id.ts'
import { applyEntry, misfitOf } from '../../../src/node/core/consensus/apply-entry.ts'
import { birthBallot } from '../../../src/node/core/consensus/ballot.ts'
import type { BlockEntry } from '../../../src/node/core/consensus/block-entry.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'

const address = addressFromDigest(new Uint8Array(32).fill(7), 'mutable')
const self = { nodeId: new Uint8Array(32).fill(1), storeId: new Uint8Array(16).fill(2) }
const ballot = birthBallot(self, 1)
const group = bornGroup([self])
const horizon = 1000n

/** What the twin knows of a block: a life and its version, or the life that ended last. */
interface Twin {
  alive: boolean
  generation: bigint
  version: bigint
  outcomes: number
}

const requestId: fc.Arbitrary<RequestId | undefined> = fc.option(
  fc.record({ session: fc.constant(new Uint8Array(16)), sequence: fc.bigInt({ min: 0n, max: 99n }), issued: fc.constant(1n) }),
  { nil: undefined },
)
/** Numbers near those of the block, so that about half of the entries fit. */
const step = fc.record({
  kind: fc.constantFrom('birth', 'version', 'version', 'version', 'removal'),
  generationOff: fc.constantFrom(0n, 0n, 0n, 0n, -1n, 1n),
  versionOff: fc.constantFrom(0n, 0n, 0n, 0n, -1n, 1n, 2n),
  age: fc.constantFrom(0n, 0n, 0n, 1000n, 1001n),
  requestId,
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const asked = new Uint8Array(32).fill(4)

function entryOf(each: Step, now: bigint, twin: Twin): BlockEntry {
  const facts = { address, issued: now, ballot, requestId: each.requestId, asked: each.requestId && asked, forget: undefined }
  const bytes = new Uint8Array([Number(now % 256n), 1])
  if (each.kind === 'birth') {
    const generation = each.generationOff === 0n ? now - each.age : twin.generation + each.generationOff
    return { ...facts, kind: 'birth', generation: generation < 0n ? 0n : generation, group, signed: bytes }
  }
  const generation = twin.generation + each.generationOff
  const near = twin.version + each.versionOff
  if (each.kind === 'version') return { ...facts, kind: 'version', generation, version: near + 1n, signed: bytes }
  return { ...facts, kind: 'removal', generation, version: near, proof: bytes }
}

function twinFits(entry: BlockEntry, twin: Twin, born: boolean): boolean {
  if (entry.kind === 'birth') {
    return !twin.alive && (!born || entry.generation > twin.generation) && entry.issued - entry.generation <= horizon
  }
  if (!twin.alive || entry.generation !== twin.generation) return false
  return entry.version === (entry.kind === 'version' ? twin.version + 1n : twin.version)
}

describe('applying entries', () => {
  test('takes version n+1 after n only, births above tombstones only, and changes nothing else', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const twin: Twin = { alive: false, generation: 0n, version: 0n, outcomes: 0 }
        let record: BlockRecord | undefined
        let now = 10_000n
        for (const each of steps) {
          now += 1n
          const entry = entryOf(each, now, twin)
          const fits = twinFits(entry, twin, record !== undefined)
          const before = record
          expect(misfitOf(record, entry, horizon) === undefined).toBe(fits)
          const applied = applyEntry(record, entry, horizon)
          expect(applied.misfit === undefined).toBe(fits)
          record = applied.record
          if (record === undefined) {
            expect(before).toBeUndefined()
            expect(applied.outcome).toBeUndefined()
            continue
          }
          if (fits && entry.kind === 'birth') Object.assign(twin, { alive: true, generation: entry.generation, version: 0n })
          if (fits && entry.kind === 'version') twin.version = entry.version
          if (fits && entry.kind === 'removal') twin.alive = false
          if (entry.requestId !== undefined) twin.outcomes++
          expect(record.committedIndex).toBe(before === undefined ? 0n : before.committedIndex + 1n)
          expect([record.generation, record.version]).toEqual([twin.generation, twin.version])
          expect(record.state.kind).toBe(twin.alive ? 'signed' : 'removed')
          if (!fits) expect(record.state).toBe(before?.state)
          // No outcome is lost: each request id that came has one, with what the block became.
          expect(record.outcomeCount).toBe(twin.outcomes)
          const kind = fits ? 'done' : 'conflict'
          const { generation, version } = twin
          expect(applied.outcome).toEqual(entry.requestId === undefined ? undefined : { kind, generation, version, asked })
          // A restart goes on from the record as if it had never stopped.
          expect(decodeBlockRecord(address, encodeBlockRecord(record))).toEqual(record)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('is a function of record and entry', () => {
    fc.assert(
      fc.property(step, step, (first, second) => {
        const twin: Twin = { alive: true, generation: 10_000n, version: 0n, outcomes: 0 }
        const born = applyEntry(
          undefined,
          entryOf({ ...first, kind: 'birth', generationOff: 0n, age: 0n }, 10_000n, twin),
          horizon,
        )
        const entry = entryOf(second, 10_001n, twin)
        const copy = born.record && decodeBlockRecord(address, encodeBlockRecord(born.record))
        expect(applyEntry(copy, entry, horizon)).toEqual(applyEntry(born.record, entry, horizon))
      }),
    )
  })

  test('forgets outcomes only together with a floor that never falls', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.array(fc.bigInt({ min: 0n, max: 50n }), { maxLength: 10 }), (kept, floors) => {
        const birth: BlockEntry = {
          kind: 'birth',
          address,
          issued: 1n,
          ballot,
          requestId: undefined,
          asked: undefined,
          forget: undefined,
          generation: 1n,
          group,
          signed: new Uint8Array(1),
        }
        const born = applyEntry(undefined, birth, horizon).record
        let record: BlockRecord | undefined = born && { ...born, outcomeCount: kept + floors.length }
        let highest = 0n
        floors.forEach((floor, index) => {
          const entry: BlockEntry = { ...birth, kind: 'version', version: BigInt(index + 1), forget: { floor, count: 1 } }
          record = applyEntry(record, entry, horizon).record
          if (floor > highest) highest = floor
          expect(record?.outcomeFloor).toBe(highest)
          expect(record?.outcomeCount).toBe(kept + floors.length - index - 1)
        })
      }),
    )
  })
})
