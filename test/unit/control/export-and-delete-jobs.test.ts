import { call } from '@orpc/server'
import { describe, expect, test } from 'vitest'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { controlLimits } from '../../../src/node/api/control/control-limits.ts'
import { jobsHandlers } from '../../../src/node/api/control/jobs-handlers.ts'
import { ndjsonValues, partBytes } from '../../../src/node/api/ndjson/ndjson-values.ts'
import { entryKey } from '../../../src/node/core/kv/record-keys.ts'
import type { ReadOptions } from '../../../src/node/engine/kv/key-value-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { gather, inPieces, noise, text } from '../../support/key-value-world.ts'
import { controlContext, failureOfCall } from './handler-bed.ts'
import { JobBed, never } from './job-bed.ts'

async function recordsOf(bytes: Uint8Array) {
  const records: { key: string; contentType: string; value: Uint8Array }[] = []
  for await (const { key, contentType, open } of ndjsonValues(inPieces(bytes, 65_536)))
    records.push({ key, contentType, value: await gather(open()) })
  return records
}

const ended = async (bed: JobBed, id: string) =>
  await expect.poll(() => bed.jobs.list().find((job) => job.id === id)?.state, { timeout: 5000, interval: 5 }).not.toBe('running')

describe('an export', () => {
  test('gives every key below the prefix, in pieces, and an import takes it back', async () => {
    await using bed = await JobBed.make()
    const large = noise(3 * 1024 * 1024 + 1)
    await bed.put('out/large', large)
    for (let index = 0; index < 600; index++)
      await bed.put(`out/${String(index).padStart(4, '0')}`, text(`value ${index}`), 'text/plain')
    await bed.put('other', text('x'))
    const { id } = bed.jobs.create({ kind: 'export', prefix: 'out/' })
    const { bytes, sizes } = await bed.takeAll(id)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(wireLimits.jobPieceBytesMax)
    expect(bed.jobs.list()[0]).toMatchObject({ state: 'done', itemsDone: 601, skipped: 0, failed: 0 })
    const records = await recordsOf(bytes)
    expect(records).toHaveLength(601)
    expect(records[0]).toMatchObject({ key: '0000', contentType: 'text/plain', value: Buffer.from('value 0') })
    expect(Buffer.compare(records.at(-1)?.value ?? new Uint8Array(0), large)).toBe(0)
    await using second = await JobBed.make()
    const back = second.jobs.create({ kind: 'import', format: 'ndjson', prefix: 'back/', mode: 'replace' }).id
    await second.feed(back, 'x.ndjson', bytes)
    expect(await second.jobs.finish(back, never)).toMatchObject({ state: 'done', itemsDone: 601, failed: 0 })
    expect(await second.keys('back/0001')).toEqual(['back/0001'])
  })

  test('cuts a value above the size of a part as the command line does', async () => {
    const size = partBytes + 4
    const metadata = {
      key: 'p/v',
      version: 3n,
      revision: 1n,
      size,
      contentType: '',
      modifiedMs: 0,
      writer: text(''),
      address: text('') as never,
      chunks: 13,
    }
    const value = noise(size)
    await using bed = await JobBed.make({
      changed: () => ({
        list: () => Promise.resolve({ items: [{ metadata }], commonPrefixes: [], ageMs: 0 }),
        read: () => Promise.resolve({ metadata, pieces: inPieces(value, 1_000_001), ageMs: 0 }),
      }),
    })
    const { bytes } = await bed.takeAll(bed.jobs.create({ kind: 'export', prefix: 'p/' }).id)
    const [first, second] = Buffer.from(bytes)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect({ ...first, value: '' }).toEqual({ key: 'v', version: '3', part: 1, size, value: '' })
    expect({ ...second, value: '' }).toEqual({ key: 'v', version: '3', part: 2, last: true, value: '' })
    expect(Buffer.compare(Buffer.concat([first, second].map((line) => Buffer.from(line.value, 'base64'))), value)).toBe(0)
  })

  test('names a damaged value and goes on; one that is damaged behind its beginning ends it', async () => {
    await using bed = await JobBed.make({
      changed: (inner) => ({
        list: (store, query, context) =>
          query.withValues === true
            ? Promise.reject(new CodedError('data-corrupt', 'damaged'))
            : inner.list(store, query, context),
        async read(store: string, key: string, options: ReadOptions, context) {
          if (key === 'b') throw new CodedError('data-corrupt', 'damaged')
          if (key !== 'd') return await inner.read(store, key, options, context)
          const found = await inner.read(store, key, options, context)
          const pieces = async function* () {
            yield text('x')
            throw new CodedError('data-corrupt', 'its rest is damaged')
          }
          return found && { ...found, pieces: pieces() }
        },
      }),
    })
    for (const key of ['a', 'b', 'c', 'd']) await bed.put(key, text(key))
    const { id } = bed.jobs.create({ kind: 'export', prefix: '' })
    const piece = await bed.jobs.take(id, never)
    expect(piece).toMatchObject({ done: true, bytes: { length: 0 } })
    expect(piece.job).toMatchObject({
      state: 'failed',
      error: 'its rest is damaged',
      itemsDone: 3,
      failed: 1,
      failures: [{ item: 'b' }],
    })
  })

  test('of nothing is one empty piece, and a piece that nobody waited for comes again', async () => {
    await using bed = await JobBed.make()
    const empty = bed.jobs.create({ kind: 'export', prefix: 'none/' }).id
    expect(await bed.jobs.take(empty, never)).toMatchObject({ done: true, bytes: { length: 0 }, job: { state: 'done' } })
    await bed.put('a', text('x'))
    const { id } = bed.jobs.create({ kind: 'export', prefix: '' })
    const controller = new AbortController()
    const left = bed.jobs.take(id, controller.signal)
    controller.abort(new CodedError('cancelled', 'left'))
    await expect(left).rejects.toThrow('left')
    expect(await recordsOf((await bed.takeAll(id)).bytes)).toMatchObject([{ key: 'a' }])
  })
})

