import { describe, expect, test } from 'vitest'
import type { LogLevel } from '../../../src/node/adapters/pino-logger/pino-logger.ts'
import { pinoLogger } from '../../../src/node/adapters/pino-logger/pino-logger.ts'
import { PromMeter } from '../../../src/node/adapters/prom-meter/prom-meter.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

function capture(level: LogLevel, pretty = false) {
  const lines: string[] = []
  return { lines, logger: pinoLogger({ level, pretty, destination: { write: (line) => lines.push(line) } }) }
}

function parsed(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('the logger', () => {
  test('writes one JSON object a line, with time, level and subsystem', () => {
    const { lines, logger } = capture('info')
    logger.child('store').info('opened', { segments: 3, sequence: 2n ** 60n })
    expect(lines[0]?.endsWith('\n')).toBe(true)
    expect(parsed(lines)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        subsystem: 'store',
        segments: 3,
        sequence: '1152921504606846976',
        msg: 'opened',
      },
    ])
  })

  test('writes numbers to a thousandth', () => {
    const { lines, logger } = capture('info')
    logger.info('read', { durationMs: 5.090979999999945, bytes: 2 ** 40 })
    expect(parsed(lines)[0]).toMatchObject({ durationMs: 5.091, bytes: 2 ** 40 })
  })

  test('leaves out what is below its level', () => {
    const { lines, logger } = capture('warn')
    logger.debug('a')
    logger.info('b')
    logger.warn('c')
    logger.error('d', { error: new Error('e') })
    expect(parsed(lines).map((line) => line.level)).toEqual(['warn', 'error'])
  })

  test('never writes secrets, keys or payloads', () => {
    const { lines, logger } = capture('debug')
    logger.info('all of it', {
      key: 'marker-1',
      value: 'marker-2',
      token: 'marker-3',
      passphrase: 'marker-4',
      call: { key: 'marker-5', seed: 'marker-6' },
      bytes: new Uint8Array(Buffer.from('marker-7')),
    })
    expect(lines.join()).not.toContain('marker')
    expect(parsed(lines)[0]).toMatchObject({ bytes: '[8 bytes]', key: '[redacted]' })
  })

  test('writes an error without the message where that may name a user’s key', () => {
    const { lines, logger } = capture('info')
    const cause = new CodedError('key-already-exists', 'key already exists: marker', { details: { attempt: 2n } })
    logger.error('failed', { error: new CodedError('internal', 'the store is gone', { cause }) })
    logger.error('failed', { error: cause })
    logger.error('failed', { error: 'marker' })
    expect(lines.join()).not.toContain('marker')
    expect(parsed(lines).map((line) => line.error)).toMatchObject([
      { code: 'internal', message: 'the store is gone', cause: { code: 'key-already-exists', details: { attempt: '2' } } },
      { type: 'CodedError', code: 'key-already-exists', stack: expect.stringContaining('at ') },
      { type: 'string' },
    ])
  })

  test('tells the code of a system error', () => {
    const { lines, logger } = capture('info')
    logger.error('failed', { error: Object.assign(new Error('no space left'), { code: 'ENOSPC' }) })
    expect(parsed(lines)[0]?.error).toMatchObject({ code: 'ENOSPC', message: 'no space left' })
  })

  test('writes lines for people on a terminal', () => {
    const { lines, logger } = capture('info', true)
    logger.child('store').info('opened', { segments: 3 })
    const introducer = String.fromCharCode(27)
    const text = lines.join('').replaceAll(new RegExp(`${introducer}\\[\\d+m`, 'g'), '')
    expect(text).toMatch(/INFO.*store: opened/)
    expect(text).toContain('segments: 3')
    expect(text).not.toContain('{"')
  })
})

describe('the meter', () => {
  test('renders counters, histograms and gauges', async () => {
    const meter = new PromMeter({ processMetrics: false })
    const calls = meter.counter({ name: 'memo_calls_total', help: 'Calls.', labels: ['status'] })
    calls.add(2, { status: 'ok' })
    calls.add(1, { status: 'ok' })
    meter.counter({ name: 'memo_plain_total', help: 'Plain.' }).add(5)
    meter.histogram({ name: 'memo_wait_seconds', help: 'Waits.', buckets: [0.1, 1] }).observe(0.5)
    let entries = 7
    meter.gauge({ name: 'memo_entries', help: 'Entries.' }, () => entries)
    entries = 8
    const text = await meter.render()
    expect(text).toContain('memo_calls_total{status="ok"} 3')
    expect(text).toContain('memo_plain_total 5')
    expect(text).toContain('memo_wait_seconds_bucket{le="0.1"} 0')
    expect(text).toContain('memo_wait_seconds_bucket{le="1"} 1')
    expect(text).toContain('memo_entries 8')
  })

  test('forgets the series that a gauge no longer gives', async () => {
    const meter = new PromMeter({ processMetrics: false })
    let families = ['block', 'entry']
    meter.gauge({ name: 'memo_records', help: 'Records.', labels: ['family'] }, () =>
      families.map((family) => ({ labels: { family }, value: 1 })),
    )
    expect(await meter.render()).toContain('memo_records{family="block"} 1')
    families = ['entry']
    const text = await meter.render()
    expect(text).not.toContain('"block"')
    expect(text).toContain('memo_records{family="entry"} 1')
  })

  test('keeps the metrics of two nodes apart', async () => {
    const meters = [new PromMeter({ processMetrics: false }), new PromMeter({ processMetrics: false })]
    for (const meter of meters) meter.counter({ name: 'memo_same_total', help: 'Same.' }).add(1)
    for (const meter of meters) expect(await meter.render()).toContain('memo_same_total 1')
  })

  test('adds those of the process where asked to', async () => {
    const text = await new PromMeter({ processMetrics: true }).render()
    expect(text).toContain('memo_process_resident_memory_bytes')
    expect(text).toContain('memo_nodejs_eventloop_lag_p99_seconds')
    expect(await new PromMeter({ processMetrics: false }).render()).not.toContain('memo_process')
  })
})
