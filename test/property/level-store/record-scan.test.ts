import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generationEntries, indexChanges } from '../../../src/node/adapters/level-store/index/index-changes.ts'
import { emptyCounts } from '../../../src/node/adapters/level-store/index/index-state.ts'
import type { KeyRange, PageOptions } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { familyCode } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import type { OverlayEntry } from '../../../src/node/adapters/level-store/overlay.ts'
import { keyText, Overlay } from '../../../src/node/adapters/level-store/overlay.ts'
import { scanRecords } from '../../../src/node/adapters/level-store/record-scan.ts'
import type { ScanOptions } from '../../../src/node/ports/record-store.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

const family = 'entry'
const code = familyCode(family)
const otherCode = familyCode('content')
const pageMax = 3

/** LevelDB as far as a scan sees it: pages of a sorted copy. */
class SortedIndex {
  readonly records = new Map<string, Buffer>()

  async *pages({ gt, gte, lt }: KeyRange, { reverse = false, pageRecords = pageMax, onSnapshot }: PageOptions = {}) {
    onSnapshot?.()
    const within = [...this.records]
      .map(([text, value]) => [Buffer.from(text, 'latin1'), value] as const)
      .filter(
        ([key]) =>
          (gt === undefined || key.compare(gt) > 0) && (gte === undefined || key.compare(gte) >= 0) && key.compare(lt) < 0,
      )
      .sort(([left], [right]) => (reverse ? right.compare(left) : left.compare(right)))
    const size = Math.min(pageRecords, pageMax)
    for (let at = 0; at < within.length; at += size) yield within.slice(at, at + size)
  }

  /** What the index writer does with the oldest generation. */
  take(overlay: Overlay): void {
    const oldest = overlay.oldest()
    if (oldest === undefined) return
    const entries = generationEntries(oldest)
    for (const { key, value } of indexChanges(
      entries,
      entries.map(() => undefined),
      emptyCounts(),
      () => undefined,
    )) {
      if (value !== undefined) this.records.set(keyText(key), Buffer.from(value))
    }
    for (const { family: of, key, value } of entries) {
      if (value === undefined) this.records.delete(String.fromCharCode(of + 1) + keyText(key))
    }
    overlay.dropOldest()
  }
}

function entry(of: number, key: Uint8Array, value: Uint8Array | undefined, sequence: number): OverlayEntry {
  return { family: of, key, sequence, value, place: undefined, movedFrom: undefined, isNew: false }
}

const keys = fc.uint8Array({ maxLength: 2 }).map((bytes) => bytes.map((byte) => [0, 1, 0x7f, 0x80, 0xff][byte % 5] ?? 0))
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key: keys,
      value: fc.uint8Array({ maxLength: 3 }),
      other: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('index' as const) }) },
)
const bound = fc.option(keys, { nil: undefined })
const asked = fc.record({
  from: bound,
  after: bound,
  before: bound,
  reverse: fc.boolean(),
  keysOnly: fc.boolean(),
  limit: fc.integer({ min: 1, max: 12 }),
})

test('a scan of what is indexed and what waits equals a scan of a sorted map', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      asked,
      async (steps, { from, after, before, reverse, keysOnly, limit }) => {
        const overlay = new Overlay(200)
        const index = new SortedIndex()
        const model = new Map<string, Uint8Array>()
        let sequence = 0
        const apply = (each: OverlayEntry) => overlay.apply([each], 10, { segment: 1, offset: 0, sequence })
        for (const each of steps) {
          sequence++
          if (each.kind === 'put') {
            apply(entry(each.other ? otherCode : code, each.key, each.value, sequence))
            if (!each.other) model.set(keyText(each.key), each.value)
          } else if (each.kind === 'delete') {
            apply(entry(code, each.key, undefined, sequence))
            model.delete(keyText(each.key))
          } else if (each.kind === 'seal') overlay.oldest()
          else index.take(overlay)
        }
        const lower: Pick<ScanOptions, 'from' | 'after'> = after !== undefined ? { after } : from !== undefined ? { from } : {}
        const scan = {
          ...{ index, overlay, recordsMax: 100 },
          getPayload: () => Promise.reject(new Error('every value is small')),
          corrupt: () => new CodedError('data-corrupt', 'a test'),
          isUnreadable: () => Promise.reject(new Error('every value verifies')),
        }
        const found = await scanRecords(scan, family, {
          ...lower,
          ...(before !== undefined && { before }),
          reverse,
          keysOnly,
          limit,
        })
        const expected = [...model]
          .filter(
            ([key]) =>
              (lower.after === undefined || key > keyText(lower.after)) &&
              (lower.from === undefined || key >= keyText(lower.from)),
          )
          .filter(([key]) => before === undefined || key < keyText(before))
          .sort(([left], [right]) => (left < right === reverse ? 1 : -1))
          .slice(0, limit)
        expect(found.map(({ key, value }) => [keyText(key), keyText(value)])).toEqual(
          expected.map(([key, value]) => [key, keysOnly ? '' : keyText(value)]),
        )
      },
    ),
    { numRuns: 3000 },
  )
})
