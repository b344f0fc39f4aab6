import { afterEach, describe, expect, test } from 'vitest'
import { entryKey } from '../../../src/node/core/kv/record-keys.ts'
import { call, gather, inPieces, KeyValueWorld, noise, text } from '../../support/key-value-world.ts'

const any = { precondition: { kind: 'any' } } as const
const worlds: KeyValueWorld[] = []

async function make(...options: Parameters<typeof KeyValueWorld.make>): Promise<KeyValueWorld> {
  const world = await KeyValueWorld.make(...options)
  worlds.push(world)
  return world
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

describe('put, get, delete', () => {
  test('a value comes back with its metadata, before and after a restart', async () => {
    const world = await make()
    const put = await world.kv.put('', 'a', text('one'), { ...any, contentType: 'text/plain' }, call)
    expect(put).toMatchObject({
      kind: 'done',
      metadata: { key: 'a', version: 1n, size: 3, contentType: 'text/plain', chunks: 0 },
    })
    for (const restarted of [false, true]) {
      if (restarted) await world.restart()
      const got = await world.kv.get('', 'a', {}, call)
      expect(got?.value).toEqual(text('one'))
      expect(put).toEqual({ kind: 'done', metadata: got?.metadata })
      expect(await world.kv.stat('', 'a', call)).toEqual({ metadata: got?.metadata, ageMs: 0 })
    }
    expect(await world.kv.get('', 'b', {}, call)).toBeUndefined()
    expect(world.kv.keysOf('')).toBe(1)
  })

  test('an empty value is a value', async () => {
    const world = await make()
    await world.kv.put('', 'a', new Uint8Array(0), any, call)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(new Uint8Array(0))
    await world.restart()
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(new Uint8Array(0))
  })

  test('preconditions decide, and a conflict shows the present state', async () => {
    const { kv } = await make()
    const put = (kind: 'absent' | 'present', value: string) => kv.put('', 'a', text(value), { precondition: { kind } }, call)
    const at = (version: bigint) => ({ kind: 'version', version }) as const
    expect(await put('present', '0')).toEqual({ kind: 'conflict', current: undefined })
    expect(await put('absent', '1')).toMatchObject({ kind: 'done', metadata: { version: 1n } })
    expect(await put('absent', '2')).toMatchObject({ kind: 'conflict', current: { version: 1n, size: 1 } })
    expect(await put('present', '3')).toMatchObject({ kind: 'done', metadata: { version: 2n } })
    expect(await kv.put('', 'a', text('4'), { precondition: at(1n) }, call)).toMatchObject({
      kind: 'conflict',
      current: { version: 2n },
    })
    expect(await kv.put('', 'a', text('5'), { precondition: at(2n) }, call)).toMatchObject({
      kind: 'done',
      metadata: { version: 3n },
    })
    expect(await kv.delete('', 'a', at(2n), call)).toMatchObject({ kind: 'conflict', current: { version: 3n } })
    expect(await kv.delete('', 'a', { kind: 'absent' }, call)).toMatchObject({ kind: 'conflict', current: { version: 3n } })
    expect(await kv.delete('', 'a', at(3n), call)).toMatchObject({ kind: 'done', metadata: { version: 3n } })
    expect(await kv.delete('', 'a', { kind: 'any' }, call)).toEqual({ kind: 'conflict', current: undefined })
    expect(await kv.delete('', 'a', { kind: 'absent' }, call)).toMatchObject({ kind: 'done', metadata: { version: 0n } })
  })

  test('a version is not used again when a key is removed and made anew', async () => {
    const world = await make()
    await world.kv.put('', 'a', text('1'), any, call)
    await world.kv.put('', 'a', text('2'), any, call)
    await world.kv.delete('', 'a', { kind: 'any' }, call)
    await world.restart()
    expect(await world.kv.put('', 'a', text('3'), any, call)).toMatchObject({ metadata: { version: 3n } })
    expect(await world.kv.put('', 'fresh', text('3'), any, call)).toMatchObject({ metadata: { version: 3n } })
  })

  test('revisions grow, across restarts too', async () => {
    const world = await make()
    const revisions: bigint[] = []
    for (let round = 0; round < 6; round++) {
      const results = await Promise.all(['a', 'b', 'c'].map((key) => world.kv.put('', key, text('x'), any, call)))
      for (const result of results) if (result.kind === 'done') revisions.push(result.metadata.revision)
      if (round % 2 === 1) await world.restart()
    }
    expect(revisions).toHaveLength(18)
    expect(revisions).toEqual([...new Set(revisions)].sort((left, right) => (left < right ? -1 : 1)))
  })

  test('keys are any well-formed text of 1 to 4096 bytes', async () => {
    const { kv } = await make()
    const good = ['\0', 'ü', '😀', '/'.repeat(4096), 'é'.repeat(2048), 'a\nb', '\uffff']
    for (const key of good) await kv.put('', key, text(key), any, call)
    for (const key of good) expect((await kv.get('', key, {}, call))?.value).toEqual(text(key))
    const sorted = (await kv.list('', {}, call)).items.map(({ metadata }) => metadata.key)
    expect(sorted).toEqual(good.toSorted((left, right) => Buffer.compare(text(left), text(right))))
    for (const key of ['', 'a'.repeat(4097), 'é'.repeat(2049), '\ud800', 'a\udc00b']) {
      await expect(kv.put('', key, text('x'), any, call)).rejects.toMatchObject({ code: 'invalid-argument' })
      await expect(kv.get('', key, {}, call)).rejects.toMatchObject({ code: 'invalid-argument' })
    }
  })

  test('what cannot be is refused', async () => {
    const { kv } = await make({ limits: { unaryValueBytesMax: 100 } })
    await expect(kv.put('nowhere', 'a', text('x'), any, call)).rejects.toMatchObject({ code: 'store-not-found' })
    await expect(kv.put('', 'a', noise(101), any, call)).rejects.toMatchObject({ code: 'limit-exceeded' })
    await expect(kv.put('', 'a', text('x'), { ...any, contentType: 'x'.repeat(256) }, call)).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    const version = { kind: 'version', version: -1n } as const
    await expect(kv.put('', 'a', text('x'), { precondition: version }, call)).rejects.toMatchObject({ code: 'invalid-argument' })
    await kv.stop()
    await expect(kv.get('', 'a', {}, call)).rejects.toMatchObject({ code: 'not-running' })
  })

  test('a call that was given up before its turn changes nothing', async () => {
    const world = await make()
    const controller = new AbortController()
    controller.abort(new Error('given up'))
    await expect(world.kv.put('', 'a', text('x'), any, { signal: controller.signal })).rejects.toThrow('given up')
    await expect(world.kv.get('', 'a', {}, { signal: controller.signal })).rejects.toThrow('given up')
    expect(await world.kv.stat('', 'a', call)).toBeUndefined()
  })
})

describe('large values', () => {
  const limits = { chunkBytes: 1000, foldBytesMax: 4000 }

  test.each([999, 1000, 1001, 2000, 2500, 9999])('%i bytes are put, streamed and read in ranges', async (size) => {
    const world = await make({ limits, manifestPartsMax: 3 })
    const value = noise(size, size)
    const put = await world.kv.put('', 'put', value, any, call)
    const chunks = size <= 1000 ? 0 : Math.ceil(size / 1000)
    expect(put).toMatchObject({ kind: 'done', metadata: { size, chunks } })
    expect(await world.kv.putStream('', 'stream', inPieces(value, 37), any, call)).toMatchObject({ metadata: { size, chunks } })
    await world.restart()
    for (const key of ['put', 'stream']) {
      expect((await world.kv.get('', key, {}, call))?.value).toEqual(value)
      for (const [offset, length] of [
        [0, 1],
        [size, 5],
        [998, 4],
        [500, size],
        [size - 1, 1],
        [0, 0],
      ] as const) {
        const wanted = value.subarray(offset, offset + length)
        const got = await world.kv.get('', key, { range: { offset, length } }, call)
        expect(got?.value).toEqual(wanted)
        const read = await world.kv.read('', key, { range: { offset, length } }, call)
        expect(read === undefined ? undefined : await gather(read.pieces)).toEqual(Buffer.from(wanted))
      }
      await expect(world.kv.get('', key, { range: { offset: size + 1 } }, call)).rejects.toMatchObject({
        code: 'range-not-satisfiable',
      })
    }
    expect(world.count('collect')).toBe(0)
  })

  test('pieces are chunks at most and are read as they are asked for', async () => {
    let opened = 0
    const world = await make({
      limits: { ...limits, valueCacheItemBytesMax: 0 },
      wrap: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            const value = Reflect.get(target, name, target)
            if (name !== 'get' || typeof value !== 'function') return typeof value === 'function' ? value.bind(target) : value
            return (family: string, key: Uint8Array) => {
              if (family === 'content') opened++
              return Reflect.apply(value, target, [family, key])
            }
          },
        }),
    })
    await world.kv.putStream('', 'a', inPieces(noise(10_000), 333), any, call)
    const read = await world.kv.read('', 'a', {}, call)
    opened = 0
    const pieces = read!.pieces[Symbol.asyncIterator]()
    expect((await pieces.next()).value).toHaveLength(1000)
    expect(opened).toBeLessThanOrEqual(3)
    await pieces.return?.()
    expect(opened).toBeLessThanOrEqual(3)
  })

  test('an upload that breaks off leaves no value, and nothing after the grace', async () => {
    const world = await make({ limits })
    async function* broken() {
      yield noise(3500)
      throw new Error('the caller went away')
    }
    await expect(world.kv.putStream('', 'a', broken(), any, call)).rejects.toThrow('went away')
    expect(await world.kv.stat('', 'a', call)).toBeUndefined()
    expect(world.count('content')).toBeGreaterThan(0)
    world.clock.advance(world.limits.collectGraceMs + 1)
    await world.kv.collect(call.signal)
    expect(world.count('content')).toBe(0)
    expect(world.count('collect')).toBe(0)
  })

  test('a long upload keeps its chunks', async () => {
    const world = await make({ limits, manifestPartsMax: 3 })
    const value = noise(20_500)
    async function* slow() {
      for (let from = 0; from < value.length; from += 500) {
        world.clock.advance(world.limits.collectGraceMs / 5)
        await world.kv.collect(call.signal)
        yield value.subarray(from, from + 500)
      }
    }
    expect(await world.kv.putStream('', 'a', slow(), any, call)).toMatchObject({ kind: 'done', metadata: { chunks: 21 } })
    world.clock.advance(world.limits.collectGraceMs * 2)
    await world.kv.collect(call.signal)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(value)
    expect(world.count('collect')).toBe(0)
  })

  test('an upload that stood still beyond the grace is refused', async () => {
    const world = await make({ limits })
    async function* stuck() {
      yield noise(2500)
      world.clock.advance(world.limits.collectGraceMs * 2)
      yield noise(2500)
    }
    await expect(world.kv.putStream('', 'a', stuck(), any, call)).rejects.toMatchObject({ code: 'deadline-exceeded' })
    expect(await world.kv.stat('', 'a', call)).toBeUndefined()
  })

  test('a value above the limit of streams is refused while it arrives', async () => {
    const world = await make({ limits: { ...limits, streamValueBytesMax: 2000 } })
    await expect(world.kv.putStream('', 'a', inPieces(noise(2001), 100), any, call)).rejects.toMatchObject({
      code: 'limit-exceeded',
    })
    expect(await world.kv.putStream('', 'a', inPieces(noise(2000), 100), any, call)).toMatchObject({ kind: 'done' })
  })

  test('a version that is being read outlives its replacement, until the grace is over', async () => {
    const world = await make({ limits: { ...limits, valueCacheItemBytesMax: 0 } })
    const old = noise(5000, 7)
    await world.kv.put('', 'a', old, any, call)
    const kept = await world.kv.read('', 'a', {}, call)
    const late = await world.kv.read('', 'a', {}, call)
    await world.kv.put('', 'a', text('new'), any, call)
    await world.kv.collect(call.signal)
    expect(await gather(kept!.pieces)).toEqual(Buffer.from(old))
    world.clock.advance(world.limits.collectGraceMs + 1)
    await world.kv.collect(call.signal)
    await expect(gather(late!.pieces)).rejects.toMatchObject({ code: 'revision-changed' })
    await expect(world.kv.get('', 'a', { version: 1n }, call)).rejects.toMatchObject({ code: 'revision-changed' })
    expect(world.count('content')).toBe(1)
  })
})

