import { describe, expect, test } from 'vitest'
import { importName } from '../../../src/node/api/control/jobs/import-name.ts'
import { PieceChannel } from '../../../src/node/api/control/jobs/piece-channel.ts'
import type { ImportMode } from '../../../src/node/api/control/jobs/value-import.ts'
import type { KeyValueService } from '../../../src/node/engine/kv/key-value-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { noise, text } from '../../support/key-value-world.ts'
import { JobBed, never } from './job-bed.ts'

const mebibyte = 1024 * 1024

function importOf(
  bed: JobBed,
  options: {
    readonly format?: 'files' | 'ndjson'
    readonly mode?: ImportMode
    readonly prefix?: string
    readonly source?: string
  } = {},
) {
  return bed.jobs.create({ kind: 'import', format: 'files', prefix: 'in/', mode: 'replace', ...options }).id
}

function lines(...records: object[]): Uint8Array {
  return text(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

test('lines may begin with a byte order mark, and one of another kind ends the import as before', async () => {
  await using bed = await JobBed.make()
  const id = importOf(bed, { format: 'ndjson' })
  await bed.feed(id, 'x.ndjson', Buffer.concat([text('\uFEFF'), lines({ key: 'a', value: 'eA==' })]))
  expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 1, failed: 0 })
  const other = importOf(bed, { format: 'ndjson' })
  await bed.feed(other, 'x.ndjson', Buffer.concat([Buffer.from([0xff, 0xfe]), lines({ key: 'b', value: 'eA==' })]))
  expect(await bed.jobs.finish(other, never)).toMatchObject({ state: 'failed', error: expect.stringContaining('line 1') })
})