describe('a removal', () => {
  test('takes every key below the prefix and no other', async () => {
    await using bed = await JobBed.make()
    const count = controlLimits.jobPageKeys * 2 + 10
    for (let index = 0; index < count; index++) await bed.put(`logs/${index}`, text('x'))
    for (const key of ['log', 'logs', 'logs0']) await bed.put(key, text('x'))
    const { id } = bed.jobs.create({ kind: 'delete', prefix: 'logs/' })
    await ended(bed, id)
    expect(bed.jobs.list()[0]).toMatchObject({ state: 'done', itemsDone: count, bytesDone: count, skipped: 0 })
    expect(await bed.keys()).toEqual(['log', 'logs', 'logs0'])
    expect(bed.changes).toBeGreaterThan(2)
  })

  test('stops when the node becomes read-only, or is cancelled', async () => {
    await using bed = await JobBed.make()
    for (let index = 0; index < 600; index++) await bed.put(`k${index}`, text('x'))
    bed.readOnly = true
    const refused = bed.jobs.create({ kind: 'delete', prefix: 'k' }).id
    await ended(bed, refused)
    expect(bed.jobs.list()[0]).toMatchObject({ state: 'failed', itemsDone: 0, error: expect.stringContaining('read-only') })
    bed.readOnly = false
    const { id } = bed.jobs.create({ kind: 'delete', prefix: 'k' })
    expect(bed.jobs.cancel(id)).toMatchObject({ state: 'cancelled' })
    await bed.jobs.stop()
    expect((await bed.keys('k')).length).toBeGreaterThanOrEqual(600 - controlLimits.jobPageKeys)
  })

  test('tells why the store refused', async () => {
    await using bed = await JobBed.make({
      changed: () => ({ batch: () => Promise.reject(new CodedError('store-read-only', 'suspect')) }),
    })
    await bed.put('k', text('x'))
    const { id } = bed.jobs.create({ kind: 'delete', prefix: 'k' })
    await ended(bed, id)
    expect(bed.jobs.list()[0]).toMatchObject({ state: 'failed', error: 'suspect' })
  })
})

