import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { ManifestPart } from '../../core/block/manifest.ts'
import { partsOfRange } from '../../core/block/manifest.ts'
import type { Entry } from '../../core/kv/entry.ts'
import { throwIfAborted } from './checked-arguments.ts'
import type { ValueBlocks } from './value-blocks.ts'

export interface Stretch {
  readonly offset: number
  readonly length: number
}

/** Thrown when a block of a value is not there: whether that is damage is for the index to say. */
export class MissingBlock extends Error {
  override readonly name = 'MissingBlock'
  readonly address: BlockAddress

  constructor(address: BlockAddress) {
    super('a block of this value is missing')
    this.address = address
  }
}

/** Reads values by their entries. Every piece is verified before it is given out. */
export class ValueReader {
  readonly #blocks: ValueBlocks

  constructor(blocks: ValueBlocks) {
    this.#blocks = blocks
  }

  /** A value of one block, or a stretch of it. Throws or rejects with MissingBlock. */
  whole(entry: Entry, stretch: Stretch, signal: AbortSignal): Uint8Array | Promise<Uint8Array> {
    const plain = this.#blocks.open(entry.address, signal)
    return plain instanceof Promise ? plain.then((bytes) => cut(entry, stretch, bytes)) : cut(entry, stretch, plain)
  }

  /** The stretch as one array, for those who know that it is small enough. */
  async gathered(entry: Entry, stretch: Stretch, signal: AbortSignal): Promise<Uint8Array> {
    const gathered = new Uint8Array(stretch.length)
    let offset = 0
    for await (const piece of this.pieces(entry, stretch, signal)) {
      gathered.set(piece, offset)
      offset += piece.length
    }
    return gathered
  }

  /** The stretch in pieces of a chunk at most; the next chunk is opened while one is being used. */
  async *pieces(entry: Entry, stretch: Stretch, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    throwIfAborted(signal)
    if (stretch.length === 0) return
    if (entry.chunks === 0) {
      yield await this.whole(entry, stretch, signal)
      return
    }
    let ahead: Promise<Uint8Array> | undefined
    for await (const part of this.#chunks(entry.address, stretch, signal)) {
      const ready = ahead
      ahead = this.#chunk(part, signal)
      // Whoever stops reading early does not wait for it.
      ahead.catch(() => undefined)
      if (ready === undefined) continue
      yield await ready
      throwIfAborted(signal)
    }
    if (ahead !== undefined) yield await ahead
  }

  async #chunk({ part, offset, length }: ChunkStretch, signal: AbortSignal): Promise<Uint8Array> {
    const plain = await this.#blocks.open(part.address, signal)
    if (plain === undefined) throw new MissingBlock(part.address)
    if (plain.length !== part.bytes) throw new CodedError('data-corrupt', 'a chunk has another size than its manifest says')
    return plain.subarray(offset, offset + length)
  }

  /** The chunks below a manifest that a stretch touches, in order. */
  async *#chunks(
    address: BlockAddress,
    { offset, length }: Stretch,
    signal: AbortSignal,
  ): AsyncGenerator<ChunkStretch, void, undefined> {
    const manifest = await this.#blocks.openManifest(address, signal)
    if (manifest === undefined) throw new MissingBlock(address)
    for (const range of partsOfRange(manifest, offset, length)) {
      if (manifest.level === 0) yield range
      else yield* this.#chunks(range.part.address, range, signal)
    }
  }
}

interface ChunkStretch extends Stretch {
  readonly part: ManifestPart
}

function cut(entry: Entry, { offset, length }: Stretch, plain: Uint8Array | undefined): Uint8Array {
  if (plain === undefined) throw new MissingBlock(entry.address)
  if (plain.length !== entry.size) throw new CodedError('data-corrupt', 'a value has another size than its entry says')
  return length === plain.length ? plain : plain.subarray(offset, offset + length)
}
