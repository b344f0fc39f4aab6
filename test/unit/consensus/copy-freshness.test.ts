import { describe, expect, test } from 'vitest'
import { CopyFreshness, msBetween } from '../../../src/node/core/consensus/copy-freshness.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'

const at = (ms: number) => ({ monotonicMs: ms, wallMs: 1_000_000 + ms })

describe('of a copy', () => {
  test('nothing is known before a confirmation', () => {
    const freshness = new CopyFreshness()
    expect(freshness.ageMs(7, at(100))).toBeUndefined()
    expect(freshness.isFresh(7, at(100), 1_000_000)).toBe(false)
  })

  test('the age counts from when the confirmation was asked for', () => {
    const freshness = new CopyFreshness()
    freshness.confirmed(7, at(100), 7)
    expect(freshness.ageMs(7, at(150))).toBe(50)
    expect(freshness.isFresh(7, at(150), 50)).toBe(true)
    expect(freshness.isFresh(7, at(151), 50)).toBe(false)
  })

  test('what is applied later makes it no younger', () => {
    const freshness = new CopyFreshness()
    freshness.confirmed(7, at(100), 7)
    expect(freshness.ageMs(900, at(200))).toBe(100)
    expect(freshness.isFresh(900, at(200), 99)).toBe(false)
  })

  test('a confirmation counts once the state has reached it, and one before it goes on counting', () => {
    const freshness = new CopyFreshness()
    freshness.confirmed(7, at(100), 7)
    freshness.confirmed(9, at(200), 7)
    expect(freshness.ageMs(7, at(210))).toBe(110)
    expect(freshness.ageMs(8, at(210))).toBe(110)
    expect(freshness.ageMs(9, at(210))).toBe(10)
  })

  test('an answer that comes late says nothing against a younger one', () => {
    const freshness = new CopyFreshness()
    freshness.confirmed(9, at(200), 9)
    freshness.confirmed(7, at(100), 9)
    expect(freshness.ageMs(9, at(210))).toBe(10)
  })

  test('a confirmation that was asked for after the read began is fresh by any bound', () => {
    const freshness = new CopyFreshness()
    freshness.confirmed(7, at(100), 7)
    expect(freshness.isFresh(7, at(90), 0)).toBe(true)
    expect(freshness.ageMs(7, at(90))).toBe(0)
  })

  test('a clock that stood still while the other went on is not believed', () => {
    const asleep = { monotonicMs: 110, wallMs: 1_000_100 + 3_600_000 }
    expect(msBetween(at(100), asleep)).toBe(3_600_000)
    const setBack = { monotonicMs: 200, wallMs: 1_000_000 - 3_600_000 }
    expect(msBetween(at(100), setBack)).toBe(100)
    const freshness = new CopyFreshness()
    freshness.confirmed(7, at(100), 7)
    expect(freshness.isFresh(7, asleep, 5000)).toBe(false)
    expect(freshness.isFresh(7, setBack, 100)).toBe(true)
  })
})

test('whatever is confirmed, three are kept, and they say as much as all of those that are reached at once', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new SeededRandom(seed)
    const freshness = new CopyFreshness()
    const all: { index: number; askedMs: number }[] = []
    let [applied, index, nowMs] = [0, 0, 0]
    for (let step = 0; step < 40; step++) {
      nowMs += random.between(1, 50)
      index += random.between(0, 3)
      // The copy is somewhere behind what is committed, and every confirmation of before was waited for or given up.
      if (random.percent(60)) applied = random.between(applied, index)
      if (random.percent(50)) {
        const asked = { index, askedMs: nowMs - random.between(0, 20) }
        all.push(asked)
        freshness.confirmed(asked.index, at(asked.askedMs), applied)
      }
      const reached = all.filter((each) => each.index <= applied)
      const age = freshness.ageMs(applied, at(nowMs))
      const youngest = Math.max(...reached.map(({ askedMs }) => askedMs))
      // Never younger than the truth; and as young as that where the copy has all that was confirmed.
      if (age !== undefined) expect(age, `seed ${seed}`).toBeGreaterThanOrEqual(nowMs - youngest)
      if (all.length > 0 && applied >= index) expect(age, `seed ${seed}`).toBe(nowMs - youngest)
      expect(freshness.size).toBeLessThanOrEqual(3)
    }
  }
})
