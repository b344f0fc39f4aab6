import { expect, test, vi } from 'vitest'
import type { BatchOperation, PutOptions } from '../../../src/node/engine/kv/key-value-service.ts'
import { call, KeyValueWorld, noise, text } from '../../support/key-value-world.ts'

const anyTime: PutOptions = { precondition: { kind: 'any' } }

/** The members of the page are others than it seemed when values were prepared: whoever leads it finds so first. */
function withOthers(world: KeyValueWorld, asked: { count: number }, prepared: number): void {
  vi.spyOn(world.content, 'isHeldBy').mockImplementation(() => ++asked.count !== prepared + 1)
}

test('a value that travels to others than those who are to hold it changes nothing, and goes ahead of its entry', async () => {
  const world = await KeyValueWorld.make()
  const asked = { count: 0 }
  withOthers(world, asked, 1)
  const before = world.disk.syncedPosition
  expect(await world.kv.put('', 'k', text('value'), anyTime, call)).toMatchObject({ kind: 'done', metadata: { version: 1n } })
  // The copy with its candidate, and the entry that settles this.
  expect(world.disk.syncedPosition - before).toBe(2n)
  expect(asked.count).toBe(2)
  expect((await world.kv.get('', 'k', {}, call))?.value).toEqual(text('value'))
  expect([world.count('content'), world.count('collect')]).toEqual([1, 0])
  await world.close()
})

test('so does the list of the chunks of a long one', async () => {
  const world = await KeyValueWorld.make({ limits: { chunkBytes: 1000 } })
  const asked = { count: 0 }
  withOthers(world, asked, 1)
  const value = noise(5500)
  expect(await world.kv.put('', 'k', value, anyTime, call)).toMatchObject({ kind: 'done', metadata: { version: 1n } })
  expect(asked.count).toBe(2)
  expect((await world.kv.get('', 'k', {}, call))?.value).toEqual(value)
  expect([world.count('content'), world.count('collect')]).toEqual([7, 0])
  await world.close()
})

test('the values of a batch go ahead together, and what was decided before is not asked for them', async () => {
  const world = await KeyValueWorld.make()
  const asked = { count: 0 }
  withOthers(world, asked, 3)
  const put = (key: string): BatchOperation => ({ kind: 'put', key, value: text(`value of ${key}`), options: anyTime })
  const operations: BatchOperation[] = [
    put('a'),
    put('b'),
    put('c'),
    { kind: 'delete', key: 'd', precondition: { kind: 'absent' } },
  ]
  const context = { ...call, requestId: world.nextId() }
  const results = await world.kv.batch('', operations, context)
  expect(results.map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'done'])
  expect(asked.count).toBe(4)
  expect([world.count('content'), world.count('collect')]).toEqual([3, 0])
  // Prepared anew, as nobody knows yet that it is a repetition.
  vi.spyOn(world.content, 'isHeldBy').mockImplementation(() => ++asked.count <= 7)
  expect(await world.kv.batch('', operations, context)).toEqual(results)
  expect(asked.count).toBe(7)
  await world.close()
})
