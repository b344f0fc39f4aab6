import { expect, test } from 'vitest'
import { AnswerWatch } from '../../../src/node/engine/cluster/answer-watch.ts'
import { ManualClock } from '../../support/key-value-world.ts'

function watched(isAlive: boolean) {
  const node = { isAlive }
  const clock = new ManualClock()
  const parent = new AbortController()
  const watch = new AnswerWatch({ clock, lookMs: 100, mayAnswer: () => node.isAlive }, parent.signal)
  return { node, clock, parent, watch }
}

test('a node that falls silent ends the wait at the next look', () => {
  const { node, clock, watch } = watched(true)
  clock.advance(1000)
  expect(watch.signal.aborted).toBe(false)
  node.isAlive = false
  clock.advance(99)
  expect(watch.signal.aborted).toBe(false)
  clock.advance(1)
  expect([watch.signal.aborted, watch.isGone]).toEqual([true, true])
  expect(watch.signal.reason).toMatchObject({ code: 'unavailable' })
})

test('a node that was gone before is waited for', () => {
  const { clock, watch } = watched(false)
  clock.advance(10_000)
  expect([watch.signal.aborted, watch.isGone]).toEqual([false, false])
})

test('whoever gives up ends the wait, and the node is not to blame', () => {
  const { node, clock, parent, watch } = watched(true)
  const reason = new Error('given up')
  parent.abort(reason)
  expect([watch.signal.aborted, watch.isGone]).toEqual([true, false])
  expect(watch.signal.reason).toBe(reason)
  node.isAlive = false
  clock.advance(100)
  expect(watch.isGone).toBe(false)
})

test('nothing is watched any more when the wait is over', () => {
  const { node, clock, parent, watch } = watched(true)
  watch[Symbol.dispose]()
  node.isAlive = false
  clock.advance(1000)
  parent.abort()
  expect(watch.signal.aborted).toBe(false)
})
