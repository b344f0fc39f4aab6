import { describe, expect, test } from 'vitest'
import { LeadPace, WriteHealth } from '../../../src/node/core/consensus/lead-pace.ts'

const limits = { slowFactor: 8, slowWriteMs: 20, slowWritesMax: 3, stalledWriteMs: 1000, healthyMs: 60_000 }
const everybody = () => true

/** One whose members answer within 5 and 10 ms, and that has written so. */
function paceOf(...wroteMs: readonly number[]): LeadPace<string> {
  const pace = new LeadPace<string>(limits)
  pace.answered('quick', 5)
  pace.answered('slower', 10)
  for (const durationMs of wroteMs) pace.wrote(durationMs)
  return pace
}

describe('a primary', () => {
  test('whose writes stay eight times slower than its members’ answers asks the quickest of them', () => {
    expect(paceOf(41, 41, 41).successor(0, 0, everybody)).toBe('quick')
    expect(paceOf(41, 41, 41).successor(0, 0, (name) => name !== 'quick')).toBe('slower')
    expect(paceOf(41, 41, 41).successor(0, 0, () => false)).toBeUndefined()
  })

  test('leads on where it is not that slow, or was so in between only', () => {
    expect(paceOf(40, 40, 40, 40).successor(0, 0, everybody)).toBeUndefined()
    expect(paceOf(900, 900).successor(0, 0, everybody)).toBeUndefined()
    expect(paceOf(900, 900, 3, 900, 900).successor(0, 0, everybody)).toBeUndefined()
  })

  test('is not slow by a floor, however quick its members are', () => {
    const pace = new LeadPace<string>(limits)
    pace.answered('quick', 0.2)
    for (let count = 0; count < 10; count++) pace.wrote(20)
    expect(pace.successor(0, 0, everybody)).toBeUndefined()
    for (let count = 0; count < 3; count++) pace.wrote(21)
    expect(pace.successor(0, 0, everybody)).toBe('quick')
  })

  test('gives up by a write that stands still, and asks again only after as long', () => {
    const pace = paceOf(3)
    expect(pace.successor(0, 999, everybody)).toBeUndefined()
    expect(pace.successor(0, 1000, everybody)).toBe('quick')
    expect(pace.successor(999, 1999, everybody)).toBeUndefined()
    expect(pace.successor(1000, 2000, everybody)).toBe('quick')
  })

  test('of whose members nobody has answered knows nobody better', () => {
    const pace = new LeadPace<string>(limits)
    for (let count = 0; count < 10; count++) pace.wrote(5000)
    expect(pace.successor(0, 5000, everybody)).toBeUndefined()
  })

  test('believes that a member has become slow, by and by', () => {
    const pace = paceOf(41, 41, 41)
    for (let count = 0; count < 30; count++) {
      pace.answered('quick', 100)
      pace.answered('slower', 100)
    }
    pace.wrote(700)
    expect(pace.successor(0, 0, everybody)).toBeUndefined()
  })
})

describe('a member that gave up its lead', () => {
  test('is well again a minute after its writes became quick, and not by writing nothing', () => {
    const health = new WriteHealth(60_000)
    health.wrote(5000, 0)
    expect(health.isWell(0)).toBe(true)
    health.yielded(40)
    expect(health.isWell(1_000_000)).toBe(false)
    health.wrote(40, 1_000_000)
    expect(health.isWell(1_059_999)).toBe(false)
    expect(health.isWell(1_060_000)).toBe(true)
  })

  test('counts anew from each slow write', () => {
    const health = new WriteHealth(60_000)
    health.yielded(40)
    health.wrote(1, 0)
    health.wrote(41, 30_000)
    expect(health.isWell(90_000)).toBe(false)
    health.wrote(1, 90_000)
    health.wrote(1, 100_000)
    expect(health.isWell(150_000)).toBe(true)
  })
})
