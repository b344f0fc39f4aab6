/** What a merge begins with: both changes in one text as far as that is certain, and all sides written alike. */

import type { JsonPath, JsonTexts } from '../json/json-merge.ts'
import { isSameJson, mergeJson, printAlike } from '../json/json-merge.ts'
import { mergeLines } from './merge-lines.ts'

export type MergeOutcome =
  | {
      readonly kind: 'paths'
      readonly mine: readonly JsonPath[]
      readonly theirs: readonly JsonPath[]
      /** Both changed these; the merged text has mine. */
      readonly overlaps: readonly JsonPath[]
    }
  | { readonly kind: 'lines'; readonly overlaps: number }
  /** Too long to be joined: the merged text is mine. */
  | { readonly kind: 'by-hand' }
  /** Theirs is the base under another version: the merged text is mine. */
  | { readonly kind: 'same' }

export interface TextMerge extends JsonTexts {
  readonly outcome: MergeOutcome
  /** They are written in another way than they are stored or shown elsewhere. */
  readonly rewritten: boolean
}

export function isCertain({ outcome }: TextMerge): boolean {
  if (outcome.kind === 'paths') return outcome.overlaps.length === 0
  return outcome.kind === 'same' || (outcome.kind === 'lines' && outcome.overlaps === 0)
}

export function mergeTexts(view: 'json' | 'text', base: string, theirs: string, mine: string): TextMerge {
  if (theirs === base) return { base, theirs, mine, merged: mine, outcome: { kind: 'same' }, rewritten: false }
  const json = view === 'json' ? mergeJson(base, theirs, mine) : undefined
  const lines = mergeLines(base, theirs, mine)
  if (json !== undefined && json.kind !== 'impossible') {
    const outcome = { kind: 'paths', mine: json.mine, theirs: json.theirs, overlaps: json.paths } as const
    // Where the lines lead to the same document, nothing of how it was written by hand is lost.
    const fits = lines !== undefined && lines.overlaps <= json.paths.length && theirs.includes('\n') === mine.includes('\n')
    if (fits && isSameJson(lines.text, json.texts.merged)) {
      return { base, theirs, mine, merged: lines.text, outcome, rewritten: false }
    }
    return { ...json.texts, outcome, rewritten: json.texts.theirs !== theirs || json.texts.mine !== mine }
  }
  const alike = view === 'json' && lines?.overlaps !== 0 ? printAlike(theirs, mine) : undefined
  const sides = alike === undefined ? { base, theirs, mine } : { base, theirs: alike.left, mine: alike.right }
  const rewritten = sides.theirs !== theirs || sides.mine !== mine
  const joined = rewritten ? mergeLines(sides.base, sides.theirs, sides.mine) : lines
  return joined === undefined
    ? { ...sides, merged: sides.mine, outcome: { kind: 'by-hand' }, rewritten }
    : { ...sides, merged: joined.text, outcome: { kind: 'lines', overlaps: joined.overlaps }, rewritten }
}
