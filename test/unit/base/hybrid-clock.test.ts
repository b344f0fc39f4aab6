import { describe, expect, test } from 'vitest'
import { HybridClock, hlcFromMs, hlcMax, hlcToMs } from '../../../src/node/core/base/hybrid-clock.ts'

const nowMs = 1_700_000_000_000

function reservedClock(): HybridClock {
  const clock = new HybridClock(0n)
  clock.reserve(hlcFromMs(nowMs + 1000))
  return clock
}

describe('a hybrid clock', () => {
  test('counts within a millisecond and follows the host when it moves on', () => {
    const clock = reservedClock()
    const stamps = [nowMs, nowMs, nowMs + 1, nowMs - 500].map((ms) => clock.next(ms))
    const base = hlcFromMs(nowMs)
    expect(stamps).toEqual([base, base + 1n, base + 65_536n, base + 65_537n])
  })

  test('runs a full counter into the milliseconds', () => {
    const clock = reservedClock()
    clock.observe(hlcFromMs(nowMs) + 65_535n, nowMs, 0)
    expect(clock.next(nowMs)).toBe(hlcFromMs(nowMs + 1))
  })

  test('asks for a reservation at the start, and again once half of it is used', () => {
    const clock = new HybridClock(0n)
    expect(clock.next(nowMs)).toBeUndefined()
    const first = clock.reservationDue(nowMs, 1000)
    expect(first).toBe(hlcFromMs(nowMs + 1000))
    clock.reserve(first ?? 0n)
    expect(clock.reservationDue(nowMs + 499, 1000)).toBeUndefined()
    expect(clock.reservationDue(nowMs + 501, 1000)).toBe(hlcFromMs(nowMs + 1501))
  })

  test('begins above the last reservation after a restart, even where the host went back', () => {
    const reservation = hlcFromMs(nowMs + 1000)
    const clock = new HybridClock(reservation)
    expect(clock.next(nowMs)).toBeUndefined()
    clock.reserve(clock.reservationDue(nowMs, 1000) ?? 0n)
    expect(clock.next(nowMs)).toBe(reservation + 1n)
  })

  test('never takes a reservation back', () => {
    const clock = reservedClock()
    clock.reserve(1n)
    expect(clock.reserved).toBe(hlcFromMs(nowMs + 1000))
  })

  test('refuses what is too far ahead, or no stamp', () => {
    const clock = reservedClock()
    expect(clock.observe(hlcFromMs(nowMs + 60_002), nowMs, 60_000)).toBe(false)
    expect(clock.observe(-1n, nowMs, 60_000)).toBe(false)
    expect(clock.observe(hlcMax + 1n, nowMs, 60_000)).toBe(false)
    expect(clock.last).toBe(0n)
    expect(clock.observe(hlcFromMs(nowMs + 60_000), nowMs, 60_000)).toBe(true)
    expect(hlcToMs(clock.last)).toBe(nowMs + 60_000)
  })

  test('stays within 63 bits', () => {
    expect(hlcFromMs(Number.MAX_VALUE)).toBeLessThanOrEqual(hlcMax)
    expect(hlcFromMs(-5)).toBe(0n)
  })
})