describe('damage', () => {
  test('a value that is missing or altered is never served', async () => {
    const world = await make({ limits: { valueCacheItemBytesMax: 0 } })
    const put = await world.kv.put('', 'a', text('one'), any, call)
    if (put.kind !== 'done') throw new Error('the put was not done')
    await world.restart()
    world.disk.loseRecord('content', put.metadata.address)
    await expect(world.kv.get('', 'a', {}, call)).rejects.toMatchObject({ code: 'data-corrupt' })
    expect(await world.kv.stat('', 'a', call)).toEqual({ metadata: put.metadata, ageMs: 0 })
  })
})

test('a change that meets a damaged entry fails alone, not those that share its turn', async () => {
  const world = await make()
  await world.kv.put('', 'bad', text('1'), any, call)
  await world.kv.put('', 'good', text('1'), any, call)
  expect(world.disk.flipBit('entry', entryKey(world.page, text('bad')))).toBe(true)
  const put = (key: string) => world.kv.put('', key, text('2'), any, call)
  const [bad, good, fresh] = await Promise.allSettled([put('bad'), put('good'), put('fresh')])
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'data-corrupt' } })
  expect(good).toMatchObject({ status: 'fulfilled', value: { kind: 'done', metadata: { version: 2n } } })
  expect(fresh).toMatchObject({ status: 'fulfilled', value: { kind: 'done', metadata: { version: 1n } } })
})

