import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GenerationCache } from '../../../src/node/core/base/generation-cache.ts'

describe('a cache in two generations', () => {
  it('keeps what is used and forgets what was not used for a whole generation', () => {
    const cache = new GenerationCache<number>(6)
    for (const [value, name] of ['a', 'b', 'c'].entries()) cache.set(name, value)
    cache.set('d', 3)
    expect(cache.get('a')).toBe(0)
    cache.set('e', 4)
    cache.set('f', 5)
    expect(cache.get('a')).toBe(0)
    expect(cache.has('b')).toBe(false)
    expect(cache.has('c')).toBe(false)
  })

  it('holds nothing that is heavier than a generation', () => {
    const cache = new GenerationCache<number>(10)
    cache.set('heavy', 1, 6)
    expect(cache.get('heavy')).toBeUndefined()
    expect(cache.weight).toBe(0)
  })

  it('never answers a value that was replaced or removed, and never outgrows its weight', () => {
    const name = fc.integer({ min: 0, max: 9 }).map(String)
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), name, weight: fc.integer({ min: 1, max: 7 }) }),
      fc.record({ kind: fc.constantFrom('get' as const, 'delete' as const), name, weight: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new GenerationCache<number>(12)
        const newest = new Map<string, number>()
        for (const [index, { kind, name: key, weight }] of steps.entries()) {
          if (kind === 'set') {
            cache.set(key, index, weight)
            newest.set(key, index)
          } else if (kind === 'delete') {
            cache.delete(key)
            newest.delete(key)
          } else expect([newest.get(key), undefined]).toContain(cache.get(key))
          expect(cache.weight).toBeLessThanOrEqual(12)
          expect(cache.weight).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
})
