/**
 * The list of a value's chunks. A manifest of level 0 lists chunks, one of level n lists manifests of level n - 1, so that a value of
 * any size needs manifests of bounded size only: 4096 parts each make 4 GiB at level 0 and 16 TiB at level 1 with chunks of 1 MiB.
 *
 * Invariants: a manifest has at least one part, every part at least one byte, and every part but the last of a level is full, which
 * makes the manifests of a value follow from its chunks alone.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes } from '../base/address.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'

const manifestTag = recordTag('memo/manifest/1')

/** Parts of one manifest. */
export const manifestPartsMax = 4096
const levelMax = 3

/** A chunk, or a manifest of the level below. */
export interface ManifestPart {
  readonly address: BlockAddress
  /** Plain bytes of the value that the part stands for. */
  readonly bytes: number
}

export interface Manifest {
  /** 0: the parts are chunks. */
  readonly level: number
  readonly parts: readonly ManifestPart[]
}

/** Bytes of the value that the manifest stands for. */
export function manifestBytes(manifest: Manifest): number {
  return manifest.parts.reduce((sum, part) => sum + part.bytes, 0)
}

/** The plain bytes of the content block that holds the manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  assert(isWellFormed(manifest), 'a manifest is well-formed')
  return new CanonicalWriter(manifestTag, 32 + manifest.parts.length * 40)
    .uint(manifest.level)
    .list(manifest.parts, (part, writer) => writer.bytes(part.address).uint(part.bytes))
    .finish()
}

export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  return decodeCanonical(manifestTag, bytes, (reader) => {
    const level = reader.uint(levelMax)
    const manifest = { level, parts: reader.list(manifestPartsMax, readPart) }
    reader.require(isWellFormed(manifest))
    return manifest
  })
}

/** A stretch of one part. */
export interface PartRange {
  readonly part: ManifestPart
  /** Place of the part in its manifest. */
  readonly index: number
  /** First byte wanted, within the part. */
  readonly offset: number
  /** Bytes wanted, at least 1. */
  readonly length: number
}

/** The parts that hold a range of the manifest's bytes, in order; the range is cut at the end. */
export function partsOfRange(manifest: Manifest, offset: number, length: number): readonly PartRange[] {
  assert(offset >= 0 && length >= 0, 'a range is not negative')
  const ranges: PartRange[] = []
  const end = offset + length
  let start = 0
  for (const [index, part] of manifest.parts.entries()) {
    if (start >= end) break
    const from = Math.max(offset, start)
    const to = Math.min(end, start + part.bytes)
    if (from < to) ranges.push({ part, index, offset: from - start, length: to - from })
    start += part.bytes
  }
  return ranges
}

/** The next manifest to store: its address then goes to `add` of the level above, unless it is the value's own. */
export interface ManifestStep {
  readonly manifest: Manifest
  /** The manifest stands for the whole value: nothing follows. */
  readonly whole: boolean
}

/**
 * Builds the manifests of a value whose chunks come one after the other, holding at most one manifest per level. The caller stores
 * what `add` and `finish` give out and adds the stored manifest as a part of the level above.
 */
export class ManifestBuilder {
  readonly #partsMax: number
  readonly #levels: ManifestPart[][] = []

  constructor(partsMax: number = manifestPartsMax) {
    assert(partsMax >= 2 && partsMax <= manifestPartsMax, 'a manifest has at least two parts and at most its limit')
    this.#partsMax = partsMax
  }

  /** Adds a chunk at level 0, or a stored manifest of level n - 1 at level n. Gives out the level's full manifest when this is one more. */
  add(level: number, part: ManifestPart): Manifest | undefined {
    assert(level <= levelMax && level <= this.#levels.length, 'levels grow one by one')
    const parts = this.#levels[level] ?? []
    const isFull = parts.length === this.#partsMax
    this.#levels[level] = isFull ? [part] : parts
    if (isFull) return { level, parts }
    parts.push(part)
    return undefined
  }

  /** After the last chunk: called until it gives out the whole manifest, whose parts are added in between. Needs one chunk at least. */
  finish(): ManifestStep {
    const level = this.#levels.findIndex((parts) => parts.length > 0)
    const parts = this.#levels[level]
    assert(parts !== undefined, 'a value of chunks has one at least')
    this.#levels[level] = []
    return { manifest: { level, parts }, whole: level === this.#levels.length - 1 }
  }
}

function readPart(reader: CanonicalReader): ManifestPart {
  const address = addressFromBytes(reader.fixed(addressBytes))
  assert(address !== undefined, 'the length was checked')
  return { address, bytes: reader.uint() }
}

function isWellFormed(manifest: Manifest): boolean {
  const { level, parts } = manifest
  return (
    level <= levelMax &&
    parts.length >= 1 &&
    parts.length <= manifestPartsMax &&
    parts.every((part) => part.bytes >= 1) &&
    Number.isSafeInteger(manifestBytes(manifest))
  )
}
