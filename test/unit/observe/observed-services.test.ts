import { expect, test } from 'vitest'
import { EventLoopDelay } from '../../../src/node/adapters/event-loop/event-loop-delay.ts'
import { pinoLogger } from '../../../src/node/adapters/pino-logger/pino-logger.ts'
import { PromMeter } from '../../../src/node/adapters/prom-meter/prom-meter.ts'
import { observedBlocks } from '../../../src/node/cli/run/observed-blocks.ts'
import { observedKeyValues } from '../../../src/node/cli/run/observed-key-values.ts'
import { LogLevelGate } from '../../../src/node/observe/log-level-gate.ts'
import { LogRing } from '../../../src/node/observe/log-ring.ts'
import { createNodeObserver } from '../../../src/node/observe/node-observer.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { draftOf } from '../../support/block-draft.ts'
import { gather, inPieces, ManualClock, noise, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'
import { silentLogger } from '../../support/silent.ts'

const context = { signal: new AbortController().signal }

/** Writes down what the history of a node would hear. */
function listener() {
  const heard: string[] = []
  const meter = new PromMeter({ processMetrics: false })
  const activity = {
    changed: (puts: number, bytes: number) => void heard.push(`changed ${puts} ${bytes}`),
    read: (gets: number, bytes: number) => void heard.push(`read ${gets} ${bytes}`),
    synced: (durationMs: number) => void heard.push(`synced ${durationMs}`),
  }
  return { heard, meter, observer: createNodeObserver({ logger: silentLogger, meter, activity }) }
}

test('calls of keys are told once each, with the bytes of their values', async () => {
  const { heard, meter, observer } = listener()
  const world = await NodeWorld.start()
  const kv = observedKeyValues(world.node.keyValues, observer, new ManualClock())
  const any = { precondition: { kind: 'any' } } as const
  await kv.put('', 'a', noise(10), any, context)
  await kv.putStream('', 'b', inPieces(noise(5_000_000), 700_000), any, context)
  await kv.put('', 'a', noise(10), { precondition: { kind: 'absent' } }, context)
  await kv.batch(
    '',
    [
      { kind: 'put', key: 'c', value: noise(3), options: any },
      { kind: 'put', key: 'c', value: noise(4), options: { precondition: { kind: 'absent' } } },
      { kind: 'delete', key: 'a', precondition: { kind: 'any' } },
    ],
    context,
  )
  expect(heard.splice(0)).toEqual(['changed 1 10', 'changed 1 5000000', 'changed 1 3'])
  await kv.get('', 'c', {}, context)
  await kv.get('', 'none', {}, context)
  await kv.stat('', 'c', context)
  await kv.list('', {}, context)
  await kv.list('', { withValues: true, prefix: 'c' }, context)
  const read = await kv.read('', 'b', {}, context)
  expect(heard.splice(0)).toEqual(['read 1 3', 'read 1 3'])
  if (read !== undefined) await gather(read.pieces)
  const told = heard.splice(0).map((line) => line.split(' ').map(Number))
  expect(told.length).toBeGreaterThan(1)
  expect([told.reduce((sum, [, gets = 0]) => sum + gets, 0), told.reduce((sum, [, , bytes = 0]) => sum + bytes, 0)]).toEqual([
    1, 5_000_000,
  ])
  await kv.delete('', 'c', { kind: 'any' }, context)
  expect(heard.splice(0)).toEqual(['changed 0 0'])
  const metrics = await meter.render()
  expect(metrics).toContain('memo_value_bytes_written_total 5000013')
  expect(metrics).toContain('memo_value_bytes_read_total 5000006')
  expect(metrics).toContain('memo_precondition_conflicts_total 2')
  await world.node.stop()
})

test('a stream that its reader leaves, or that breaks, is told as far as it came', async () => {
  const { heard, observer, meter } = listener()
  const world = await NodeWorld.start()
  const pieces = async function* () {
    yield noise(100)
    throw new CodedError('data-corrupt', 'damaged')
  }
  const inner = {
    ...({} as typeof world.node.keyValues),
    read: () => Promise.resolve({ metadata: undefined as never, pieces: pieces(), ageMs: 0 }),
  }
  const kv = observedKeyValues(inner, observer, new ManualClock())
  const broken = await kv.read('', 'a', {}, context)
  await expect(gather(broken?.pieces ?? inPieces(text(''), 1))).rejects.toThrow('damaged')
  const left = await kv.read('', 'a', {}, context)
  for await (const _ of left?.pieces ?? []) break
  expect(heard).toEqual(['read 1 100', 'read 1 100'])
  expect(await meter.render()).toContain('memo_damage_found_total 1')
  await world.node.stop()
})

test('calls of blocks are told too', async () => {
  const { heard, observer } = listener()
  const world = await NodeWorld.start()
  const blocks = observedBlocks(world.blocks, observer, new ManualClock())
  const content = await blocks.makeContent(noise(50), new Uint8Array(0))
  const stored = await blocks.insert(draftOf(content), context)
  await blocks.fetch(stored.address, { decrypt: false }, context)
  await blocks.stat(stored.address, context)
  await blocks.remove(stored.address, context)
  expect(await blocks.fetch(stored.address, { decrypt: false }, context)).toBeUndefined()
  expect(heard).toEqual(['changed 1 50', 'read 1 50', 'changed 0 0'])
  await world.node.stop()
})

test('a sync of the journal reaches the history', () => {
  const { heard, observer } = listener()
  observer.store.committed({ batches: 1, bytes: 10, writeMs: 1, syncMs: 7 })
  expect(heard).toEqual(['synced 7'])
})

test('what the guard of the log does stands in the log itself, once', async () => {
  const clock = new ManualClock()
  const gate = new LogLevelGate('warn', clock)
  const ring = new LogRing(100_000)
  const logger = pinoLogger({ level: 'warn', pretty: false, destination: { write: () => true }, copy: ring, gate })
  const observer = createNodeObserver({ logger, meter: new PromMeter({ processMetrics: false }) })
  gate.start({ raised: observer.logGuardRaised, lifted: observer.logGuardLifted })
  for (let second = 0; second < 20; second++) {
    for (let index = 0; second < 5 && index < 1500; index++) logger.warn('again')
    clock.advance(1000)
  }
  const { lines } = await ring.page({ search: { subsystem: 'node' }, limit: 10, charactersMax: 1e6 }, context.signal)
  expect(lines.map(({ message, facts }) => [message, JSON.parse(facts)])).toEqual([
    ['too many lines: less is logged until it is quiet again', { least: 'error', linesPerSecond: 1500 }],
    ['it is quiet again: the log has the level that was set', { least: 'warn' }],
  ])
})

test('the delay of the event loop is that of the time since it was asked last', async () => {
  using delay = new EventLoopDelay()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const until = performance.now() + 120
  while (performance.now() < until) {
    // busy
  }
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(delay.takeP99Ms()).toBeGreaterThan(60)
  expect(delay.takeP99Ms()).toBeUndefined()
})
