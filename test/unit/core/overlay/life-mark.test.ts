import { expect, test } from 'vitest'
import { encodeNodeRecord } from '../../../../src/node/core/access/node-record.ts'
import { CanonicalWriter, recordTag } from '../../../../src/node/core/base/canonical-codec.ts'
import type { KnownNode } from '../../../../src/node/core/overlay/known-node.ts'
import { decodeKnownNode, encodeKnownNode, knownWith, markIn } from '../../../../src/node/core/overlay/known-node.ts'
import type { RolledBack } from '../../../../src/node/core/overlay/life-mark.ts'
import {
  concerns,
  decodeRolledBack,
  encodeRolledBack,
  lossOf,
  markOf,
  raisedMark,
} from '../../../../src/node/core/overlay/life-mark.ts'
import { filled, member, nodeRecord, oneBitOff } from '../../../support/identities.ts'

const said = (bootCount: number, syncedPosition: bigint, issued: bigint, storeByte = 1) =>
  nodeRecord(member, { bootCount, syncedPosition, issued, storeId: filled(storeByte, 16) })
const mark = markOf(said(5, 100n, 50n))

test('a directory has lost something where its node said less later than it had said before', () => {
  const cases: [what: string, record: ReturnType<typeof said>, inPerson: boolean, isLoss: boolean][] = [
    ['the same', said(5, 100n, 50n), true, false],
    ['more of the same start', said(5, 120n, 60n), true, false],
    ['the next start', said(6, 100n, 60n), true, false],
    ['an older record of the same start, passed on', said(5, 90n, 40n), false, false],
    ['an older record of the same start, in a hello that was on its way', said(5, 90n, 40n), true, false],
    ['an older record of an earlier start, passed on', said(4, 90n, 40n), false, false],
    ['an earlier start in person, by a clock that is behind', said(4, 90n, 40n), true, true],
    ['an earlier start later', said(4, 900n, 60n), false, true],
    ['the same start, lower and later', said(5, 99n, 60n), false, true],
    ['a later start and lower, whatever its clock', said(6, 99n, 40n), false, true],
  ]
  for (const [what, record, inPerson, isLoss] of cases)
    expect([what, lossOf(mark, record, inPerson) !== undefined]).toEqual([what, isLoss])
  expect(lossOf(mark, said(4, 7n, 60n), false)).toEqual({
    storeId: mark.storeId,
    highest: { bootCount: 5, syncedPosition: 100n },
    seen: { bootCount: 4, syncedPosition: 7n },
  })
})

test('a mark never goes down', () => {
  expect(raisedMark(mark, said(6, 120n, 60n))).toEqual({ ...mark, bootCount: 6, syncedPosition: 120n, issued: 60n })
  expect(raisedMark(mark, said(4, 90n, 40n))).toEqual(mark)
})

test('a node believes what is about its present life only', () => {
  const storeId = filled(1, 16)
  const own = { storeId, bootCount: 6, syncedPosition: 150n, positionAtStart: 110n }
  const notice = (highest: [number, bigint], seen: [number, bigint] = [6, 120n]): RolledBack => ({
    storeId,
    highest: { bootCount: highest[0], syncedPosition: highest[1] },
    seen: { bootCount: seen[0], syncedPosition: seen[1] },
  })
  expect(concerns(notice([7, 0n]), own)).toBe(true)
  expect(concerns({ ...notice([7, 0n]), storeId: filled(2, 16) }, own)).toBe(false)
  expect([concerns(notice([5, 111n]), own), concerns(notice([5, 110n]), own)]).toEqual([true, false])
  expect([concerns(notice([6, 121n]), own), concerns(notice([6, 120n]), own)]).toEqual([true, false])
  expect(concerns(notice([6, 121n], [5, 0n]), own)).toBe(false)
})

test('the word about a loss has one encoding', () => {
  const notice: RolledBack = {
    storeId: filled(9, 16),
    highest: { bootCount: 300, syncedPosition: 2n ** 63n },
    seen: { bootCount: 0, syncedPosition: 0n },
  }
  const bytes = encodeRolledBack(notice)
  expect(decodeRolledBack(bytes)).toEqual(notice)
  expect(decodeRolledBack(bytes.subarray(0, -1))).toBeUndefined()
  for (const other of oneBitOff(bytes)) {
    const decoded = decodeRolledBack(other)
    if (decoded !== undefined) expect(encodeRolledBack(decoded)).toEqual(other)
  }
})

test('of a node its newest record is known, and its last directories', () => {
  let known: KnownNode | undefined
  for (let store = 1; store <= 6; store++) known = knownWith(known, said(1, BigInt(store), BigInt(store), store), 4)
  expect(known?.marks.map(({ storeId }) => storeId[0])).toEqual([6, 5, 4, 3])
  const back = knownWith(known, said(2, 40n, 70n, 4), 4)
  expect(back.marks.map(({ storeId }) => storeId[0])).toEqual([4, 6, 5, 3])
  expect(markIn(back, said(9, 9n, 9n, 4))).toMatchObject({ bootCount: 2, syncedPosition: 40n })
  expect(markIn(back, said(9, 9n, 9n, 1))).toBeUndefined()
  expect(decodeKnownNode(encodeKnownNode(back))).toEqual(back)
})

test('what is known of a node is refused where marks are missing, doubled, too many or of other directories', () => {
  const record = said(1, 1n, 1n)
  const own = markOf(record)
  const encoded = (marks: readonly ReturnType<typeof markOf>[]) =>
    new CanonicalWriter(recordTag('memo/known-node/1'))
      .bytes(encodeNodeRecord(record))
      .list(marks, (each, item) => item.bytes(each.storeId).uint(each.bootCount).uint(each.syncedPosition).uint(each.issued))
      .finish()
  const others = Array.from({ length: 16 }, (_, index) => ({ ...own, storeId: filled(index + 2, 16) }))
  expect(decodeKnownNode(encoded([own]))).toEqual({ record, marks: [own] })
  expect(decodeKnownNode(encoded([own, ...others.slice(1)]))?.marks).toHaveLength(16)
  for (const marks of [[], [own, own], [others[0] as typeof own, own], [own, ...others], [{ ...own, issued: 2n ** 63n }]]) {
    expect(decodeKnownNode(encoded(marks))).toBeUndefined()
  }
})