describe('batch', () => {
  test('operations are decided in order, each with its outcome, in one turn', async () => {
    const { kv } = await make()
    const put = (key: string, value: string, kind: 'any' | 'absent') =>
      ({ kind: 'put', key, value: text(value), options: { precondition: { kind } } }) as const
    const results = await kv.batch(
      '',
      [
        put('a', '1', 'absent'),
        put('a', '2', 'absent'),
        put('a', '3', 'any'),
        { kind: 'delete', key: 'b', precondition: { kind: 'any' } },
        put('b', '4', 'any'),
        { kind: 'delete', key: 'b', precondition: { kind: 'any' } },
      ],
      call,
    )
    expect(results.map((result) => result.kind)).toEqual(['done', 'conflict', 'done', 'conflict', 'done', 'done'])
    expect((await kv.get('', 'a', {}, call))?.value).toEqual(text('3'))
    expect(await kv.stat('', 'b', call)).toBeUndefined()
    expect(await kv.batch('', [], call)).toEqual([])
  })

  test('values that do not fit one batch of the store go ahead of it', async () => {
    const limits = { chunkBytes: 2000, batchBytesMax: 40_000, foldBytesMax: 4000, batchOperationsMax: 30 }
    const world = await make({ limits })
    const operations = Array.from({ length: 30 }, (_, index) => ({
      kind: 'put' as const,
      key: `k${index}`,
      value: noise(1500 + index * 20, index + 1),
      options: any,
    }))
    const results = await world.kv.batch('', operations, call)
    expect(results.every((result) => result.kind === 'done')).toBe(true)
    for (const { key, value } of operations) expect((await world.kv.get('', key, {}, call))?.value).toEqual(value)
    expect(world.count('collect')).toBe(0)
    const stored = world.count('content')
    await expect(world.kv.batch('', [...operations, operations[0]!], call)).rejects.toMatchObject({ code: 'limit-exceeded' })
    const wide = operations.map((operation, index) => ({ ...operation, key: String(index).padEnd(4000, 'x') }))
    await expect(world.kv.batch('', wide, call)).rejects.toMatchObject({ code: 'limit-exceeded' })
    // Nothing of what is refused was sealed or stored, the values that would have gone ahead included.
    expect([world.count('content'), world.count('collect')]).toEqual([stored, 0])
    const chunked = { kind: 'put', key: 'k', value: noise(5000), options: any } as const
    await expect(world.kv.batch('', [chunked, ...wide.slice(1)], call)).rejects.toMatchObject({ code: 'limit-exceeded' })
    const wrong = [
      { ...chunked, key: '' },
      { ...chunked, options: { ...any, contentType: 'x'.repeat(256) } },
      { ...chunked, value: noise(world.limits.unaryValueBytesMax + 1) },
    ]
    for (const each of wrong)
      await expect(world.kv.batch('', [chunked, each], call)).rejects.toMatchObject({ name: 'CodedError' })
    expect([world.count('content'), world.count('collect')]).toEqual([stored, 0])
    expect(world.kv.keysOf('')).toBe(30)
  })
})

describe('a full store', () => {
  test('takes removals and nothing else, also when they share a turn', async () => {
    const world = await make({ byteLimit: 60_000, limits: { chunkBytes: 10_000 } })
    let stored = 0
    let refused: unknown
    for (; refused === undefined && stored < 100; stored++) {
      refused = await world.kv.put('', `k${stored}`, noise(2000, stored + 1), any, call).then(
        () => undefined,
        (error) => error,
      )
    }
    expect(refused).toMatchObject({ code: 'storage-full' })
    const [put, removed] = await Promise.allSettled([
      world.kv.put('', 'more', noise(3000), any, call),
      world.kv.delete('', 'k0', { kind: 'any' }, call),
    ])
    expect(put).toMatchObject({ status: 'rejected', reason: { code: 'storage-full' } })
    expect(removed).toMatchObject({ status: 'fulfilled', value: { kind: 'done' } })
    expect(await world.kv.stat('', 'k0', call)).toBeUndefined()
    expect(await world.kv.stat('', 'more', call)).toBeUndefined()
    world.clock.advance(world.limits.collectGraceMs + 1)
    await world.kv.collect(call.signal)
    expect(await world.kv.put('', 'again', noise(1000), any, call)).toMatchObject({ kind: 'done' })
  })
})
