import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HybridClock, hlcFromMs, hlcToMs, isHlc } from '../../../src/node/core/base/hybrid-clock.ts'

const aheadMs = 1000
const skewMaxMs = 60_000
/** Any clock: standing, stepping back and forth, before the epoch, with fractions, beyond 47 bits. */
const anyMs = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_100 }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: 0, max: 2 ** 46, noNaN: true }),
)

type Step =
  | { readonly kind: 'next'; readonly nowMs: number }
  | { readonly kind: 'observe'; readonly nowMs: number; readonly stamp: bigint }
  | { readonly kind: 'restart' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: anyMs.map((nowMs) => ({ kind: 'next' as const, nowMs })), weight: 5 },
  {
    arbitrary: fc
      .record({ nowMs: anyMs, stamp: fc.oneof(anyMs.map(hlcFromMs), fc.bigInt({ min: -10n, max: 1n << 64n })) })
      .map((facts) => ({ kind: 'observe' as const, ...facts })),
    weight: 2,
  },
  { arbitrary: fc.constant({ kind: 'restart' as const }), weight: 1 },
)

test('stamps grow whatever the host clock does, and over restarts', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let clock = new HybridClock(0n)
      let durable = 0n
      let given = -1n
      let observed = -1n
      for (const event of steps) {
        if (event.kind === 'restart') {
          clock = new HybridClock(durable)
          // What was only observed may be forgotten; what was given out may not.
          observed = -1n
        } else if (event.kind === 'observe') {
          const isTaken = clock.observe(event.stamp, event.nowMs, skewMaxMs)
          expect(isTaken).toBe(isHlc(event.stamp) && event.stamp <= hlcFromMs(event.nowMs + skewMaxMs + 1))
          if (isTaken && event.stamp > observed) observed = event.stamp
        } else {
          const reservation = clock.reservationDue(event.nowMs, aheadMs)
          if (reservation !== undefined) {
            durable = reservation > durable ? reservation : durable
            clock.reserve(reservation)
          }
          const stamp = clock.next(event.nowMs) ?? -1n
          expect(stamp).toBeGreaterThan(given)
          expect(stamp).toBeGreaterThan(observed)
          expect(stamp).toBeGreaterThanOrEqual(hlcFromMs(event.nowMs))
          expect(stamp).toBeLessThanOrEqual(durable)
          given = stamp
        }
      }
    }),
    { numRuns: 1000 },
  )
})

test('no stamp is given above the reservation', () => {
  fc.assert(
    fc.property(anyMs, fc.integer({ min: 1, max: 5 }), (nowMs, room) => {
      const start = hlcFromMs(nowMs)
      const clock = new HybridClock(start)
      clock.reserve(start + BigInt(room))
      const stamps = Array.from({ length: room + 3 }, () => clock.next(nowMs))
      expect(stamps.map((stamp) => stamp !== undefined)).toEqual([...Array<boolean>(room).fill(true), false, false, false])
    }),
  )
})

test('a stamp tells its milliseconds', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 47 - 1 }), (nowMs) => {
      expect(hlcToMs(hlcFromMs(nowMs))).toBe(nowMs)
    }),
  )
})
