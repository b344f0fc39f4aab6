import { expect, test } from 'vitest'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { call, KeyValueWorld, noise } from '../../support/key-value-world.ts'

test('a caller is told how much it will get before the value is read, and may refuse', async () => {
  const world = await KeyValueWorld.make()
  try {
    await world.kv.put('', 'a', noise(3000), { precondition: { kind: 'any' } }, call)
    const told: number[] = []
    const context = { ...call, reserveAnswer: (bytes: number) => void told.push(bytes) }
    await world.kv.get('', 'a', {}, context)
    await world.kv.get('', 'a', { range: { offset: 1000, length: 500 } }, context)
    await world.kv.get('', 'absent', {}, context)
    expect(told).toEqual([3000, 500])
    const reserveAnswer = (): never => {
      throw new CodedError('queue-full', 'no room')
    }
    await expect(world.kv.get('', 'a', {}, { ...call, reserveAnswer })).rejects.toMatchObject({ code: 'queue-full' })
  } finally {
    await world.close()
  }
})
