import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { ContentBlock, StorePlace } from '../../core/block/content-block.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { PageKey, ReadyValue } from '../../core/kv/page-change.ts'
import { blockWeight, readyBlock } from '../../core/kv/page-change.ts'
import { chunked } from './chunked.ts'
import type { ValueBlocks } from './value-blocks.ts'
import type { UploadParts } from './value-upload.ts'
import { ValueUpload } from './value-upload.ts'

/** Part of a fold above which a value goes ahead of its entry while the page is busy. */
const largeFoldParts = 4
/** Key of the candidate that an entry settles, of each block that was stored ahead of it. */
const candidateBytes = 40
/** About the bytes of a part in a manifest, and those of a manifest without its parts as a block that travels. */
const partBytes = 48
const manifestBytes = 640

/** The page that is to name a value. */
export interface ValuePage {
  readonly address: BlockAddress
  readonly members: readonly Member[]
  /** Other requests wait at it. */
  readonly isBusy: boolean
}

/** A value on its way to its entry: sealed and travelling with it, or stored ahead of it. */
export class PreparedValue {
  readonly #makeUpload: () => ValueUpload
  #ready: ReadyValue | undefined
  #upload: ValueUpload | undefined

  /** Either a block that travels, or an upload that is whole. */
  constructor(travelling: ReadyValue | undefined, upload: ValueUpload | (() => ValueUpload)) {
    this.#ready = travelling
    this.#makeUpload = upload instanceof ValueUpload ? () => upload : upload
    if (travelling === undefined) this.#upload = this.#makeUpload()
  }

  /** What the entry names; asked again after each `touch`. */
  get ready(): ReadyValue {
    const ready = this.#upload?.value ?? this.#ready
    assert(ready !== undefined, 'a prepared value travels or is stored')
    return ready
  }

  /** A block of it travels with the entry. */
  get isTravelling(): boolean {
    return this.ready.block !== undefined
  }

  /** Bytes that travel with the entry. */
  get travellingBytes(): number {
    return this.ready.block?.stored.length ?? 0
  }

  /** The bytes that a batch is spared when the value is stored ahead. */
  get aheadGain(): number {
    return this.#upload === undefined ? blockWeight(this.#ready?.block) - candidateBytes : 0
  }

  /** Stores a block that would travel ahead of its entry. */
  async store(): Promise<void> {
    await this.#upload?.storeManifestAhead()
    if (this.#upload !== undefined || this.#ready?.block === undefined) return
    const upload = this.#makeUpload()
    await upload.single(this.#ready.block, this.#ready.size)
    this.#upload = upload
  }

  /** Renews the birth stamp of what is stored ahead. */
  async touch(): Promise<void> {
    await this.#upload?.touch()
  }
}

/** Prepares values for their entries on arrival, before the page's turn, so that this work overlaps the disk. */
export class ValuePreparation {
  readonly #limits: Limits
  readonly #blocks: ValueBlocks
  readonly #parts: UploadParts

  constructor(limits: Limits, blocks: ValueBlocks, parts: UploadParts) {
    this.#limits = limits
    this.#blocks = blocks
    this.#parts = parts
  }

  /** Throws `limit-exceeded` where a value at hand is too large for that. */
  check(value: Uint8Array): void {
    if (value.length <= this.#limits.unaryValueBytesMax) return
    const message = `the value has more than ${this.#limits.unaryValueBytesMax} bytes; larger ones are streamed`
    throw new CodedError('limit-exceeded', message)
  }

  /** A checked value at hand; answered at once where nothing is waited for. */
  whole(page: ValuePage, key: PageKey, value: Uint8Array, signal: AbortSignal): PreparedValue | Promise<PreparedValue> {
    if (value.length > this.#limits.chunkBytes) return this.stream(page, key, piecesOf(value), signal)
    const prepared = this.#one(page, key, value)
    if (!page.isBusy) return prepared
    return prepared instanceof Promise ? prepared.then((each) => this.#aheadIfLarge(each)) : this.#aheadIfLarge(prepared)
  }

  /** About the bytes that a value at hand adds to the batch of the store at least, when whatever can go ahead of it did. */
  leastWeight(value: Uint8Array): number {
    const { chunkBytes } = this.#limits
    if (value.length <= chunkBytes) return candidateBytes
    return manifestBytes + Math.ceil(value.length / chunkBytes) * (partBytes + candidateBytes)
  }

  /** A value that arrives in pieces. What is stored of it when this throws is collected after the grace. */
  async stream(page: ValuePage, key: PageKey, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<PreparedValue> {
    const upload = new ValueUpload({ page: page.address, key: key.bytes }, this.#parts)
    let first: Uint8Array | undefined
    let count = 0
    try {
      for await (const chunk of chunked(pieces, this.#limits, signal)) {
        count++
        if (count === 1) first = chunk
        else {
          if (first !== undefined) await upload.add(first)
          first = undefined
          await upload.add(chunk)
        }
      }
      // A value of one chunk is an ordinary value.
      if (first !== undefined) return await this.#one(page, key, first)
      await upload.finish((manifest) => this.#parts.content.travels(manifest, page))
      return new PreparedValue(undefined, upload)
    } finally {
      await upload.idle()
    }
  }

  #one(page: ValuePage, key: PageKey, value: Uint8Array): PreparedValue | Promise<PreparedValue> {
    const place = { page: page.address, key: key.bytes }
    const sealed = this.#blocks.seal(value, 'whole', place)
    if (sealed instanceof Promise) return sealed.then((block) => this.#placed(page, block, value.length, place))
    return this.#placed(page, sealed, value.length, place)
  }

  /** Travelling with the entry where those who hold the page are those who are to hold the block, else stored ahead. */
  #placed(page: ValuePage, block: ContentBlock, size: number, place: StorePlace): PreparedValue | Promise<PreparedValue> {
    const prepared = new PreparedValue(readyBlock(block, size), () => new ValueUpload(place, this.#parts))
    if (this.#parts.content.travels(block, page)) return prepared
    return prepared.store().then(() => prepared)
  }

  #aheadIfLarge(prepared: PreparedValue): PreparedValue | Promise<PreparedValue> {
    if (prepared.travellingBytes <= this.#limits.foldBytesMax / largeFoldParts) return prepared
    return prepared.store().then(() => prepared)
  }
}

async function* piecesOf(value: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield value
}