describe('files', () => {
  test('become values under prefix and path, of any size', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed)
    const large = noise(3.5 * mebibyte)
    await bed.feed(id, 'a.txt', text('small'))
    await bed.feed(id, 'folder\\large.bin', large)
    await bed.feed(id, 'empty', new Uint8Array(0))
    const job = await bed.jobs.finish(id, never)
    expect(job).toMatchObject({ state: 'done', itemsDone: 3, failed: 0, skipped: 0, bytesDone: large.length + 5 })
    expect(await bed.keys()).toEqual(['in/a.txt', 'in/empty', 'in/folder/large.bin'])
    expect(Buffer.compare((await bed.value('in/folder/large.bin')) ?? new Uint8Array(0), large)).toBe(0)
    expect(job.endedMs).toBe(bed.world.clock.nowMs())
  })

  test('that are there already are never written again', async () => {
    await using bed = await JobBed.make()
    const large = noise(2.5 * mebibyte)
    for (let round = 0; round < 2; round++) {
      const id = importOf(bed)
      await bed.feed(id, 'small', text('x'))
      await bed.feed(id, 'large', large)
      expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 2, skipped: 2 * round })
    }
    expect([await bed.version('in/small'), await bed.version('in/large')]).toEqual([1n, 1n])
  })

  test.each([
    ['a byte in the middle', (bytes: Uint8Array) => bytes.with(1.6 * mebibyte, (bytes[1.6 * mebibyte] ?? 0) ^ 1)],
    ['the first byte', (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ 1)],
    ['a shorter end', (bytes: Uint8Array) => bytes.slice(0, 1.7 * mebibyte)],
    ['a cut between pieces', (bytes: Uint8Array) => bytes.slice(0, mebibyte + 1)],
    ['a longer end', (bytes: Uint8Array) => Buffer.concat([bytes, noise(1.2 * mebibyte, 5)])],
  ])('that differ by %s replace what is there', async (_, change) => {
    await using bed = await JobBed.make()
    const before = noise(2.5 * mebibyte)
    await bed.put('in/large', before)
    const after = new Uint8Array(change(new Uint8Array(before)))
    const id = importOf(bed)
    await bed.feed(id, 'large', after)
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 1, skipped: 0, failed: 0 })
    expect(Buffer.compare((await bed.value('in/large')) ?? new Uint8Array(0), after)).toBe(0)
    expect(await bed.version('in/large')).toBe(2n)
  })

  test('leave what is there where that is asked for', async () => {
    await using bed = await JobBed.make()
    await bed.put('in/small', text('old'))
    await bed.put('in/large', text('old'))
    const id = importOf(bed, { mode: 'skip' })
    await bed.feed(id, 'small', text('new'))
    await bed.feed(id, 'large', noise(2 * mebibyte))
    await bed.feed(id, 'other', noise(2 * mebibyte))
    expect(await bed.jobs.finish(id, never)).toMatchObject({ itemsDone: 3, skipped: 2 })
    expect(await bed.value('in/small')).toEqual(Buffer.from('old'))
    expect(await bed.value('in/large')).toEqual(Buffer.from('old'))
  })

  test('with names that lead elsewhere are refused one by one', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed)
    const names = [
      '../up',
      'a/../../b',
      '/abs',
      'a//b',
      'C:\\x',
      '..\\x',
      './x',
      'a/',
      'zero\0byte',
      '\ud800',
      `${'k'.repeat(4095)}`,
    ]
    for (const name of names) await bed.feed(id, name, text('x'))
    await bed.feed(id, '../large', noise(2.5 * mebibyte))
    await bed.feed(id, 'good', text('x'))
    const job = await bed.jobs.finish(id, never)
    expect(job).toMatchObject({ state: 'done', itemsDone: names.length + 2, failed: names.length + 1 })
    expect(job.failures.find(({ item }) => item === '../up')?.reason).toBe('its path leaves the folder')
    expect(job.failures.every(({ item, reason }) => item.length <= 200 && reason.length <= 200)).toBe(true)
    expect(await bed.keys()).toEqual(['in/good'])
  })

  test('that end early are no values; the next file goes on', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed)
    await bed.jobs.feed(id, { path: 'torn', bytes: noise(mebibyte), last: false }, never)
    await bed.feed(id, 'good', noise(1.5 * mebibyte))
    await bed.jobs.feed(id, { path: 'last', bytes: noise(10), last: false }, never)
    const job = await bed.jobs.finish(id, never)
    expect(job).toMatchObject({ state: 'done', itemsDone: 3, failed: 2 })
    expect(job.failures.map(({ item }) => item)).toEqual(['torn', 'last'])
    expect(await bed.keys()).toEqual(['in/good'])
  })

  test('a damaged value is made whole', async () => {
    const damaged = () => Promise.reject(new CodedError('data-corrupt', 'damaged'))
    await using bed = await JobBed.make({ changed: () => ({ get: damaged, read: damaged }) })
    const large = noise(1.5 * mebibyte)
    await bed.put('in/small', text('abc'))
    await bed.put('in/large', large)
    const id = importOf(bed)
    await bed.feed(id, 'small', text('abc'))
    await bed.feed(id, 'large', large)
    expect(await bed.jobs.finish(id, never)).toMatchObject({ itemsDone: 2, skipped: 0, failed: 0 })
    expect([await bed.version('in/small'), await bed.version('in/large')]).toEqual([2n, 2n])
  })

  test('a change that is refused because too many wait is made again', async () => {
    let refusals = 2
    await using bed = await JobBed.make({
      changed: (inner) => ({
        put: (...asked) => (refusals-- > 0 ? Promise.reject(new CodedError('queue-full', 'full')) : inner.put(...asked)),
      }),
    })
    const id = importOf(bed)
    await bed.feed(id, 'a', text('x'))
    let done = false
    const finished = bed.jobs.finish(id, never).then((job) => {
      done = true
      return job
    })
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve))
      bed.world.clock.advance(50)
    }
    expect(await finished).toMatchObject({ state: 'done', itemsDone: 1, failed: 0 })
  })

  test.each(['put', 'putStream'] as const)('a store that refuses %s ends the job, which takes nothing more', async (method) => {
    const full = () => Promise.reject(new CodedError('storage-full', 'the store is full'))
    await using bed = await JobBed.make({ changed: () => ({ [method]: full }) })
    const id = importOf(bed)
    await bed.feed(id, 'a', method === 'put' ? text('x') : noise(3 * mebibyte))
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'failed', error: 'the store is full', itemsDone: 0 })
    const before = bed.jobs.list()
    await bed.feed(id, 'b', noise(2 * mebibyte))
    expect(bed.jobs.list()).toEqual(before)
  })

  test('a caller that leaves ends its wait only', async () => {
    const gate = Promise.withResolvers<void>()
    await using bed = await JobBed.make({
      changed: (inner) => ({
        async put(...asked) {
          await gate.promise
          return await inner.put(...asked)
        },
      }),
    })
    const id = importOf(bed)
    await bed.feed(id, 'a', text('x'))
    const controller = new AbortController()
    const finishing = bed.jobs.finish(id, controller.signal)
    controller.abort(new CodedError('cancelled', 'left'))
    await expect(finishing).rejects.toThrow('left')
    gate.resolve()
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 1 })
  })
})

