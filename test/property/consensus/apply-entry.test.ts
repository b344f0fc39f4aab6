import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import type { RequestId } from '../../../src/node/core/base/request-id.ts'
import { applyEntry, misfitOf } from '../../../src/node/core/consensus/apply-entry.ts'
import type { BlockEntry } from '../../../src/node/core/consensus/block-entry.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'

const address = addressFromDigest(new Uint8Array(32).fill(7), 'mutable')
const self = { nodeId: new Uint8Array(32).fill(1), storeId: new Uint8Array(16).fill(2) }
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
const nothingKept = { recorded: undefined, forgotten: 0 }

/** As the member that applies stamps it: each entry has the next slot. */
function stamped(record: BlockRecord, before: BlockRecord | undefined): BlockRecord {
  return { ...record, committedIndex: before === undefined ? 0n : before.committedIndex + 1n }
}

function entryOf(each: Step, now: bigint, twin: Twin): BlockEntry {
  const facts = { address, issued: now, requestId: each.requestId, asked: each.requestId && asked, forgetUpTo: 0n }
  const bytes = new Uint8Array([Number(now % 256n), 1])
  if (each.kind === 'birth') {
    const generation = each.generationOff === 0n ? now - each.age : twin.generation + each.generationOff
    return { ...facts, kind: 'birth', generation: generation < 0n ? 0n : generation, signed: bytes }
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
          const applied = applyEntry(record, entry, group, nothingKept, horizon)
          expect(applied.misfit === undefined).toBe(fits)
          // Only what leaves no trace leaves the record as it is.
          if (!fits && entry.requestId === undefined) expect(applied.record).toBe(before)
          record = applied.record && stamped(applied.record, before)
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
          group,
          nothingKept,
          horizon,
        )
        const entry = entryOf(second, 10_001n, twin)
        const copy = born.record && decodeBlockRecord(address, encodeBlockRecord(born.record))
        expect(applyEntry(copy, entry, group, nothingKept, horizon)).toEqual(
          applyEntry(born.record, entry, group, nothingKept, horizon),
        )
      }),
    )
  })

  test('decides a request id once, and none whose outcome may be forgotten', () => {
    fc.assert(
      fc.property(
        step,
        step,
        fc.bigInt({ min: 0n, max: 20n }),
        fc.bigInt({ min: 0n, max: 20n }),
        (first, second, issued, upTo) => {
          const twin: Twin = { alive: true, generation: 10_000n, version: 0n, outcomes: 0 }
          const birth = entryOf({ ...first, kind: 'birth', generationOff: 0n, age: 0n, requestId: undefined }, 10_000n, twin)
          const record = applyEntry(undefined, birth, group, nothingKept, horizon).record
          const requestId = { session: new Uint8Array(16), sequence: 1n, issued }
          const entry = { ...entryOf({ ...second, requestId }, 10_001n, twin), forgetUpTo: upTo }
          const applied = applyEntry(record, entry, group, nothingKept, horizon)
          if (issued <= upTo) {
            expect(applied).toEqual({ record, misfit: 'too-old', outcome: undefined })
            return
          }
          expect(applied.record).toMatchObject({ outcomeFloor: upTo, outcomeCount: 1 })
          expect(applied.misfit).not.toBe('repeated')
          const recorded = applied.outcome
          expect(recorded).toBeDefined()
          const again = applyEntry(applied.record, entry, group, { recorded, forgotten: 0 }, horizon)
          expect(again.record).toBe(applied.record)
          expect(again).toMatchObject({ misfit: 'repeated', outcome: undefined })
        },
      ),
    )
  })

  test('takes nothing that was not signed, and keeps what became of it', () => {
    fc.assert(
      fc.property(step, step, (first, second) => {
        const twin: Twin = { alive: true, generation: 10_000n, version: 0n, outcomes: 0 }
        const birth = entryOf({ ...first, kind: 'birth', generationOff: 0n, age: 0n, requestId: undefined }, 10_000n, twin)
        const record = applyEntry(undefined, birth, group, nothingKept, horizon).record
        const id = { session: new Uint8Array(16), sequence: 1n, issued: 1n }
        const entry = { ...entryOf({ ...second, kind: 'version', requestId: id }, 10_001n, twin), signed: new Uint8Array(0) }
        const applied = applyEntry(record, entry as BlockEntry, group, nothingKept, horizon)
        expect(applied.misfit).toBeDefined()
        expect(applied.record).toMatchObject({ version: 0n, outcomeCount: 1, state: record?.state })
        expect(applied.outcome).toMatchObject({ kind: 'conflict' })
        const empty = { ...birth, signed: new Uint8Array(0) } as BlockEntry
        expect(applyEntry(undefined, empty, group, nothingKept, horizon)).toEqual({
          record: undefined,
          misfit: 'unsigned',
          outcome: undefined,
        })
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
          requestId: undefined,
          asked: undefined,
          forgetUpTo: 0n,
          generation: 1n,
          signed: new Uint8Array(1),
        }
        const born = applyEntry(undefined, birth, group, nothingKept, horizon).record
        let record: BlockRecord | undefined = born && { ...born, outcomeCount: kept + floors.length }
        let highest = 0n
        floors.forEach((floor, index) => {
          const entry: BlockEntry = { ...birth, kind: 'version', version: BigInt(index + 1), forgetUpTo: floor }
          record = applyEntry(record, entry, group, { recorded: undefined, forgotten: 1 }, horizon).record
          if (floor > highest) highest = floor
          expect(record?.outcomeFloor).toBe(highest)
          expect(record?.outcomeCount).toBe(kept + floors.length - index - 1)
        })
      }),
    )
  })
})
