/** A text that is being edited, and what it is based on. It lives in the renderer, so that no restart of the node can take it. */

import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { shownJson, storedJson } from '../json/json-print.ts'
import type { JsonProblem } from '../json/json-syntax.ts'
import { readJson } from '../json/json-syntax.ts'
import { keysLimits } from '../keys-limits.ts'
import type { LineEnds } from './line-ends.ts'
import { lineEndsOf, withLineEnds, withoutReturns } from './line-ends.ts'
import type { Intention } from './request-ids.ts'

export type DraftState = 'open' | 'saving' | 'saved'

export type DraftView = 'json' | 'text'

/** What another writer did since the draft was begun. */
export interface Theirs {
  /** Absent: the key was deleted. */
  readonly metadata?: KeyMetadata
  /** As it is stored; absent where it is no text or too large. */
  readonly stored?: string
}

/** Two texts that grew from one. */
export interface Roots {
  /** The version that both came from. */
  readonly version: string
  readonly base: string
  readonly mine: string
}

/** A merge that somebody works on. */
export interface OpenMerge {
  readonly roots: Roots
  /** The version that it takes up, and its text. */
  readonly version: string
  readonly theirs: string
  readonly text: string
}

export interface Draft {
  readonly key: string
  readonly view: DraftView
  readonly contentType: string
  /** The version that a save replaces. */
  readonly baseVersion: string
  /** As it is stored. */
  readonly baseStored: string
  /** As the editor showed it at first. */
  readonly baseText: string
  readonly lineEnds: LineEnds
  readonly text: string
  readonly state: DraftState
  readonly failure?: Failure | undefined
  /** The text is no JSON and was not confirmed. */
  readonly problem?: JsonProblem | undefined
  readonly tooLarge?: number | undefined
  /** The dialog that joins the two is open. */
  readonly conflict?: Theirs | undefined
  readonly merge?: OpenMerge | undefined
  readonly sent?: Intention | undefined
}

export function shownText(stored: string, view: DraftView): string {
  const lines = withoutReturns(stored)
  return view === 'json' ? shownJson(lines) : lines
}

export function beginDraft(metadata: KeyMetadata, stored: string, view: DraftView): Draft {
  const baseText = shownText(stored, view)
  return {
    key: metadata.key,
    view,
    contentType: metadata.contentType,
    baseVersion: metadata.version,
    baseStored: stored,
    baseText,
    lineEnds: lineEndsOf(stored),
    text: baseText,
    state: 'open',
  }
}

export function isModified(draft: Draft): boolean {
  return draft.text !== draft.baseText
}

export function edited(draft: Draft, text: string): Draft {
  return {
    ...draft,
    text,
    state: draft.state === 'saving' ? 'saving' : 'open',
    failure: undefined,
    problem: undefined,
    tooLarge: undefined,
  }
}

/** The text that a save writes. */
export function storedText(draft: Draft, text = draft.text): string {
  const lines = withoutReturns(draft.baseStored)
  return withLineEnds(draft.view === 'json' ? storedJson(text, lines) : text, draft.lineEnds)
}

export interface CheckedText {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly problem?: JsonProblem
  readonly tooLarge?: number
}

export function checkText(draft: Draft, text = draft.text): CheckedText {
  const bytes = new TextEncoder().encode(storedText(draft, text))
  if (bytes.length > keysLimits.wholeBytesMax) return { bytes, tooLarge: bytes.length }
  if (draft.view !== 'json') return { bytes }
  const reading = readJson(text)
  // What was no JSON before may stay none: the edit is not to blame.
  return reading.ok || !readJson(draft.baseText).ok ? { bytes } : { bytes, problem: reading.problem }
}

/** After a save of `text`, which may be behind what has been typed meanwhile. */
export function savedDraft(draft: Draft, text: string, metadata: KeyMetadata): Draft {
  return {
    ...draft,
    baseVersion: metadata.version,
    baseStored: storedText(draft, text),
    baseText: text,
    contentType: metadata.contentType,
    state: 'saved',
    failure: undefined,
    problem: undefined,
    tooLarge: undefined,
    conflict: undefined,
    merge: undefined,
    sent: undefined,
  }
}

/**
 * Another writer's version to compare with. What was merged stays, and goes into the editor where no version is left that it could
 * overwrite unseen.
 */
export function withTheirs(draft: Draft, conflict: Theirs, merged = draft.merge?.text): Draft {
  if (conflict.metadata !== undefined) return { ...draft, conflict }
  return { ...draft, text: merged ?? draft.text, merge: undefined, conflict }
}

/** Back from the comparison of two versions: what was said of its text does not hold for the one in the editor. */
export function withoutConflict(draft: Draft): Draft {
  return { ...draft, conflict: undefined, merge: undefined, failure: undefined, problem: undefined, tooLarge: undefined }
}

/** Where a merge with a version begins: with what was merged before, where another came in between. */
export function rootsOf({ merge, baseVersion, baseText, text }: Draft, version: string): Roots {
  if (merge === undefined) return { version: baseVersion, base: baseText, mine: text }
  return merge.version === version ? merge.roots : { version: merge.version, base: merge.theirs, mine: merge.text }
}
