import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { ContentBlock, StorePlace } from '../../core/block/content-block.ts'
import type { Manifest, ManifestPart } from '../../core/block/manifest.ts'
import { encodeManifest, ManifestBuilder } from '../../core/block/manifest.ts'
import type { ReadyValue } from '../../core/kv/page-change.ts'
import { bornWithEntry } from '../../core/kv/page-change.ts'
import { candidateKey } from '../../core/kv/record-keys.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import type { ValueBlocks } from './value-blocks.ts'

export interface UploadParts {
  readonly content: ContentReplicas
  readonly clock: NodeClock
  readonly limits: Limits
  readonly blocks: ValueBlocks
  /** Parts of one manifest; the protocol's unless a test makes them fewer. */
  readonly manifestPartsMax?: number
}

/** Renewals of candidates in one batch of the store. */
const touchStepMax = 1024

/**
 * Stores blocks that no entry names yet. Each is journaled with a candidate for its collection, so that what an interrupted upload
 * leaves behind is removed when the grace is over. The candidates are the durable birth stamps: they are renewed (`touch`) before
 * half the grace is over and go when something names their blocks: a manifest, which has a candidate of its own, or the entry.
 */
export class ValueUpload {
  readonly #parts: UploadParts
  readonly #place: StorePlace
  readonly #graceSpan: bigint
  readonly #builder: ManifestBuilder
  /** Birth stamps of the stored blocks that nothing names, by address. */
  readonly #births = new Map<BlockAddress, bigint>()
  readonly #storing = new Set<Promise<void>>()
  #failure: unknown
  #whole: Omit<ReadyValue, 'birth' | 'settles'> | undefined
  /** What the value's own manifest lists. */
  #listed: readonly ManifestPart[] = []
  #chunks = 0
  #bytes = 0

  constructor(place: StorePlace, parts: UploadParts) {
    this.#parts = parts
    this.#place = place
    this.#graceSpan = hlcFromMs(parts.limits.collectGraceMs)
    this.#builder = new ManifestBuilder(parts.manifestPartsMax)
  }

