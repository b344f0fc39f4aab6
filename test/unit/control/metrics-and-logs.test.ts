import { call } from '@orpc/server'
import { expect, test } from 'vitest'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { pinoLogger } from '../../../src/node/adapters/pino-logger/pino-logger.ts'
import { controlLimits } from '../../../src/node/api/control/control-limits.ts'
import { tailLog } from '../../../src/node/api/control/log-tail.ts'
import { logsHandlers } from '../../../src/node/api/control/logs-handlers.ts'
import { metricsHandlers } from '../../../src/node/api/control/metrics-handlers.ts'
import { LogLevelGate } from '../../../src/node/observe/log-level-gate.ts'
import { LogRing } from '../../../src/node/observe/log-ring.ts'
import { MetricHistory } from '../../../src/node/observe/metric-history.ts'
import { ManualClock } from '../../support/key-value-world.ts'
import { controlContext } from './handler-bed.ts'

function bed() {
  const clock = new ManualClock()
  const logRing = new LogRing(wireLimits.logLinesMax)
  const logGate = new LogLevelGate('info', clock)
  const logger = pinoLogger({ level: 'info', pretty: false, destination: { write: () => true }, copy: logRing, gate: logGate })
  return { clock, logRing, logger, logs: logsHandlers({ logRing, logGate, clock }), options: { context: controlContext(clock) } }
}

test('a range of metrics is what the contract promises', async () => {
  const clock = new ManualClock()
  const { range } = metricsHandlers({ history: new MetricHistory(clock) })
  const options = { context: controlContext(clock) }
  const answer = await call(range, { series: ['puts', 'sync-p99', 'puts'], seconds: 3600 }, options)
  expect(answer.series.map(({ name }) => name)).toEqual(['puts', 'sync-p99'])
  expect(answer.series.every(({ values }) => values.length === wireLimits.metricPointsMax)).toBe(true)
  expect(answer.stepMs).toBe(12_000)
})

test('a page of the log tells lines, subsystems, level and rate', async () => {
  const { logger, logs, options, clock } = bed()
  for (let index = 0; index < 10; index++) logger.child('store').info('a line', { index })
  logger.child('face').warn('another')
  clock.advance(1000)
  const page = await call(logs.page, { filter: { level: 'info' }, limit: 4 }, options)
  expect(page).toMatchObject({
    more: true,
    subsystems: ['face', 'store'],
    level: 'info',
    rate: { perSecond: 2.2, guarded: false },
  })
  expect(page.lines.map(({ sequence }) => sequence)).toEqual([8, 9, 10, 11])
  const [first] = page.lines
  const older = await call(logs.page, { filter: { subsystem: 'store' }, before: first?.sequence ?? 0, limit: 500 }, options)
  expect(older.lines.map(({ facts }) => facts)).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `{"index":${index}}`))
  expect(older.more).toBe(false)
})

test('the level can be set', async () => {
  const { logger, logs, options } = bed()
  logger.debug('unheard')
  await call(logs.setLevel, { level: 'debug' }, options)
  logger.debug('heard')
  const page = await call(logs.page, { filter: {}, limit: 10 }, options)
  expect(page.lines.map(({ message }) => message)).toEqual(['heard'])
  expect(page.level).toBe('debug')
})

test('a tail gives new lines in batches, marks a gap, and ends with its call', async () => {
  const { logger, logRing, clock } = bed()
  logger.info('before')
  const controller = new AbortController()
  const tail = tailLog({ logRing, clock }, { level: 'warn' }, controller.signal)
  const pulled = async (next: Promise<{ readonly value?: unknown }>) => {
    let done = false
    const settled = () => {
      done = true
    }
    next.then(settled, settled)
    while (!done) {
      clock.advance(controlLimits.tailIntervalMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return (await next).value
  }
  const first = tail.next()
  logger.info('not asked for')
  logger.warn('first', { x: 1 })
  logger.warn('second')
  expect(await pulled(first)).toMatchObject({
    kind: 'lines',
    lines: [{ message: 'first', facts: '{"x":1}' }, { message: 'second' }],
  })
  for (let index = 0; index < controlLimits.tailBehindMax + 300; index++) logger.error('flood', {})
  expect(await pulled(tail.next())).toEqual({ kind: 'gap', dropped: 300 })
  expect(await pulled(tail.next())).toMatchObject({ kind: 'lines', lines: { length: wireLimits.pageRowsMax } })
  controller.abort(new Error('the caller left'))
  await expect(pulled(tail.next())).rejects.toThrow()
  expect(await tail.next()).toEqual({ value: undefined, done: true })
})
