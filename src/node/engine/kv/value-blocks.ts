import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { ContentBlock, ContentCopy, ContentRole, StorePlace } from '../../core/block/content-block.ts'
import type { Manifest } from '../../core/block/manifest.ts'
import { decodeManifest } from '../../core/block/manifest.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import type { PayloadPipeline } from '../payload/payload-pipeline.ts'
import type { ValueCache } from './value-cache.ts'

type Pending<T> = T | Promise<T>

/** The content blocks that values are made of: sealed when they arrive, verified and opened when they are read. */
export class ValueBlocks {
  readonly #content: ContentReplicas
  readonly #payload: PayloadPipeline
  readonly #cache: ValueCache

  constructor(content: ContentReplicas, payload: PayloadPipeline, cache: ValueCache) {
    this.#content = content
    this.#payload = payload
    this.#cache = cache
  }

  seal(plain: Uint8Array, role: ContentRole, place: StorePlace): Pending<ContentBlock> {
    const remover = { kind: 'block', address: place.page } as const
    return this.#payload.seal(plain, { role, remover, acknowledgements: 'majority', owner: emptyBytes, place })
  }

  /** Keeps what was just stored for those who read it next. */
  remember(address: BlockAddress, plain: Uint8Array): void {
    this.#cache.put(address, plain)
  }

  /**
   * The readable bytes; undefined when there is no such block. Throws or rejects with `data-corrupt` when it does not verify, and
   * `unavailable` where too few nodes answer.
   */
  open(address: BlockAddress, signal: AbortSignal): Pending<Uint8Array | undefined> {
    const cached = this.#cache.get(address)
    if (cached !== undefined) return cached
    return this.#content.read(address, this.#openCopy, signal, 'all')
  }

  /** As `open`, for the list of a value's parts. */
  async openManifest(address: BlockAddress, signal: AbortSignal): Promise<Manifest | undefined> {
    const plain = await this.open(address, signal)
    return plain && readManifest(plain)
  }

  /** The list that a copy holds. */
  async manifestOf(copy: ContentCopy): Promise<Manifest> {
    return readManifest(await this.#payload.open(copy))
  }

  readonly #openCopy = (copy: ContentCopy): Pending<Uint8Array> => {
    const plain = this.#payload.open(copy)
    return plain instanceof Promise ? plain.then((opened) => this.#keep(copy.address, opened)) : this.#keep(copy.address, plain)
  }

  #keep(address: BlockAddress, plain: Uint8Array): Uint8Array {
    this.#cache.put(address, plain)
    return plain
  }
}

function readManifest(plain: Uint8Array): Manifest {
  const manifest = decodeManifest(plain)
  if (manifest === undefined) throw new CodedError('data-corrupt', 'the list of a value’s chunks cannot be read')
  return manifest
}
