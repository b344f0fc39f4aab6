import { expect, test } from 'vitest'
import type { Operation } from './check-linearizable.ts'
import { isLinearizable } from './check-linearizable.ts'
import type { Demand, KeyAnswer, KeyCall } from './key-model.ts'
import { keyModel } from './key-model.ts'

const any: Demand = { kind: 'any' }
const absent: Demand = { kind: 'absent' }
const put = (value: string, demand: Demand = any): KeyCall => ({ kind: 'put', value, demand })
const remove = (demand: Demand = any): KeyCall => ({ kind: 'delete', demand })
const read: KeyCall = { kind: 'read' }
const done = (version: bigint): KeyAnswer => ({ kind: 'done', version })
const found = (version: bigint, value?: string): KeyAnswer => ({ kind: 'found', version, ...(value !== undefined && { value }) })
const none: KeyAnswer = { kind: 'absent' }
const conflict = (version?: bigint): KeyAnswer => ({ kind: 'conflict', version })
const unknown = undefined

/** One after another; what has no answer is open to the end. */
function history(...steps: readonly (readonly [KeyCall, KeyAnswer | undefined])[]): Operation<KeyCall, KeyAnswer>[] {
  return steps.map(([call, answer], index) => {
    const answeredAt = answer === undefined ? Number.POSITIVE_INFINITY : 2 * index + 1
    return { call, answer, calledAt: 2 * index, answeredAt }
  })
}

test.each([
  ['put, read, remove', history([put('a'), done(1n)], [read, found(1n, 'a')], [remove(), done(1n)], [read, none])],
  ['a version above the one that was removed', history([put('a'), done(1n)], [remove(), done(1n)], [put('b'), done(2n)])],
  [
    'a lost answer that is seen',
    history([put('a'), unknown], [read, found(1n, 'a')], [put('b', { kind: 'version', version: 1n }), done(2n)]),
  ],
  ['a lost answer that was never carried out', history([put('a'), unknown], [read, none], [put('b', absent), done(1n)])],
  ['a refused precondition', history([put('a'), done(1n)], [put('b', absent), conflict(1n)], [read, found(1n)])],
  ['a refused version', history([put('a'), done(4n)], [put('b', { kind: 'version', version: 3n }), conflict(4n)])],
  ['a removal of nothing', history([remove(), conflict()])],
])('%s could have happened', (_, operations) => {
  expect(isLinearizable(keyModel, operations)).toBe(true)
})

test.each([
  ['a version that is used twice', history([put('a'), done(1n)], [remove(), done(1n)], [put('b'), done(1n)])],
  ['a version that goes back', history([put('a'), done(2n)], [put('b'), done(1n)])],
  ['a value that is gone', history([put('a'), done(1n)], [read, none])],
  ['a value that was replaced', history([put('a'), done(1n)], [put('b'), done(2n)], [read, found(2n, 'a')])],
  ['a value that was removed', history([put('a'), done(1n)], [remove(), done(1n)], [read, found(1n, 'a')])],
  ['a version that its key never had', history([put('a'), done(1n)], [put('b', { kind: 'version', version: 7n }), done(8n)])],
  [
    'a conflict where the precondition holds',
    history([put('a'), done(1n)], [put('b', { kind: 'version', version: 1n }), conflict(1n)]),
  ],
  ['absence that is taken for presence', history([put('a', absent), done(1n)], [put('b', absent), done(2n)])],
  [
    'a lost answer that was carried out twice',
    history([put('a'), unknown], [read, found(1n, 'a')], [put('b'), done(2n)], [read, found(3n, 'a')]),
  ],
])('%s could not', (_, operations) => {
  expect(isLinearizable(keyModel, operations)).toBe(false)
})
