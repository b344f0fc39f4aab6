import { describe, expect, test } from 'vitest'
import { pinoLogger } from '../../../src/node/adapters/pino-logger/pino-logger.ts'
import { LogLevelGate } from '../../../src/node/observe/log-level-gate.ts'
import { LogRing } from '../../../src/node/observe/log-ring.ts'
import { observeLimits } from '../../../src/node/observe/observe-limits.ts'
import { ManualClock } from '../../support/key-value-world.ts'

const never = new AbortController().signal

function bed(linesMax = 1000) {
  const clock = new ManualClock()
  const ring = new LogRing(linesMax)
  const gate = new LogLevelGate('debug', clock)
  const shown: string[] = []
  const logger = pinoLogger({
    level: 'info',
    pretty: false,
    destination: { write: (line) => shown.push(line) },
    copy: ring,
    gate,
  })
  const page = async (search = {}, before?: number, limit = 100) =>
    await ring.page({ search, before, limit, charactersMax: 1e6 }, never)
  return { clock, ring, gate, shown, logger, page }
}

describe('the ring', () => {
  test('keeps what was written, redactions included', async () => {
    const { logger, page, shown, ring } = bed()
    logger.child('store').warn('a fact', { count: 3, key: 'user/key', nested: { token: 'geheim' }, bytes: new Uint8Array(9) })
    logger.info('nothing beside')
    const { lines, more } = await page()
    expect(more).toBe(false)
    expect(lines).toMatchObject([
      { sequence: 1, level: 'warn', subsystem: 'store', message: 'a fact' },
      { sequence: 2, level: 'info', subsystem: '', message: 'nothing beside', facts: '' },
    ])
    expect(JSON.parse(lines[0]?.facts ?? '')).toEqual({
      count: 3,
      key: '[redacted]',
      nested: { token: '[redacted]' },
      bytes: '[9 bytes]',
    })
    expect(Math.abs((lines[0]?.timeMs ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(shown).toHaveLength(2)
    expect(ring.subsystems).toEqual(['store'])
  })

  test('pages go backwards without a hole', async () => {
    const { logger, page } = bed()
    for (let index = 1; index <= 250; index++) logger.info(`line ${index}`)
    const seen: number[] = []
    let before: number | undefined
    for (let more = true; more; ) {
      const result = await page({}, before)
      seen.unshift(...result.lines.map(({ sequence }) => sequence))
      before = result.lines[0]?.sequence
      more = result.more
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index + 1))
  })

  test('filters by level, subsystem and text in message or facts', async () => {
    const { logger, page } = bed()
    logger.child('face').debug('Call ended', { method: 'memo.v1/Get' })
    logger.child('face').error('it broke', { error: new Error('x') })
    logger.child('store').info('say "hello"', { path: 'a\\b' })
    const messages = async (search: object) => (await page(search)).lines.map(({ message }) => message)
    expect(await messages({ level: 'error' })).toEqual(['it broke'])
    expect(await messages({ subsystem: 'face' })).toEqual(['Call ended', 'it broke'])
    expect(await messages({ text: 'CALL' })).toEqual(['Call ended'])
    expect(await messages({ text: '"METHOD":"memo.v1/' })).toEqual(['Call ended'])
    expect(await messages({ text: 'say "h' })).toEqual(['say "hello"'])
    expect(await messages({ text: 'subsystem' })).toEqual([])
    expect(await messages({ text: '.*' })).toEqual([])
  })

  test('is bounded by lines and by bytes, and a page begins where the oldest is', async () => {
    const { ring, logger, page } = bed(10)
    for (let index = 1; index <= 5000; index++) logger.info('x')
    expect([ring.oldest, ring.next]).toEqual([4991, 5001])
    expect((await page()).lines.map(({ sequence }) => sequence)).toEqual([
      4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5000,
    ])
    expect(await page({}, 100)).toEqual({ lines: [], more: false })
    const large = bed(1e6)
    const text = 'y'.repeat(15_000)
    for (let index = 0; index < 3000; index++)
      large.ring.write(`{"level":"info","time":"2026-01-01T00:00:00.000Z","msg":"${text}"}\n`)
    expect(large.ring.next - large.ring.oldest).toBeLessThanOrEqual(observeLimits.logBytesMax / 15_000)
  })

  test('a page ends at its characters, but has a line; a huge line keeps its message', async () => {
    const { ring, logger } = bed()
    for (let index = 0; index < 10; index++) logger.info('x'.repeat(1000))
    logger.info('huge', { facts: 'z'.repeat(100_000) })
    const { lines, more } = await ring.page({ search: {}, limit: 100, charactersMax: 3000 }, never)
    expect([lines.length, more]).toEqual([3, true])
    expect(lines.at(-1)).toMatchObject({
      message: 'huge',
      facts: expect.stringMatching(/^\{"leftOut":"100\d\d\d characters"\}$/),
    })
    expect((await ring.page({ search: {}, limit: 100, charactersMax: 1 }, never)).lines).toHaveLength(1)
  })

  test('a search of everything lets others run and can be given up', async () => {
    const { ring, logger } = bed(20_000)
    for (let index = 0; index < 20_000; index++) logger.info('x')
    const controller = new AbortController()
    const search = ring.page({ search: { text: 'absent' }, limit: 1, charactersMax: 1e6 }, controller.signal)
    setImmediate(() => controller.abort(new Error('given up')))
    await expect(search).rejects.toThrow('given up')
  })

  test('what is no line of a log is left out', () => {
    const { ring } = bed()
    for (const text of ['', 'hello', '{"level":"loud","time":"x"}']) ring.write(text)
    expect(ring.next).toBe(1)
  })

  test('a follower is woken by a line, and by the end of its call', async () => {
    const { ring, logger } = bed()
    const controller = new AbortController()
    const woken = ring.reached(1, controller.signal)
    logger.info('x')
    await woken
    const ended = ring.reached(99, controller.signal)
    controller.abort(new Error('over'))
    await expect(ended).rejects.toThrow('over')
    expect(ring.from(1, {}, 10, 1000)).toMatchObject({ lines: [{ sequence: 1 }], next: 2 })
  })
})

describe('the level', () => {
  test('can be changed while loggers exist', async () => {
    const { gate, logger, shown } = bed()
    const child = logger.child('store')
    gate.setLevel('warn')
    child.info('quiet')
    gate.setLevel('debug')
    child.debug('loud')
    expect(shown).toHaveLength(1)
  })

  test('without a gate the level of the options holds', () => {
    const shown: string[] = []
    const logger = pinoLogger({ level: 'warn', pretty: false, destination: { write: (line) => shown.push(line) } })
    logger.child('a').info('quiet')
    logger.child('a').warn('loud')
    expect(shown).toHaveLength(1)
  })

  test('is raised while lines come too fast, says so once, and comes back when it is quiet', () => {
    const { clock, gate, logger, shown } = bed()
    const told: string[] = []
    gate.start({
      raised: ({ level }) => void told.push(`raised ${level}`),
      lifted: ({ level }) => void told.push(`lifted ${level}`),
    })
    const second = (lines: number) => {
      for (let index = 0; index < lines; index++) logger.debug('x')
      clock.advance(1000)
    }
    second(5000)
    second(5000)
    expect([gate.guarded, gate.level, gate.linesPerSecond]).toEqual([false, 'debug', 2000])
    second(5000)
    expect([gate.guarded, gate.level, told]).toEqual([true, 'info', ['raised info']])
    const before = shown.length
    for (let index = 0; index < 20; index++) second(5000)
    expect([shown.length, gate.level, told.length]).toEqual([before, 'info', 1])
    for (let index = 0; index < 11; index++) second(0)
    expect([gate.guarded, gate.level, told]).toEqual([false, 'debug', ['raised info', 'lifted debug']])
    gate[Symbol.dispose]()
  })

  test('errors are never held back, and a new level ends the guard', () => {
    const { clock, gate, logger } = bed()
    for (let second = 0; second < 30; second++) {
      for (let index = 0; index < 2000; index++) logger.error('x', {})
      clock.advance(1000)
    }
    expect(gate.level).toBe('error')
    expect(gate.admits('error')).toBe(true)
    gate.setLevel('info')
    expect([gate.guarded, gate.level]).toEqual([false, 'info'])
  })
})
