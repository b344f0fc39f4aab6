import { describe, expect, it } from 'vitest'
import type { LogLine } from '../../../../src/ipc/contract/log-schemas.ts'
import {
  emptyBuffer,
  followed,
  linesMax,
  needsReload,
  paused,
  startWith,
  withEarlier,
  withGap,
  withTail,
} from '../../../../src/renderer/features/activity/log-buffer.ts'

function lines(from: number, to: number): LogLine[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    sequence: from + index,
    timeMs: 0,
    level: 'info',
    subsystem: 'kv',
    message: '',
    facts: '',
  }))
}

const sequences = (buffer: { lines: readonly LogLine[] }) => buffer.lines.map(({ sequence }) => sequence)
const ten = startWith(emptyBuffer, { lines: lines(11, 20), more: true })

describe('the lines that a screen holds', () => {
  it('join page and tail whichever comes first, none twice', () => {
    expect(sequences(withTail(ten, lines(19, 22)))).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22])
    const tailFirst = withTail(emptyBuffer, lines(19, 22))
    expect(sequences(startWith(tailFirst, { lines: lines(18, 20), more: false }))).toEqual([18, 19, 20, 21, 22])
  })

  it('take earlier lines in front', () => {
    const all = withEarlier(ten, { lines: lines(6, 11), more: false })
    expect(sequences(all)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
    expect(all.more).toBe(false)
  })

  it('count what comes while the person reads, and forget the count at the end', () => {
    const reading = withTail(paused(ten), lines(21, 23))
    expect(reading).toMatchObject({ unseen: 3, lost: 0 })
    expect(followed(reading)).toMatchObject({ following: true, unseen: 0 })
    expect(sequences(followed(reading)).at(-1)).toBe(23)
  })

  it('stay within the limit while following, and can read the first ones again', () => {
    const many = withTail(startWith(emptyBuffer, { lines: lines(1, linesMax), more: false }), lines(linesMax + 1, linesMax + 5))
    expect(many.lines).toHaveLength(linesMax)
    expect(many).toMatchObject({ more: true, trimmed: true })
    expect(many.lines[0]?.sequence).toBe(6)
  })

  it('do not move while the person reads: what does not fit is lost and read anew afterwards', () => {
    const full = paused(startWith(emptyBuffer, { lines: lines(1, linesMax - 1), more: false }))
    const later = withTail(withTail(full, lines(linesMax, linesMax + 2)), lines(linesMax + 3, linesMax + 4))
    expect(later.lines).toHaveLength(linesMax)
    expect(later.lines[0]?.sequence).toBe(1)
    expect(later).toMatchObject({ unseen: 5, lost: 4 })
    expect(needsReload(later)).toBe(false)
    expect(needsReload(followed(later))).toBe(true)
  })

  it('let the newest go for earlier ones, because it is those that are read', () => {
    const full = paused(startWith(emptyBuffer, { lines: lines(101, linesMax + 100), more: true }))
    const all = withEarlier(full, { lines: lines(1, 100), more: false })
    expect(all.lines).toHaveLength(linesMax)
    expect(all.lines[0]?.sequence).toBe(1)
    expect(needsReload(followed(all))).toBe(true)
  })

  it('are read anew after a gap, at once while following', () => {
    expect(needsReload(withGap(ten, 7))).toBe(true)
    expect(withGap(paused(ten), 7)).toMatchObject({ unseen: 7, lost: 7 })
    expect(startWith(withGap(ten, 7), { lines: lines(25, 30), more: true }).lost).toBe(0)
  })

  it('keep the place of a person who reads when the window comes back', () => {
    const reading = paused(ten)
    expect(sequences(startWith(reading, { lines: lines(18, 22), more: true })).at(-1)).toBe(22)
    const far = startWith(reading, { lines: lines(40, 45), more: true })
    expect(sequences(far)).toEqual(sequences(ten))
    expect(far).toMatchObject({ following: false, unseen: 6, lost: 6 })
  })
})
