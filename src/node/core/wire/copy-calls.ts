/**
 * What is asked of any member of a block's group, not of its primary alone: what its copy says, as it is or within a bound of age; and of
 * the primary, up to where the block is committed. docs/PROTOCOL.md, Reads.
 *
 * Invariant: a copy that is given to a bounded question says how old it is at most, counted at the moment at which the question arrived.
 */

import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { RoutedMember } from './routed-call.ts'
import { readRoutedMember, writeRoutedMember } from './routed-call.ts'

const questionFormat = recordTag('memo/copy-question/1')
const answerFormat = recordTag('memo/copy-answer/1')
const confirmedFormat = recordTag('memo/confirmed-index/1')

/** A kind keeps its place for ever. */
const copiedKinds = ['page-read', 'page-list', 'block-read'] as const
export type CopiedKind = (typeof copiedKinds)[number]

const answerKinds = ['copy', 'none', 'stale', 'behind'] as const
const bytesMax = 9 * 1024 * 1024
const membersMax = 9

export interface CopyQuestion {
  readonly kind: CopiedKind
  /** Undefined: however old the copy is. */
  readonly boundMs: number | undefined
  /** A copy that is older has the primary asked first. */
  readonly mayAsk: boolean
  /** As it would be asked of the primary. */
  readonly body: Uint8Array
}

export type CopyAnswer =
  /** As the primary would answer it. `ageMs` where it is known. */
  | { readonly kind: 'copy'; readonly ageMs: number | undefined; readonly body: Uint8Array }
  /** There is none here; these may have one. */
  | { readonly kind: 'none'; readonly members: readonly RoutedMember[] }
  /** There is a copy, and nobody says that it is as young as it has to be. */
  | { readonly kind: 'stale' }
  /** There is one that has not reached what the primary confirmed. */
  | { readonly kind: 'behind' }

export interface ConfirmedIndex {
  /** Of the last applied entry; -1 where the block is not born. */
  readonly index: number
  /** Members and learners of the block's group, for whose copies the index counts. */
  readonly holders: readonly RoutedMember[]
}

export function encodeCopyQuestion({ kind, boundMs, mayAsk, body }: CopyQuestion): Uint8Array {
  return new CanonicalWriter(questionFormat, 64 + body.length)
    .uint(choiceIndex(copiedKinds, kind))
    .list(boundMs === undefined ? [] : [boundMs], (bound, item) => item.uint(bound))
    .uint(mayAsk ? 1 : 0)
    .bytes(body)
    .finish()
}

export function decodeCopyQuestion(bytes: Uint8Array): CopyQuestion | undefined {
  return decodeCanonical(questionFormat, bytes, (reader) => {
    const kind = reader.choice(copiedKinds)
    const [boundMs] = reader.list(1, (item) => item.uint())
    return { kind, boundMs, mayAsk: reader.uint(1) === 1, body: reader.bytes(0, bytesMax) }
  })
}

export function encodeCopyAnswer(answer: CopyAnswer): Uint8Array {
  const bytes = answer.kind === 'copy' ? 64 + answer.body.length : 640
  const writer = new CanonicalWriter(answerFormat, bytes).uint(choiceIndex(answerKinds, answer.kind))
  if (answer.kind === 'copy') {
    writer.list(answer.ageMs === undefined ? [] : [Math.ceil(answer.ageMs)], (age, item) => item.uint(age)).bytes(answer.body)
  }
  if (answer.kind === 'none') writer.list(answer.members, writeRoutedMember)
  return writer.finish()
}

export function decodeCopyAnswer(bytes: Uint8Array): CopyAnswer | undefined {
  return decodeCanonical(answerFormat, bytes, (reader): CopyAnswer => {
    const kind = reader.choice(answerKinds)
    if (kind === 'none') return { kind, members: reader.list(membersMax, readRoutedMember) }
    if (kind === 'stale' || kind === 'behind') return { kind }
    const [ageMs] = reader.list(1, (item) => item.uint())
    return { kind, ageMs, body: reader.bytes(0, bytesMax) }
  })
}

export function encodeConfirmedIndex({ index, holders }: ConfirmedIndex): Uint8Array {
  return new CanonicalWriter(confirmedFormat, 640)
    .uint(index + 1)
    .list(holders, writeRoutedMember)
    .finish()
}

export function decodeConfirmedIndex(bytes: Uint8Array): ConfirmedIndex | undefined {
  return decodeCanonical(confirmedFormat, bytes, (reader) => ({
    index: reader.uint() - 1,
    holders: reader.list(membersMax, readRoutedMember),
  }))
}
