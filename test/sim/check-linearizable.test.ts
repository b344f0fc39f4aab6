import { describe, expect, test } from 'vitest'
import type { ObjectModel, Operation } from './check-linearizable.ts'
import { isLinearizable } from './check-linearizable.ts'

type Call = { readonly write: number } | 'read' | { readonly from: number; readonly to: number }

/** A register of one number that begins with 0, with compare and set. */
const register: ObjectModel<number, Call, number | 'ok' | 'no'> = {
  initial: 0,
  keyOf: String,
  step: (state, call, answer) => {
    if (call === 'read') return answer === undefined || answer === state ? [state] : []
    if ('write' in call) return answer === undefined ? [call.write, state] : [call.write]
    const fits = state === call.from
    if (answer === undefined) return fits ? [call.to, state] : [state]
    return fits === (answer === 'ok') ? [fits ? call.to : state] : []
  },
}

const never = Number.POSITIVE_INFINITY
const op = (
  calledAt: number,
  answeredAt: number,
  call: Call,
  answer?: number | 'ok' | 'no',
): Operation<Call, number | 'ok' | 'no'> => ({
  call,
  calledAt,
  answeredAt,
  answer,
})
const write = (calledAt: number, answeredAt: number, value: number) =>
  op(calledAt, answeredAt, { write: value }, answeredAt === never ? undefined : 'ok')
const read = (calledAt: number, answeredAt: number, value: number) => op(calledAt, answeredAt, 'read', value)
const swap = (calledAt: number, answeredAt: number, from: number, to: number, answer?: 'ok' | 'no') =>
  op(calledAt, answeredAt, { from, to }, answer)

describe('a history that could have happened one after another', () => {
  test.each([
    ['nothing', []],
    ['reads of the beginning', [read(0, 1, 0), read(2, 3, 0)]],
    ['one after another', [write(0, 1, 1), read(2, 3, 1), write(4, 5, 2), read(6, 7, 2)]],
    ['a read beside a write that sees it', [write(0, 3, 1), read(1, 2, 1)]],
    ['a read beside a write that does not see it', [write(0, 3, 1), read(1, 2, 0)]],
    ['two readers of which the later one sees the write', [write(0, 9, 1), read(1, 2, 0), read(3, 4, 1)]],
    ['writes beside each other in either order', [write(0, 5, 1), write(1, 4, 2), read(6, 7, 1), read(8, 9, 1)]],
    ['a write without an answer that is seen later', [write(0, never, 1), read(1, 2, 0), read(3, 4, 1)]],
    ['a write without an answer that is never seen', [write(0, never, 1), read(1, 2, 0), read(3, 4, 0)]],
    ['a write without an answer that comes after much else', [write(0, never, 1), write(2, 3, 2), read(4, 5, 2), read(6, 7, 1)]],
    ['a swap that had to wait for a write beside it', [swap(0, 5, 1, 2, 'ok'), write(1, 4, 1), read(6, 7, 2)]],
    ['a swap that was too late', [write(0, 1, 1), swap(2, 3, 0, 2, 'no'), read(4, 5, 1)]],
    ['of two swaps from one number only one', [swap(0, 3, 0, 1, 'ok'), swap(1, 4, 0, 2, 'no'), read(5, 6, 1)]],
    ['a chain through swaps without answers', [swap(0, never, 0, 1), swap(1, never, 1, 2), read(2, 3, 2)]],
  ])('%s', (_, history) => {
    expect(isLinearizable(register, history)).toBe(true)
  })
})

describe('a history that could not', () => {
  test.each([
    ['a number that nobody wrote', [read(0, 1, 5)]],
    ['a stale read', [write(0, 1, 1), read(2, 3, 0)]],
    ['a lost write', [write(0, 1, 1), write(2, 3, 2), read(4, 5, 1)]],
    ['two readers that see the write in the wrong order', [write(0, 9, 1), read(1, 2, 1), read(3, 4, 0)]],
    ['a write that comes back', [write(0, 1, 1), write(2, 3, 2), read(4, 5, 2), read(6, 7, 1)]],
    ['a write without an answer that is seen and then not', [write(0, never, 1), read(1, 2, 1), read(3, 4, 0)]],
    ['a write that is seen before it was asked for', [read(0, 1, 1), write(2, 3, 1)]],
    ['two swaps from one number that both say yes', [swap(0, 3, 0, 1, 'ok'), swap(1, 4, 0, 2, 'ok')]],
    ['a swap that says no although it fits', [swap(0, 1, 0, 1, 'no')]],
    ['two orders of the same two writes', [write(0, 5, 1), write(1, 4, 2), read(6, 7, 1), read(8, 9, 2)]],
    ['a chain of which one link is missing', [swap(0, never, 0, 1), swap(1, never, 2, 3), read(2, 3, 3)]],
  ])('%s', (_, history) => {
    expect(isLinearizable(register, history)).toBe(false)
  })
})

test('many operations beside each other are searched once for each state and set of them', () => {
  const writes = Array.from({ length: 14 }, (_, index) => write(index, 100 + index, index % 3))
  expect(isLinearizable(register, [...writes, read(200, 201, 7)])).toBe(false)
  expect(isLinearizable(register, [...writes, read(200, 201, 2)])).toBe(true)
})
