import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { wireLimits } from '../../../../src/ipc/contract/wire-limits.ts'
import { HeartbeatWatch } from '../../../../src/renderer/connection/heartbeat-watch.ts'

const { heartbeatMs } = wireLimits
let said: string[] = []
let answers = false

beforeEach(() => {
  said = []
  answers = false
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function watch(): HeartbeatWatch {
  const watching = new HeartbeatWatch({
    silent: () => void said.push('silent'),
    back: () => void said.push('back'),
    ask: async () => answers,
    dead: () => void said.push('dead'),
  })
  onTestFinished(() => watching.stop())
  return watching
}

test('three missed heartbeats are silence, and whatever comes ends it', async () => {
  const watching = watch()
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs)
  watching.heard()
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs)
  expect(said).toEqual([])
  await vi.advanceTimersByTimeAsync(heartbeatMs)
  expect(said).toEqual(['silent'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(said).toEqual(['silent'])
  watching.heard()
  expect(said).toEqual(['silent', 'back'])
  watching.heard()
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs)
  expect(said).toEqual(['silent', 'back'])
})

test('a page whose timers were held back for minutes takes that for one missed heartbeat', async () => {
  const watching = watch()
  vi.setSystemTime(Date.now() + 10 * 60_000)
  await vi.advanceTimersByTimeAsync(heartbeatMs)
  expect(said).toEqual([])
  watching.heard()
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs)
  expect(said).toEqual([])
})

test('where the node answers another way while nothing comes here, this way is dead', async () => {
  watch()
  await vi.advanceTimersByTimeAsync(4 * heartbeatMs)
  answers = true
  await vi.advanceTimersByTimeAsync(heartbeatMs)
  expect(said).toEqual(['silent'])
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs)
  expect(said).toEqual(['silent', 'dead'])
})

test('a node that woke up and answers the other way first is heard here before the way is given up', async () => {
  const watching = watch()
  await vi.advanceTimersByTimeAsync(4 * heartbeatMs)
  answers = true
  await vi.advanceTimersByTimeAsync(heartbeatMs)
  watching.heard()
  await vi.advanceTimersByTimeAsync(2 * heartbeatMs)
  expect(said).toEqual(['silent', 'back'])
})
