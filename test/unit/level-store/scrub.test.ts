import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { flip, oneTable, removeScrubbedStores, scrubbedStore, scrubLimits } from './scrub-bed.ts'

afterEach(removeScrubbedStores)

const indexDamaged = expect.stringMatching(/^the index is damaged: puts are refused/)

test('a round reads every table and payload at the rate of the limit, and the next one comes after the rest', async () => {
  const { store, clock, rounds, found, first } = await scrubbedStore()
  expect(store.scrub).toEqual({ lastRound: undefined, findings: [] })
  const startedMs = clock.nowMs()
  await first
  const [{ bytes, durationMs } = { bytes: 0, durationMs: 0 }] = rounds
  expect(bytes).toBeGreaterThan(40 * 20_500)
  expect(clock.nowMs() - startedMs).toBe(durationMs)
  expect(durationMs / 1000).toBeGreaterThan(bytes / scrubLimits.scrubBytesPerSecond - 0.2)
  expect(Math.min(...clock.slept)).toBeGreaterThanOrEqual(50)
  expect(store.scrub).toEqual({ lastRound: { endedMs: clock.nowMs(), bytes }, findings: [] })
  const before = clock.nowMs()
  await clock.round()
  expect(rounds.length).toBe(2)
  expect(clock.nowMs() - before).toBeGreaterThan(scrubLimits.scrubIdleMs)
  expect(found).toEqual([])
  await store.close()
})

test('damage of tables and payloads under a running store is found and told once', async () => {
  const { root, store, clock, rounds, found, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', '0000000000000001.seg'), 100_000)
  await clock.round()
  const payload = expect.stringMatching(/^content: segment 1 at \d+: the payload does not match its checksum$/)
  expect(found).toEqual([payload])
  const table = await oneTable(root)
  flip(join(root, 'index', table), 100)
  await clock.round()
  await clock.round()
  const block = `index: ${table} at 0: a block does not match its checksum`
  expect(found).toEqual([payload, block, indexDamaged])
  expect(store.scrub?.findings, 'records are not read meanwhile').toEqual([indexDamaged, payload, block])
  expect(rounds.map(({ findings }) => findings)).toEqual([0, 1, 1, 1])
  await store.close()
})

test('what the disk cannot read is found; a lack of descriptors only ends the round', async () => {
  const { root, store, clock, found, failed, faulty, first } = await scrubbedStore()
  await first
  const path = join(root, 'index', await oneTable(root))
  faulty.readFaults = [{ path, code: 'EIO' }]
  await clock.round()
  expect(found).toEqual([expect.stringMatching(/\.ldb at 0: it cannot be read up to \d+ \(EIO\)$/), indexDamaged])
  faulty.readFaults = [{ path, code: 'EMFILE' }]
  await clock.round()
  expect(failed).toEqual([expect.objectContaining({ code: 'EMFILE' })])
  faulty.readFaults = []
  const failedMs = clock.nowMs()
  await clock.round()
  expect(clock.nowMs() - failedMs, 'it is tried again soon').toBeLessThan(scrubLimits.scrubIdleMs / 2)
  expect(store.scrub?.findings, 'until the next start').toEqual([indexDamaged])
  expect(found.length).toBe(2)
  await store.close()
})

test('a store that is closed while it reads itself closes at once', async () => {
  const { store, clock, rounds, failed } = await scrubbedStore()
  await new Promise((resolve) => setImmediate(resolve))
  await store.close()
  const slept = clock.slept.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(clock.slept.length).toBe(slept)
  expect([rounds, failed]).toEqual([[], []])
})

test('a reader that meets damage has everything read again soon, and once for all that it meets until then', async () => {
  const { root, store, clock, found, rounds, first } = await scrubbedStore()
  await first
  flip(join(root, 'index', await oneTable(root)), 300)
  const before = clock.monotonicMs()
  for (let call = 0; call < 3; call++) store.scrubSoon?.()
  await expect.poll(() => rounds.length).toBe(2)
  expect(found[0]).toMatch(/a block does not match its checksum$/)
  expect(clock.monotonicMs() - before, 'not before its time, which a round took a part of').toBeLessThan(
    2 * scrubLimits.scrubRetryMs,
  )
  await store.close()
  expect(rounds.length).toBe(2)
})
