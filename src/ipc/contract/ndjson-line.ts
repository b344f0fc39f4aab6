/** A line of an export or import: what the node takes, and what a screen may promise of it before. */

import { z } from 'zod'

/**
 * A whole value in base64, or one part of a large one. Parts of a value follow each other, count from 1, the first says the size of
 * all in bytes, the last says so.
 */
export const ndjsonLineSchema = z.strictObject({
  /** Empty for the key that is the prefix itself, which an export takes off. */
  key: z.string(),
  value: z.string(),
  contentType: z.string().optional(),
  version: z.union([z.number(), z.string()]).optional(),
  part: z.number().int().min(1).optional(),
  size: z.number().int().min(0).optional(),
  last: z.boolean().optional(),
})
export type NdjsonLine = z.output<typeof ndjsonLineSchema>

/** What is wrong with a line; at one of them an import ends. */
export type NdjsonLineProblem =
  | {
      readonly kind:
        | 'not-utf8'
        | 'not-json'
        | 'not-object'
        | 'key-missing'
        | 'key-not-text'
        | 'key-half-character'
        | 'value-missing'
        | 'value-not-text'
        | 'value-not-base64'
    }
  | { readonly kind: 'unknown-member' | 'unfit-member'; readonly member: string }

export type ReadNdjsonLine = { readonly line: NdjsonLine } | { readonly problem: NdjsonLineProblem }

/** Characters of a member's name that a problem repeats. */
const memberCharsMax = 40

/** Whether the value is base64 is left to the reader, who decodes it. */
export function readNdjsonLine(text: string): ReadNdjsonLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: { kind: 'not-json' } }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: { kind: 'not-object' } }
  const kind = wrongKey(value) ?? wrongValue(value)
  if (kind !== undefined) return { problem: { kind } }
  const read = ndjsonLineSchema.safeParse(value)
  return read.success ? { line: read.data } : { problem: wrongMember(read.error.issues[0]) }
}

function wrongKey(value: { readonly key?: unknown }) {
  if (value.key === undefined) return 'key-missing'
  if (typeof value.key !== 'string') return 'key-not-text'
  return value.key.isWellFormed() ? undefined : 'key-half-character'
}

function wrongValue(value: { readonly value?: unknown }) {
  if (value.value === undefined) return 'value-missing'
  return typeof value.value === 'string' ? undefined : 'value-not-text'
}

function wrongMember(issue: z.core.$ZodIssue | undefined): NdjsonLineProblem {
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const member = unknown ?? String(issue?.path[0] ?? '')
  return { kind: unknown === undefined ? 'unfit-member' : 'unknown-member', member: member.slice(0, memberCharsMax) }
}
