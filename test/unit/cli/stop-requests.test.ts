import { expect, test } from 'vitest'
import { PromMeter } from '../../../src/node/adapters/prom-meter/prom-meter.ts'
import { StopRequests } from '../../../src/node/cli/run/stop-requests.ts'
import { createNodeObserver } from '../../../src/node/observe/node-observer.ts'
import type { Logger } from '../../../src/node/ports/logger.ts'

function bed() {
  const lines: string[] = []
  const log = (message: string) => void lines.push(message)
  const logger: Logger = { child: () => logger, debug: log, info: log, warn: log, error: log }
  const observer = createNodeObserver({ logger, meter: new PromMeter({ processMetrics: false }) })
  return { lines, stops: new StopRequests(observer) }
}

test('a failed write ends the process with its own exit code', async () => {
  const { stops } = bed()
  using _ = stops
  stops.writeFailed()
  expect(await stops.first).toEqual({ kind: 'write-failed', exitCode: 12 })
})

test('a bug that nobody waits for ends it in order, and the first reason counts', async () => {
  const { stops, lines } = bed()
  using _ = stops
  const before = process.listeners('unhandledRejection')
  for (const listener of before) listener(new Error('bug'), Promise.resolve())
  stops.writeFailed()
  expect(await stops.first).toEqual({ kind: 'bug', exitCode: 1 })
  expect(lines).toContain('a background task failed, the node stops')
})

test('a terminal that goes away stops the node in order', async () => {
  const { stops, lines } = bed()
  using _ = stops
  process.emit('SIGHUP')
  expect(await stops.first).toEqual({ kind: 'signal', exitCode: 0 })
  expect(lines).toContain('stop requested')
})

test('the second signal hurries, and no listener stays', async () => {
  const count = process.listenerCount('SIGTERM')
  const hangUps = process.listenerCount('SIGHUP')
  const { stops } = bed()
  process.emit('SIGTERM')
  expect(await stops.first).toEqual({ kind: 'signal', exitCode: 0 })
  process.emit('SIGINT')
  await stops.hurry
  stops[Symbol.dispose]()
  expect(process.listenerCount('SIGTERM')).toBe(count)
  expect(process.listenerCount('SIGHUP')).toBe(hangUps)
})
