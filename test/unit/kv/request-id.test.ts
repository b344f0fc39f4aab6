import { afterEach, describe, expect, test } from 'vitest'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import type { RequestId } from '../../../src/node/core/base/request-id.ts'
import { call, inPieces, KeyValueWorld, noise, text } from '../../support/key-value-world.ts'

const any = { precondition: { kind: 'any' } } as const
const absent = { precondition: { kind: 'absent' } } as const
const worlds: KeyValueWorld[] = []

async function make(...options: Parameters<typeof KeyValueWorld.make>): Promise<KeyValueWorld> {
  const world = await KeyValueWorld.make(...options)
  worlds.push(world)
  return world
}

const withId = (requestId: RequestId) => ({ ...call, requestId })

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

describe('a request id', () => {
  test('is carried out once, however often and however close together it is sent', async () => {
    const world = await make()
    const context = withId(world.nextId())
    const results = await Promise.all([1, 2, 3].map(() => world.kv.put('', 'a', text('x'), absent, context)))
    expect(results[0]).toMatchObject({ kind: 'done', metadata: { version: 1n } })
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
    await world.restart()
    expect(await world.kv.put('', 'a', text('x'), absent, context)).toEqual(results[0])
    expect(await world.kv.stat('', 'a', call)).toMatchObject({ metadata: { version: 1n } })
    expect(world.count('content')).toBe(1)
  })

  test('repeats its outcome when the key has changed since, for conflicts and removals too', async () => {
    const world = await make()
    const put = withId(world.nextId())
    const conflict = withId(world.nextId())
    const removal = withId(world.nextId())
    const first = await world.kv.put('', 'a', text('1'), { ...any, contentType: 'text/x' }, put)
    const second = await world.kv.put('', 'a', text('2'), absent, conflict)
    const third = await world.kv.delete('', 'a', { kind: 'any' }, removal)
    expect([first.kind, second.kind, third.kind]).toEqual(['done', 'conflict', 'done'])
    await world.kv.put('', 'a', text('3'), any, call)
    await world.crash()
    expect(await world.kv.put('', 'a', text('1'), { ...any, contentType: 'text/x' }, put)).toEqual(first)
    expect(await world.kv.put('', 'a', text('2'), absent, conflict)).toEqual(second)
    expect(await world.kv.delete('', 'a', { kind: 'any' }, removal)).toEqual(third)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(text('3'))
  })

  test('decides alone: other bytes under a used id are neither stored nor served', async () => {
    const world = await make()
    const context = withId(world.nextId())
    await world.kv.put('', 'a', text('one'), any, context)
    await world.kv.put('', 'a', text('two'), any, context)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(text('one'))
    await world.restart()
    await world.kv.put('', 'a', text('two'), any, context)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(text('one'))
  })

  test('acknowledges nothing but what it was used for', async () => {
    const world = await make()
    const context = withId(world.nextId())
    const refusal = { code: 'invalid-argument', message: expect.stringContaining('used for another request') }
    await world.kv.put('', 'c', text('x'), any, call)
    await world.kv.put('', 'a', text('x'), any, context)
    const check = async () => {
      await expect(world.kv.put('', 'b', text('x'), any, context)).rejects.toMatchObject(refusal)
      await expect(world.kv.delete('', 'c', { kind: 'any' }, context)).rejects.toMatchObject(refusal)
      const removal = { kind: 'delete', key: 'c', precondition: { kind: 'any' } } as const
      await expect(world.kv.batch('', [removal], context)).rejects.toMatchObject(refusal)
    }
    await check()
    await world.restart()
    await check()
    expect(await world.kv.stat('', 'b', call)).toBeUndefined()
    expect(await world.kv.stat('', 'c', call)).toMatchObject({ metadata: { version: 1n } })
    expect(await world.kv.put('', 'a', text('x'), any, context)).toMatchObject({ kind: 'done' })
    const same = withId(world.nextId())
    const [left, right] = await Promise.allSettled(['d', 'e'].map((key) => world.kv.put('', key, text('x'), any, same)))
    expect([left?.status, right?.status]).toEqual(['fulfilled', 'rejected'])
    expect(await world.kv.stat('', 'e', call)).toBeUndefined()
  })

  test('is the same request whether its value comes whole, in a stream or as a batch of one', async () => {
    const world = await make({ limits: { chunkBytes: 500 } })
    const context = withId(world.nextId())
    const value = noise(1800)
    const first = await world.kv.put('', 'a', value, any, context)
    expect(await world.kv.putStream('', 'a', inPieces(value, 100), any, context)).toEqual(first)
    expect(await world.kv.batch('', [{ kind: 'put', key: 'a', value, options: any }], context)).toEqual([first])
  })

  test('covers all operations of a batch', async () => {
    const world = await make()
    const context = withId(world.nextId())
    const operations = [
      { kind: 'put', key: 'a', value: text('1'), options: absent },
      { kind: 'put', key: 'a', value: text('2'), options: absent },
      { kind: 'delete', key: 'b', precondition: { kind: 'any' } },
    ] as const
    const first = await world.kv.batch('', operations, context)
    expect(first.map(({ kind }) => kind)).toEqual(['done', 'conflict', 'conflict'])
    await world.restart()
    expect(await world.kv.batch('', operations, context)).toEqual(first)
    await expect(world.kv.batch('', operations.slice(1), context)).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('leaves what a repeated upload brought to the collector', async () => {
    const world = await make({ limits: { chunkBytes: 500 } })
    const context = withId(world.nextId())
    const value = noise(1800)
    const first = await world.kv.putStream('', 'a', inPieces(value, 100), any, context)
    expect(await world.kv.putStream('', 'a', inPieces(value, 100), any, context)).toEqual(first)
    expect(world.count('content')).toBe(5 + 4)
    world.clock.advance(2 * world.limits.collectGraceMs)
    await world.kv.collect(call.signal)
    expect(world.count('content')).toBe(5)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(value)
  })

  test('is refused when it is too old, from the future or malformed', async () => {
    const world = await make()
    const id = world.nextId()
    world.clock.advance(world.limits.outcomeRetentionMs + 1)
    await expect(world.kv.put('', 'a', text('x'), any, withId(id))).rejects.toMatchObject({ code: 'request-too-old' })
    const early = { ...world.nextId(), issued: world.hybrid.last + hlcFromMs(world.limits.clockSkewMaxMs + 1000) }
    await expect(world.kv.put('', 'a', text('x'), any, withId(early))).rejects.toMatchObject({ code: 'invalid-argument' })
    for (const wrong of [{ session: new Uint8Array(15) }, { sequence: -1n }, { sequence: 1n << 64n }, { issued: 1n << 63n }]) {
      const context = withId({ ...world.nextId(), ...wrong })
      await expect(world.kv.delete('', 'a', { kind: 'any' }, context)).rejects.toMatchObject({ code: 'invalid-argument' })
    }
    expect(await world.kv.stat('', 'a', call)).toBeUndefined()
  })

  test('outcomes are forgotten when their retention is over, and the ids stay spent', async () => {
    const world = await make()
    const old = withId(world.nextId())
    await world.kv.put('', 'a', text('x'), any, old)
    for (let round = 0; round < 20; round++) await world.kv.put('', 'a', text('x'), any, withId(world.nextId()))
    expect(world.count('outcome')).toBe(21)
    world.clock.advance(world.limits.outcomeRetentionMs + 1)
    await expect(world.kv.put('', 'a', text('x'), any, old)).rejects.toMatchObject({ code: 'request-too-old' })
    // They are looked for when the first of them has been due for a while.
    world.clock.advance(world.limits.outcomeRetentionMs / 32)
    await world.kv.put('', 'b', text('x'), any, withId(world.nextId()))
    expect(world.count('outcome')).toBe(1)
    await expect(world.kv.put('', 'a', text('x'), any, old)).rejects.toMatchObject({ code: 'request-too-old' })
  })

  test('the oldest outcomes go when there are too many, and the ids stay spent across a restart', async () => {
    const world = await make({ limits: { outcomesMax: 8 } })
    const contexts: ReturnType<typeof withId>[] = []
    for (let index = 0; index < 12; index++) {
      world.clock.advance(1)
      const context = withId(world.nextId())
      contexts.push(context)
      await world.kv.put('', `k${index}`, text('x'), absent, context)
      expect(world.count('outcome')).toBeLessThanOrEqual(8)
    }
    await world.restart()
    await expect(world.kv.put('', 'k3', text('x'), absent, contexts[3]!)).rejects.toMatchObject({ code: 'request-too-old' })
    expect(await world.kv.put('', 'k4', text('x'), absent, contexts[4]!)).toMatchObject({ kind: 'done' })
    expect(world.count('outcome')).toBe(8)
  })
})
