/** A text that is being edited, and what it is based on. It lives in the renderer, so that no restart of the node can take it. */

import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import type { JsonMerge } from '../json/json-merge.ts'
import { mergeJson } from '../json/json-merge.ts'
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
  /** As an editor shows it; absent where it is no text or too large. */
  readonly text?: string
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
    conflict: undefined,
    sent: undefined,
  }
}

/** The two changes as one, where that is certain. */
export function mergeDraft(draft: Draft, theirs: string): JsonMerge {
  return mergeJson(draft.baseText, theirs, draft.text)
}