  /** What the entry is to name, as of the last `touch`. Called when the upload is whole. */
  get value(): ReadyValue {
    assert(this.#whole !== undefined, 'an upload is whole before it is named')
    const settles = [...this.#births.keys()].map((address) => this.#candidateKey(address))
    return { ...this.#whole, birth: this.#oldest() ?? bornWithEntry, settles }
  }

  /** Stores a sealed block that an entry is to name by itself. */
  async single(block: ContentBlock, size: number): Promise<void> {
    await this.#store(block, [])
    this.#whole = { address: block.address, size, chunks: 0, block: undefined }
  }

  /** Takes the next chunk; resolves when there is room for another one, not when it is durable. */
  async add(chunk: Uint8Array): Promise<void> {
    const block = await this.#parts.blocks.seal(chunk, 'chunk', this.#place)
    const full = this.#builder.add(0, { address: block.address, bytes: chunk.length })
    this.#chunks++
    this.#bytes += chunk.length
    this.#start(this.#store(block, []))
    if (full !== undefined) await this.#storeManifest(full)
    while (this.#storing.size >= this.#parts.limits.uploadChunksMax) await Promise.race(this.#storing)
    this.#throwFailure()
    await this.touchWhenDue()
  }

  /** After the last chunk. The value's own manifest is not stored where it travels with the entry. */
  async finish(travels: (manifest: ContentBlock) => boolean): Promise<void> {
    await this.idle()
    this.#throwFailure()
    for (;;) {
      const step = this.#builder.finish()
      if (!step.whole) {
        await this.#storeManifest(step.manifest)
        continue
      }
      const plain = encodeManifest(step.manifest)
      const block = await this.#parts.blocks.seal(plain, 'manifest', this.#place)
      const isTravelling = travels(block)
      if (isTravelling) await this.touchWhenDue()
      else await this.#store(block, step.manifest.parts)
      const whole = { address: block.address, size: this.#bytes, chunks: this.#chunks }
      this.#listed = step.manifest.parts
      this.#whole = { ...whole, block: isTravelling ? block : undefined }
      return
    }
  }

  /** Stores the value's own manifest, which was to travel with the entry. */
  async storeManifestAhead(): Promise<void> {
    const block = this.#whole?.block
    if (this.#whole === undefined || block === undefined) return
    await this.#store(block, this.#listed)
    this.#whole = { ...this.#whole, block: undefined }
  }

  /** Resolves when nothing is on its way to the disk any more, whatever became of it. */
  async idle(): Promise<void> {
    await Promise.all(this.#storing)
  }

  /** Renews the stamps of what is stored when a quarter of the grace has gone by. */
  async touchWhenDue(): Promise<void> {
    const oldest = this.#oldest()
    const now = this.#parts.clock.last
    if (oldest !== undefined && now - oldest > this.#graceSpan / 4n) await this.touch()
  }

  /** Throws `deadline-exceeded` when the stamps are too old to be renewed. */
  async touch(): Promise<void> {
    await this.idle()
    this.#throwFailure()
    const { content, clock } = this.#parts
    const birth = clock.next()
    const oldest = this.#oldest()
    if (oldest === undefined) return
    this.#assertKept(oldest)
    const addresses = [...this.#births.keys()]
    for (let from = 0; from < addresses.length; from += touchStepMax) {
      const step = addresses.slice(from, from + touchStepMax)
      await content.renew(
        this.#place,
        step.map((address) => ({ address, due: this.#dueOf(address), next: birth + this.#graceSpan })),
      )
      this.#assertKept(oldest)
      for (const address of step) this.#births.set(address, birth)
    }
  }

  /** The manifest's candidate takes the place of those of its parts. */
  async #storeManifest(manifest: Manifest): Promise<void> {
    await this.idle()
    this.#throwFailure()
    const block = await this.#parts.blocks.seal(encodeManifest(manifest), 'manifest', this.#place)
    await this.#store(block, manifest.parts)
    const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0)
    const full = this.#builder.add(manifest.level + 1, { address: block.address, bytes })
    if (full !== undefined) await this.#storeManifest(full)
  }

  async #store(block: ContentBlock, parts: readonly ManifestPart[]): Promise<void> {
    const { content, clock } = this.#parts
    const named = parts.map(({ address }) => ({ address, due: this.#dueOf(address), next: undefined }))
    const place = this.#place
    const birth = await content.put({ block, birth: clock.next(), isNew: true, place, settles: named })
    for (const { address } of parts) {
      this.#assertKept(this.#birthOf(address))
      this.#births.delete(address)
    }
    this.#births.set(block.address, birth)
  }

  #start(storing: Promise<void>): void {
    const watched: Promise<void> = storing.then(
      () => this.#ended(watched),
      (error: unknown) => {
        this.#failure ??= error
        this.#ended(watched)
      },
    )
    this.#storing.add(watched)
  }

  #ended(watched: Promise<void>): void {
    this.#storing.delete(watched)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #candidateKey(address: BlockAddress): Uint8Array {
    return candidateKey(this.#dueOf(address), address)
  }

  #dueOf(address: BlockAddress): bigint {
    return this.#birthOf(address) + this.#graceSpan
  }

  #birthOf(address: BlockAddress): bigint {
    const birth = this.#births.get(address)
    assert(birth !== undefined, 'what is settled was stored')
    return birth
  }

  /**
   * Asked once the change that takes a candidate away is durable: while the candidate is not due no collector has seen it as due, and
   * from now on none finds it. Otherwise the block may be gone.
   */
  #assertKept(birth: bigint): void {
    if (this.#parts.clock.last < birth + this.#graceSpan) return
    throw new CodedError('deadline-exceeded', 'the upload stood still for too long; nothing was changed')
  }

  #oldest(): bigint | undefined {
    let oldest: bigint | undefined
    for (const birth of this.#births.values()) if (oldest === undefined || birth < oldest) oldest = birth
    return oldest
  }
}
