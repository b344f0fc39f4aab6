import { describe, expect, test } from 'vitest'
import { CopyChecker, eventual, promisedBy, within } from './copy-checker.ts'

let nowMs = 0
/** `first` is answered at 10, `second` at 20. */
function written(): CopyChecker {
  nowMs = 0
  const checker = new CopyChecker(() => nowMs)
  const [first, second] = [checker.asked('k', 'first'), checker.asked('k', 'second')]
  nowMs = 10
  first.done(2n)
  nowMs = 20
  second.done(4n)
  nowMs = 100
  return checker
}

const first = { position: 2n, value: 'first' }

describe('reads of copies', () => {
  test('within a bound may show what was replaced since, and nothing older', () => {
    const checker = written()
    checker.read('k', 30, within(10), first)
    expect(() => checker.read('k', 31, within(10), first)).toThrow('within 10 ms')
    expect(() => checker.read('k', 31, within(10), undefined)).toThrow('shows nothing')
    checker.read('k', 31, within(10), { position: 4n, value: 'second' })
    expect([checker.reads, checker.older]).toEqual([4, 3])
  })

  test('are held to the age that they say, and a bounded one to its bound besides', () => {
    expect(promisedBy(eventual, undefined)).toEqual(eventual)
    expect(promisedBy(eventual, 7)).toEqual(within(7))
    expect(promisedBy(within(10), 7)).toEqual(within(7))
    expect(() => promisedBy(within(10), 11)).toThrow('is 11 ms old')
    expect(() => promisedBy(within(10), undefined)).toThrow('nobody knows')
    expect(() => written().read('k', 31, promisedBy(eventual, 10), first)).toThrow('within 10 ms')
  })

  test('count what other reads have seen as answered', () => {
    const checker = written()
    checker.asked('k', 'third')
    nowMs = 200
    checker.seen('k', { position: 6n, value: 'third' })
    checker.read('k', 200, within(0), { position: 4n, value: 'second' })
    expect(() => checker.read('k', 201, within(0), { position: 4n, value: 'second' })).toThrow('within 0 ms')
  })

  test('may find nothing behind a removal, or behind one of which nobody knows what became', () => {
    const checker = written()
    const removal = checker.asked('k', undefined)
    checker.read('k', 300, within(0), undefined)
    removal.void()
    expect(() => checker.read('k', 300, within(0), undefined)).toThrow('shows nothing')
    checker.asked('k', undefined).done(5n)
    checker.read('k', 300, within(0), undefined)
    nowMs = 400
    expect(() => checker.read('k', 300, within(0), first)).toThrow('within 0 ms')
  })

  test('show at any time what was there once, and nothing else', () => {
    const checker = written()
    checker.read('k', 1000, eventual, first)
    checker.read('k', 1000, eventual, undefined)
    expect(() => checker.read('k', 1000, eventual, { position: 2n, value: 'second' })).toThrow('where it had first')
    expect(() => checker.read('k', 1000, eventual, { position: 3n, value: 'never' })).toThrow('nobody asked for')
    expect(() => checker.read('other', 1000, eventual, first)).toThrow('nobody asked for')
  })
})