describe('the list of jobs', () => {
  test('is bounded: running jobs are refused beyond a limit, ended ones are forgotten', async () => {
    await using bed = await JobBed.make()
    const ids = Array.from({ length: controlLimits.jobsRunningMax }, () => bed.jobs.create({ kind: 'export', prefix: '' }).id)
    expect(() => bed.jobs.create({ kind: 'delete', prefix: 'x' })).toThrow('8 jobs are running')
    for (const id of ids) bed.jobs.cancel(id)
    for (let index = 0; index < wireLimits.jobsMax + 5; index++)
      bed.jobs.cancel(bed.jobs.create({ kind: 'export', prefix: `${index}` }).id)
    expect(bed.jobs.list()).toHaveLength(wireLimits.jobsMax)
    expect(bed.jobs.list()[0]).toMatchObject({ prefix: `${wireLimits.jobsMax + 4}`, state: 'cancelled' })
  })

  test('abandoned jobs end by themselves, those in use do not', async () => {
    await using bed = await JobBed.make()
    const idle = bed.jobs.create({ kind: 'import', format: 'files', prefix: '', mode: 'skip' }).id
    const used = bed.jobs.create({ kind: 'import', format: 'files', prefix: '', mode: 'skip' }).id
    const untaken = bed.jobs.create({ kind: 'export', prefix: '' }).id
    bed.world.clock.advance(controlLimits.jobIdleMs - 1000)
    await bed.feed(used, 'a', text('x'))
    bed.world.clock.advance(2000)
    const states = Object.fromEntries(bed.jobs.list().map(({ id, state, error }) => [id, `${state} ${error ?? ''}`]))
    expect(states[idle]).toBe('failed nothing was fed for 5 minutes')
    expect(states[untaken]).toBe('failed nobody took a piece of it for 5 minutes')
    expect(states[used]).toBe('running ')
    await bed.jobs.finish(used, never)
    bed.world.clock.advance(controlLimits.jobIdleMs * 2)
    expect(bed.jobs.list().find(({ id }) => id === used)?.state).toBe('done')
  })

  test('a cancelled import leaves no half of a value, whoever waits for it goes on', async () => {
    await using bed = await JobBed.make()
    const { id } = bed.jobs.create({ kind: 'import', format: 'files', prefix: '', mode: 'replace' })
    await bed.jobs.feed(id, { path: 'large', bytes: noise(1024 * 1024), last: false }, never)
    bed.jobs.cancel(id)
    expect(await bed.jobs.feed(id, { path: 'large', bytes: noise(10), last: true }, never)).toMatchObject({ state: 'cancelled' })
    expect(await bed.keys()).toEqual([])
  })

  test('dismissing forgets; a job that runs is cancelled; twice is once', async () => {
    await using bed = await JobBed.make()
    const { id } = bed.jobs.create({ kind: 'export', prefix: '' })
    bed.jobs.dismiss(id)
    bed.jobs.dismiss(id)
    expect(bed.jobs.list()).toEqual([])
    await expect(bed.jobs.take(id, never)).rejects.toThrow(`there is no job ${id}`)
  })

  test('the procedures answer by the contract', async () => {
    await using bed = await JobBed.make()
    await bed.put('a', text('x'))
    const handlers = jobsHandlers({ jobs: bed.jobs })
    const options = { context: controlContext(bed.world.clock) }
    const { id } = await call(handlers.export, { prefix: '' }, options)
    const piece = await call(handlers.take, { id }, options)
    expect(piece).toMatchObject({ done: true, job: { state: 'done', itemsDone: 1 } })
    expect(JSON.parse(Buffer.from(piece.bytes).toString())).toEqual({ key: 'a', version: '1', value: 'eA==' })
    const created = await call(
      handlers.create,
      { kind: 'import', format: 'files', prefix: 'b/', mode: 'skip', itemsTotal: 1, bytesTotal: 1 },
      options,
    )
    expect(created).toMatchObject({ kind: 'import', state: 'running', itemsTotal: 1, bytesTotal: 1 })
    await call(handlers.feed, { id: created.id, path: 'x', bytes: new Uint8Array([1]), last: true }, options)
    expect(await call(handlers.finish, { id: created.id }, options)).toMatchObject({ state: 'done', itemsDone: 1 })
    expect((await call(handlers.list, undefined, options)).map(({ kind }) => kind)).toEqual(['import', 'export'])
    expect((await failureOfCall(call(handlers.take, { id: created.id }, options))).code).toBe('invalid-argument')
    expect((await failureOfCall(call(handlers.cancel, { id: 'none' }, options))).code).toBe('invalid-argument')
    expect(await call(handlers.dismiss, { id }, options)).toBeNull()
    const readOnly = { context: controlContext(bed.world.clock, { isReadOnly: () => true }) }
    expect(
      (await failureOfCall(call(handlers.feed, { id, path: 'x', bytes: new Uint8Array(0), last: true }, readOnly))).code,
    ).toBe('permission-denied')
    expect(await call(handlers.export, { prefix: '' }, readOnly)).toMatchObject({ kind: 'export' })
  })
})

