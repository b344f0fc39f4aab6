/** What an import would write first, and where it would end: by the rules of the node for a line, so that it promises nothing else. */

import type { NdjsonLine, NdjsonLineProblem, ReadNdjsonLine } from '../../../../ipc/contract/ndjson-line.ts'
import { readNdjsonLine } from '../../../../ipc/contract/ndjson-line.ts'
import { keyProblem } from '../check-key.ts'
import { keysLimits } from '../keys-limits.ts'
import type { ImportPlan } from './import-files.ts'

export interface PreviewRow {
  readonly key: string
  readonly size: number
  /** The node would not take the key: it is left out, and the import goes on. */
  readonly unfit?: true
}

export type StopProblem = NdjsonLineProblem | { readonly kind: 'part-missing' | 'part-without-beginning' }

export interface Preview {
  /** The first of what was looked at. */
  readonly rows: readonly PreviewRow[]
  /** Of everything that was looked at: keys that would be stored, and such that would be left out. */
  readonly fit: number
  readonly unfit: number
  /** Everything was looked at, or what follows would not be stored. */
  readonly whole: boolean
  /** Lines that were checked, where it is one file of them. */
  readonly lines?: number
  /** The line at which the import would end; what stands behind it is not stored. */
  readonly stop?: { readonly line: number; readonly excerpt: string; readonly problem: StopProblem }
  /** Why there are no rows. */
  readonly nothing?: 'empty' | 'long-line'
}

const previewBytes = 256 * 1024
const excerptChars = 120
const lineEnd = 0x0a
/** As the node leaves them out. */
const blank = /^[ \t\r]*$/

/** The first keys that the import would write. */
export async function previewOf({ format, files }: ImportPlan, prefix: string): Promise<Preview> {
  if (format === 'files') {
    const rows = files.slice(0, keysLimits.previewRows).map(({ path, file }) => ({ key: prefix + path, size: file.size }))
    return { rows, fit: files.length, unfit: 0, whole: true }
  }
  const file = files[0]?.file
  if (file === undefined) return { rows: [], fit: 0, unfit: 0, whole: true }
  const read = file.size <= previewBytes
  const bytes = new Uint8Array(await file.slice(0, previewBytes).arrayBuffer())
  return previewOfLines(linesOf(bytes, read), prefix, read)
}

function previewOfLines(lines: readonly Uint8Array[], prefix: string, read: boolean): Preview {
  const rows: PreviewRow[] = []
  /** The last line of a large value whose end is still to come. */
  let part: NdjsonLine | undefined
  for (const [index, bytes] of lines.entries()) {
    const text = textOf(bytes, index === 0)
    if (text !== undefined && blank.test(text)) continue
    const found = text === undefined ? { problem: { kind: 'not-utf8' as const } } : lineAfter(part, text)
    if ('problem' in found) {
      const excerpt = new TextDecoder().decode(bytes.subarray(0, excerptChars))
      const stored = part === undefined ? rows : rows.slice(0, -1)
      return { ...counted(stored), whole: true, lines: index, stop: { line: index + 1, excerpt, problem: found.problem } }
    }
    const { line } = found
    if (part === undefined) rows.push(rowOf(line, prefix))
    part = line.part === undefined || line.last === true ? undefined : line
  }
  if (part !== undefined && read) {
    const missing = { line: lines.length, excerpt: '', problem: { kind: 'part-missing' as const } }
    return { ...counted(rows.slice(0, -1)), whole: true, lines: lines.length, stop: missing }
  }
  const facts = { ...counted(rows), whole: read, lines: lines.length }
  return rows.length === 0 ? { ...facts, nothing: read ? 'empty' : 'long-line' } : facts
}

function counted(rows: readonly PreviewRow[]): Pick<Preview, 'rows' | 'fit' | 'unfit'> {
  const unfit = rows.filter((row) => row.unfit).length
  return { rows: rows.slice(0, keysLimits.previewRows), fit: rows.length - unfit, unfit }
}

/** The last one is cut where there is more of the file. */
function linesOf(bytes: Uint8Array, whole: boolean): Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  if (whole) lines.push(bytes.subarray(start))
  return lines
}

/** Undefined for bytes that are no UTF-8. A byte order mark at the beginning of a file is no part of its text. */
function textOf(bytes: Uint8Array, first: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: !first }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A line, behind one that may have left a large value open. */
function lineAfter(part: NdjsonLine | undefined, text: string): ReadNdjsonLine | { readonly problem: StopProblem } {
  const read = readNdjsonLine(text)
  if ('problem' in read) return read
  const { line } = read
  if (base64Size(line.value) === undefined) return { problem: { kind: 'value-not-base64' } }
  if (part !== undefined) {
    const follows = line.key === part.key && line.part === (part.part ?? 0) + 1
    return follows ? read : { problem: { kind: 'part-missing' } }
  }
  const begins = line.part === undefined || (line.part === 1 && line.size !== undefined)
  return begins ? read : { problem: { kind: 'part-without-beginning' } }
}

function rowOf(line: NdjsonLine, prefix: string): PreviewRow {
  const key = prefix + line.key
  const size = line.part === undefined ? base64Size(line.value) : line.size
  return { key, size: size ?? 0, ...(keyProblem(key) !== undefined && { unfit: true as const }) }
}

/** Undefined for what is no base64, or not as it is written by an export. */
function base64Size(text: string): number | undefined {
  try {
    const bytes = atob(text)
    return btoa(bytes) === text ? bytes.length : undefined
  } catch {
    return undefined
  }
}
