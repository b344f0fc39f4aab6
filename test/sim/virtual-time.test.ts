import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualTime } from './virtual-time.ts'

test('what is asked for happens in order of time, and in order of asking at one time', () => {
  const delays = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { maxLength: 60 })
  void fc.assert(
    fc.property(delays, (asked) => {
      const time = new VirtualTime()
      const happened: [number, number][] = []
      for (const [index, [delayMs, cancelled]] of asked.entries()) {
        const timer = time.after(delayMs, () => void happened.push([time.nowMs, index]))
        if (cancelled) timer[Symbol.dispose]()
      }
      while (time.step());
      const expected = asked.flatMap(([delayMs, cancelled], index) => (cancelled ? [] : [[delayMs, index] as const]))
      expect(happened).toEqual(expected.toSorted(([left], [right]) => left - right))
    }),
  )
})