describe('over a damaged store', () => {
  async function damagedBed(): Promise<JobBed> {
    const bed = await JobBed.make()
    for (let index = 0; index < 700; index++) await bed.put(`d/${String(index).padStart(4, '0')}`, text('x'))
    for (let index = 1; index < 699; index++) {
      const key = entryKey(bed.world.page, text(`d/${String(index).padStart(4, '0')}`))
      expect(bed.world.disk.flipBit('entry', key, 20)).toBe(true)
    }
    return bed
  }
  const unreadable = { item: '0001', reason: 'what is known of this key cannot be read' }

  test('an export gives what is readable and names the rest', async () => {
    await using bed = await damagedBed()
    const { id } = bed.jobs.create({ kind: 'export', prefix: 'd/' })
    const { bytes } = await bed.takeAll(id)
    expect((await recordsOf(bytes)).map(({ key }) => key)).toEqual(['0000', '0699'])
    const [job] = bed.jobs.list()
    expect(job).toMatchObject({ state: 'done', itemsDone: 700, failed: 698 })
    expect(job?.failures[0]).toEqual(unreadable)
  })

  test('an export over an index that may hide keys ends as failed', async () => {
    await using bed = await JobBed.make()
    await bed.put('d/1', text('x'))
    bed.world.disk.damageIndex()
    const { bytes } = await bed.takeAll(bed.jobs.create({ kind: 'export', prefix: 'd/' }).id)
    expect((await recordsOf(bytes)).map(({ key }) => key)).toEqual(['1'])
    expect(bed.jobs.list()[0]).toMatchObject({ state: 'failed', error: expect.stringContaining('keys may be missing') })
  })

  test('what an export could not read is not called damaged where the index is, though it proved so only by these reads', async () => {
    let damageIndex = () => {}
    await using bed = await JobBed.make({
      changed: (inner) => ({
        list: (store, query, context) =>
          query.withValues === true
            ? Promise.reject(new CodedError('data-corrupt', 'made up'))
            : inner.list(store, query, context),
        async read(store: string, key: string, options: ReadOptions, context) {
          if (key === 'd/2') damageIndex()
          if (key !== 'd/3') throw new CodedError('data-corrupt', 'made up')
          return await inner.read(store, key, options, context)
        },
      }),
    })
    for (const key of ['d/1', 'd/2', 'd/3']) await bed.put(key, text(key))
    const alone = bed.jobs.create({ kind: 'export', prefix: 'd/1' }).id
    await bed.takeAll(alone)
    expect(bed.jobs.list().find(({ id }) => id === alone)).toMatchObject({
      state: 'done',
      failures: [{ reason: 'its stored value is damaged' }],
    })
    damageIndex = () => bed.world.disk.damageIndex()
    const { id } = bed.jobs.create({ kind: 'export', prefix: 'd/' })
    await bed.takeAll(id)
    const reason = 'it cannot be read now, while the index is damaged'
    expect(bed.jobs.list().find((job) => job.id === id)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('whether a restart brings it back'),
      failures: [
        { item: '1', reason },
        { item: '2', reason },
      ],
    })
  })

  test('a deletion removes what is readable, names the rest and ends', async () => {
    await using bed = await damagedBed()
    const { id } = bed.jobs.create({ kind: 'delete', prefix: 'd/' })
    await ended(bed, id)
    const [job] = bed.jobs.list()
    expect(job).toMatchObject({ state: 'done', itemsDone: 700, failed: 698 })
    expect(job?.failures[0]).toEqual(unreadable)
    expect(await bed.keys('d/')).toEqual([])
  })
})
