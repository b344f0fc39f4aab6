/**
 * Reads a file around the places that the disk cannot read: these read as zeros, which no checksum of the store takes for anything
 * that was written, and are remembered. Errors that are no damage of the medium stay errors.
 */

import type { Files, OpenFile } from './files.ts'
import { mediaErrorCode } from './files.ts'

export interface UnreadableRange {
  readonly from: number
  readonly to: number
  readonly code: string
}

export interface TolerantBytes {
  readonly bytes: Buffer
  readonly unreadable: readonly UnreadableRange[]
}

/** What a disk fails to read is some of these. */
const sectorBytes = 4096
/** A dying disk takes seconds for each failed read: from this many on, pieces are given up whole. */
const failedReadsMax = 512

export class TolerantFile {
  readonly size: number
  /** Undefined where the file did not open. */
  readonly #file: OpenFile | undefined
  /** In order, apart from each other. */
  #unreadable: readonly UnreadableRange[]
  #failedReads = 0

  constructor(file: OpenFile | undefined, size: number, unreadable: readonly UnreadableRange[] = []) {
    this.size = size
    this.#file = file
    this.#unreadable = unreadable
  }

  /** What was found unreadable so far. */
  get unreadable(): readonly UnreadableRange[] {
    return this.#unreadable
  }

  /** Fills the buffer from the position; fewer bytes than asked for mean the end of the file. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    const wanted = buffer.subarray(0, Math.max(0, Math.min(buffer.length, this.size - position)))
    if (wanted.length === 0) return 0
    const end = position + wanted.length
    if (this.#file === undefined || this.#unreadable.some(({ from, to }) => from <= position && end <= to)) {
      wanted.fill(0)
      return wanted.length
    }
    try {
      return await this.#file.read(wanted, position)
    } catch (error) {
      const code = mediaErrorCode(error)
      if (code === undefined) throw error
      const middle = ++this.#failedReads > failedReadsMax ? undefined : sectorBetween(position, end)
      if (middle === undefined) return this.#giveUp(wanted, position, code)
      const first = await this.read(wanted.subarray(0, middle - position), position)
      return first < middle - position ? first : first + (await this.read(wanted.subarray(first), middle))
    }
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  #giveUp(bytes: Uint8Array, position: number, code: string): number {
    bytes.fill(0)
    let from = position - (position % sectorBytes)
    let to = Math.min(this.size, Math.ceil((position + bytes.length) / sectorBytes) * sectorBytes)
    const apart: UnreadableRange[] = []
    for (const known of this.#unreadable) {
      if (known.to < from || known.from > to) apart.push(known)
      else {
        from = Math.min(from, known.from)
        to = Math.max(to, known.to)
      }
    }
    this.#unreadable = [...apart, { from, to, code }].sort((left, right) => left.from - right.from)
    return bytes.length
  }
}

/** Rejects where there is no such file, or no more is known of it than its name. */
export async function openTolerant(files: Files, path: string): Promise<TolerantFile> {
  const size = await files.fileSize(path)
  try {
    return new TolerantFile(await files.open(path, 'read'), size)
  } catch (error) {
    const code = mediaErrorCode(error)
    if (code === undefined) throw error
    return new TolerantFile(undefined, size, [{ from: 0, to: size, code }])
  }
}

/** The start of a file, at most as many bytes as the buffer has. */
export async function readTolerant(files: Files, path: string, buffer?: Buffer): Promise<TolerantBytes> {
  const file = await openTolerant(files, path)
  try {
    const target = buffer ?? Buffer.allocUnsafeSlow(file.size)
    const filled = await file.read(target, 0)
    return { bytes: target.subarray(0, filled), unreadable: file.unreadable }
  } finally {
    await file.close()
  }
}

export function unreadableText({ from, to, code }: UnreadableRange): string {
  return `cannot be read from ${from} to ${to} (${code})`
}

/** The border of a sector inside the range that is nearest to its middle. */
function sectorBetween(from: number, to: number): number | undefined {
  const below = Math.floor((from + to) / 2 / sectorBytes) * sectorBytes
  if (below > from) return below
  return below + sectorBytes < to ? below + sectorBytes : undefined
}