describe('NDJSON', () => {
  test('is stored line by line however it is cut', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed, { format: 'ndjson' })
    const parts = [noise(300, 1), noise(200, 2), noise(100, 3)]
    const source = Buffer.concat([
      lines({ key: 'a', value: base64(text('eins')), contentType: 'text/plain', version: '7' }),
      lines(
        { key: 'large', value: base64(parts[0] ?? text('')), part: 1, size: 600 },
        { key: 'large', value: base64(parts[1] ?? text('')), part: 2 },
        { key: 'large', value: base64(parts[2] ?? text('')), part: 3, last: true },
      ),
      lines({ key: '../z', value: '' }),
    ])
    for (let from = 0; from < source.length; from += 97) {
      const bytes = new Uint8Array(source.subarray(from, from + 97))
      await bed.jobs.feed(id, { path: 'x.ndjson', bytes, last: from + 97 >= source.length }, never)
    }
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 3, failed: 0, bytesDone: source.length })
    expect(await bed.value('in/a')).toEqual(Buffer.from('eins'))
    expect(await bed.value('in/large')).toEqual(Buffer.concat(parts))
    expect(await bed.keys()).toEqual(['in/../z', 'in/a', 'in/large'])
    expect((await bed.world.kv.stat('', 'in/a', { signal: never }))?.metadata.contentType).toBe('text/plain')
  })

  test('a key that is the prefix itself is stored, and without a prefix its value alone is counted', async () => {
    await using bed = await JobBed.make()
    const source = lines({ key: '', value: base64(text('x')) }, { key: 'a', value: base64(text('y')) })
    const into = importOf(bed, { format: 'ndjson' })
    await bed.feed(into, 'x.ndjson', source)
    expect(await bed.jobs.finish(into, never)).toMatchObject({ state: 'done', itemsDone: 2, failed: 0 })
    const plain = importOf(bed, { format: 'ndjson', prefix: '' })
    await bed.feed(plain, 'x.ndjson', source)
    expect(await bed.jobs.finish(plain, never)).toMatchObject({ state: 'done', itemsDone: 2, failed: 1 })
    expect(await bed.keys()).toEqual(['a', 'in/', 'in/a'])
  })

  test('of several lines with one key the last one stays, however often they are imported', async () => {
    await using bed = await JobBed.make()
    const [first, large, last] = ['first', 'l'.repeat(2 * mebibyte), 'final'].map((value) => base64(text(value)))
    const orders = [
      [first, last],
      [large, last],
      [first, large, last],
      [first, large],
    ]
    for (const values of orders) {
      const source = lines(...values.map((value) => ({ key: 'k', value })))
      for (let run = 0; run < 3; run++) {
        const id = importOf(bed, { format: 'ndjson' })
        await bed.feed(id, 'x.ndjson', source)
        expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', failed: 0 })
        expect(base64((await bed.value('in/k')) ?? text(''))).toBe(values.at(-1))
      }
    }
  })

  test('a content type that the line names comes back, and one that it does not name stays', async () => {
    await using bed = await JobBed.make()
    await bed.put('in/a', text('x'))
    for (const contentType of ['text/plain', undefined]) {
      const id = importOf(bed, { format: 'ndjson' })
      await bed.feed(id, 'x.ndjson', lines({ key: 'a', value: base64(text('x')), ...(contentType && { contentType }) }))
      await bed.jobs.finish(id, never)
      expect((await bed.world.kv.stat('', 'in/a', { signal: never }))?.metadata.contentType).toBe('text/plain')
    }
  })

  test('a value that cannot be stored is counted, the others are stored, its parts included', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed, { format: 'ndjson' })
    const long = 'k'.repeat(5000)
    const source = Buffer.concat([
      lines({ key: long, value: base64(text('x')) }),
      lines(
        { key: long, value: base64(text('x')), part: 1, size: 2 },
        { key: long, value: base64(text('y')), part: 2, last: true },
      ),
      lines({ key: 'good', value: base64(text('x')) }),
    ])
    await bed.feed(id, 'x.ndjson', source)
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 3, failed: 2 })
    expect(await bed.keys()).toEqual(['in/good'])
  })

  test.each([
    ['what is no JSON', text('{"key":"a","value":"eA=="}\nnonsense\n'), 'line 2 cannot be imported: it is not JSON'],
    ['a value that is not base64', lines({ key: 'a', value: '???' }), 'line 1 cannot be imported: its value is not base64'],
    ['what is no object', lines(['a', 'eA==']), 'line 1 cannot be imported: it is no object with "key" and "value"'],
    ['a line without a key', lines({ name: 'a', value: 'eA==' }), 'line 1 cannot be imported: it has no key'],
    ['a key that is a number', lines({ key: 7, value: 'eA==' }), 'line 1 cannot be imported: its key is no text'],
    ['half a character', lines({ key: 'a\ud800', value: '' }), 'line 1 cannot be imported: its key has half a character'],
    ['a line without a value', lines({ key: 'a' }), 'line 1 cannot be imported: it has no value'],
    ['a value that is an object', lines({ key: 'a', value: {} }), 'line 1 cannot be imported: its value is no text in base64'],
    ['an unknown member', lines({ key: 'a', value: '', ttl: 5 }), 'line 1 cannot be imported: "ttl" is no member of a line'],
    [
      'a member of another kind',
      lines({ key: 'a', value: '', contentType: 5 }),
      'line 1 cannot be imported: its "contentType" is not as it should be',
    ],
    [
      'what is not UTF-8',
      Buffer.from([...text('\n{"key":"'), 0xff, ...text('","value":""}')]),
      'line 2 cannot be imported: it is not UTF-8',
    ],
    [
      'a part that is missing',
      lines({ key: 'a', value: 'eA==', part: 1, size: 2 }),
      'line 1 cannot be imported: part 2 of a large value is missing',
    ],
  ])('%s ends the import', async (_, source, error) => {
    await using bed = await JobBed.make()
    const id = importOf(bed, { format: 'ndjson' })
    await bed.feed(id, 'x', source)
    const job = await bed.jobs.finish(id, never)
    expect(job.state === 'failed' ? job.error : job.failures[0]?.reason).toBe(error)
  })

  test('lines that hold nothing but blanks are none, as at the end of a file from Windows', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed, { format: 'ndjson' })
    await bed.feed(id, 'x', text('{"key":"a","value":"eA=="}\r\n\r\n \t\n{"key":"b","value":"eA=="}\r\n\r\n'))
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'done', itemsDone: 2, failed: 0 })
    expect(await bed.keys()).toEqual(['in/a', 'in/b'])
  })

  test('a line that cannot be imported ends the import behind the ones before it, all stored and counted', async () => {
    const slow = (inner: KeyValueService): Partial<KeyValueService> => ({
      async put(...asked) {
        for (let turn = 0; turn < 20; turn++) await Promise.resolve()
        return await inner.put(...asked)
      },
    })
    await using bed = await JobBed.make({ changed: slow })
    const id = importOf(bed, { format: 'ndjson' })
    const good = Array.from({ length: 5 }, (_, index) => ({ key: `k${index}`, value: 'eA==' }))
    await bed.feed(id, 'x', Buffer.concat([lines(...good), text('nonsense\n')]))
    const job = await bed.jobs.finish(id, never)
    expect(job).toMatchObject({ state: 'failed', itemsDone: 5, error: 'line 6 cannot be imported: it is not JSON' })
    expect(await bed.keys()).toEqual(good.map(({ key }) => `in/${key}`))
  })

  test('of a bad line and a change that failed before it, the earlier one is told', async () => {
    const full = async () => {
      await Promise.resolve()
      throw new CodedError('storage-full', 'the store is full')
    }
    await using bed = await JobBed.make({ changed: () => ({ put: full }) })
    const id = importOf(bed, { format: 'ndjson' })
    await bed.feed(id, 'x', Buffer.concat([lines({ key: 'a', value: 'eA==' }), text('nonsense\n')]))
    expect(await bed.jobs.finish(id, never)).toMatchObject({ state: 'failed', itemsDone: 0, error: 'the store is full' })
  })

  test('a line without an end is refused before it fills the memory', async () => {
    await using bed = await JobBed.make()
    const id = importOf(bed, { format: 'ndjson' })
    const endless = new Uint8Array(mebibyte).fill(0x61)
    for (let piece = 0; piece < 30; piece++) await bed.jobs.feed(id, { path: 'x', bytes: endless, last: false }, never)
    expect(bed.jobs.list()[0]).toMatchObject({ state: 'failed', error: expect.stringContaining('line 1 is longer than') })
  })
})

