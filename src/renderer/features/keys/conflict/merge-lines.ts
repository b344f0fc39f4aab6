/**
 * Joins two changes of one text by its lines. What does not meet is joined; where both changed the same lines, or such that touch each
 * other, the result has mine and the place is counted.
 *
 * Invariants, held by property tests: what one side left as it was comes from the other side; equal changes are one change.
 */

import type { LineChange } from '../../../ui/line-changes.ts'
import { lineChanges } from '../../../ui/line-changes.ts'

export interface LineMerge {
  readonly text: string
  /** Places that both changed, and differently. */
  readonly overlaps: number
}

/** Undefined where the texts are too long for it. */
export function mergeLines(base: string, theirs: string, mine: string): LineMerge | undefined {
  const [b, t, m] = [base, theirs, mine].map((text) => text.split('\n')) as [string[], string[], string[]]
  const [ofTheirs, ofMine] = [lineChanges(b, t), lineChanges(b, m)]
  if (ofTheirs === undefined || ofMine === undefined) return undefined
  const merged: string[][] = []
  let at = 0
  let overlaps = 0
  for (const { from, to, theirs: left, mine: right } of meetings(ofTheirs, ofMine)) {
    merged.push(b.slice(at, from))
    const [taken, kept] = [within(b, from, to, left), within(b, from, to, right)]
    if (left.length > 0 && right.length > 0 && taken.join('\n') !== kept.join('\n')) overlaps += 1
    merged.push(right.length > 0 ? kept : taken)
    at = to
  }
  merged.push(b.slice(at))
  return { text: merged.flat().join('\n'), overlaps }
}

/** A part of the base, and all changes that touch it. */
interface Meeting {
  readonly from: number
  to: number
  readonly theirs: LineChange[]
  readonly mine: LineChange[]
}

function meetings(theirs: readonly LineChange[], mine: readonly LineChange[]): readonly Meeting[] {
  const sides = [
    ...theirs.map((change) => ({ change, side: 'theirs' as const })),
    ...mine.map((change) => ({ change, side: 'mine' as const })),
  ]
  sides.sort((left, right) => left.change.from - right.change.from || left.change.to - right.change.to)
  const found: Meeting[] = []
  for (const { change, side } of sides) {
    let last = found.at(-1)
    if (last === undefined || change.from > last.to) {
      last = { from: change.from, to: change.to, theirs: [], mine: [] }
      found.push(last)
    }
    last.to = Math.max(last.to, change.to)
    last[side].push(change)
  }
  return found
}

/** Lines `from` up to `to` of the base as one side has them. */
function within(base: readonly string[], from: number, to: number, changes: readonly LineChange[]): string[] {
  const lines: string[][] = []
  let at = from
  for (const change of changes) {
    lines.push(base.slice(at, change.from), [...change.lines])
    at = change.to
  }
  lines.push(base.slice(at, to))
  return lines.flat()
}