test('an import is listed with what it is made from, where its screens said so', async () => {
  await using bed = await JobBed.make()
  const source = 'orders.ndjson'
  const named = importOf(bed, { source })
  importOf(bed)
  expect(bed.jobs.list().map((job) => [job.id === named, job.source])).toEqual([
    [false, undefined],
    [true, source],
  ])
})

test('a name is a path downwards', () => {
  expect(importName('a/b c/ä.txt')).toEqual({ kind: 'name', name: 'a/b c/ä.txt' })
  expect(importName('...')).toEqual({ kind: 'name', name: '...' })
  expect(importName('a\\b')).toEqual({ kind: 'name', name: 'a/b' })
})

describe('a channel of pieces', () => {
  test('holds one piece until it is taken, then ends or fails behind it', async () => {
    const channel = new PieceChannel()
    let taken = false
    const pushed = channel.push(text('1')).then(() => {
      taken = true
    })
    await Promise.resolve()
    expect(taken).toBe(false)
    channel.end(new Error('torn'))
    const reader = channel[Symbol.asyncIterator]()
    expect(await reader.next()).toEqual({ done: false, value: text('1') })
    await pushed
    await expect(reader.next()).rejects.toThrow('torn')
  })

  test('lets pieces go that nobody reads', async () => {
    const channel = new PieceChannel()
    const waiting = channel.push(text('1'))
    channel.close()
    await waiting
    await channel.push(text('2'))
  })
})
