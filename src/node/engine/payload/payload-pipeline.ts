import { CodedError } from '../../../shared/coded-error.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type {
  Acknowledgements,
  ContentBlock,
  ContentCodec,
  ContentHeader,
  ContentRole,
  Remover,
  StorePlace,
} from '../../core/block/content-block.ts'
import {
  contentAddress,
  contentSaltBytes,
  decodeContentHeader,
  encodeContentHeader,
  isGenuineContent,
  isPlausibleSize,
  saltPrefixBytes,
} from '../../core/block/content-block.ts'
import type { Compressor } from '../../ports/compressor.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import { ContentKeys } from './content-keys.ts'
import { areEven } from './even-bytes.ts'
import type { NetworkSecrets } from './network-secrets.ts'

/** Less than this is not worth a frame of zstd. */
const compressBytesMin = 256
/**
 * From here on compressing costs a turn of the thread pool and milliseconds, so that a sample has to promise something first: pieces
 * from the beginning to the end, because the head of a file is often unlike the rest.
 */
const sampleFromBytes = 64 * 1024
const samplePieces = 4
const samplePieceBytes = 4 * 1024

/** What a new block says beside its payload. */
export interface ContentTerms {
  readonly role: ContentRole
  readonly remover: Remover
  readonly acknowledgements: Acknowledgements
  /** Address of an owning block as the caller gave it: 0 or 32 bytes. */
  readonly owner: Uint8Array
  /** Only for values of a store. */
  readonly place?: StorePlace
}

/** What is known of a block that its maker brings back. */
export type ContentClaim = Pick<ContentBlock, 'address' | 'headerBytes' | 'salt' | 'owner'>

export interface PayloadPipelineParts {
  readonly crypto: Crypto
  readonly compressor: Compressor
  readonly random: Random
  readonly secrets: NetworkSecrets
  readonly limits: Pick<Limits, 'contentKeysMax' | 'contentBlocksPerKeyMax'>
}

type Pending<T> = T | Promise<T>

/**
 * Turns readable bytes into content blocks and back: compress, encrypt, hash. Answers at once where the compressor does (small
 * payloads), with a promise otherwise. Every new block has a fresh salt from this node, and thereby a pair of key and nonce of its own.
 */
export class PayloadPipeline {
  readonly #parts: PayloadPipelineParts
  readonly #keys: ContentKeys

  constructor(parts: PayloadPipelineParts) {
    this.#parts = parts
    this.#keys = new ContentKeys(parts)
  }

  seal(plain: Uint8Array, terms: ContentTerms): Pending<ContentBlock> {
    if (plain.length < compressBytesMin || areEven(plain)) return this.#sealNew(plain, 'none', plain.length, terms)
    if (plain.length < sampleFromBytes) return this.#sealPacked(plain, terms)
    const sample = sampleOf(plain)
    return whenReady(this.#parts.compressor.compress(sample), (bytes) =>
      saves(bytes, sample) ? this.#sealPacked(plain, terms) : this.#sealNew(plain, 'none', plain.length, terms),
    )
  }

  /**
   * The block that a claim was made for, made once more of its readable bytes; undefined when these do not lead to its address. What
   * was encrypted on the way is dropped, so no caller learns anything about another payload under a salt of its choice.
   */
  sealAgain(plain: Uint8Array, claim: ContentClaim): Pending<ContentBlock | undefined> {
    const header = decodeContentHeader(claim.headerBytes)
    if (header === undefined || header.plainBytes !== plain.length || claim.salt.length !== contentSaltBytes) return undefined
    const secret = header.cipher === 'none' ? undefined : this.#parts.secrets.of(header.secretEpoch)
    if (header.cipher !== 'none' && secret === undefined) return undefined
    const packed = header.codec === 'none' ? plain : this.#parts.compressor.compress(plain)
    return whenReady(packed, (bytes) => {
      const made =
        secret === undefined
          ? { body: bytes, tag: emptyBytes }
          : this.#keys.of(secret, claim.salt).encrypt(nonceOf(claim.salt), bytes, emptyBytes)
      const block = { ...claim, header, tag: made.tag, stored: made.body }
      return isGenuineContent(this.#parts.crypto, block) ? block : undefined
    })
  }

  /**
   * The readable bytes of a stored block. Throws or rejects with CodedError `data-corrupt` when the block is not what its address
   * says or cannot be opened, and `permission-denied` when this node does not hold the secret of its epoch.
   */
  open(block: ContentBlock): Pending<Uint8Array> {
    if (!isGenuineContent(this.#parts.crypto, block)) throw corrupt('does not match its address')
    const { header } = block
    if (!isPlausibleSize(header, block.stored.length)) throw corrupt('has an impossible size')
    const packed = header.cipher === 'none' ? block.stored : this.#decrypt(block)
    if (header.codec === 'none') return packed
    return whenReady(this.#parts.compressor.decompress(packed, header.plainBytes), (plain) => {
      if (plain.length !== header.plainBytes) throw corrupt('unpacks to another size')
      return plain
    })
  }

  #sealPacked(plain: Uint8Array, terms: ContentTerms): Pending<ContentBlock> {
    return whenReady(this.#parts.compressor.compress(plain), (bytes) =>
      saves(bytes, plain) ? this.#sealNew(bytes, 'zstd', plain.length, terms) : this.#sealNew(plain, 'none', plain.length, terms),
    )
  }

  #sealNew(packed: Uint8Array, codec: ContentCodec, plainBytes: number, terms: ContentTerms): ContentBlock {
    const { crypto, secrets } = this.#parts
    const secret = secrets.current()
    const { role, remover, acknowledgements, owner, place } = terms
    const fields = {
      role,
      codec,
      cipher: 'aes-256-gcm' as const,
      secretEpoch: secret.epoch,
      plainBytes,
      remover,
      acknowledgements,
    }
    const header: ContentHeader = place === undefined ? fields : { ...fields, place }
    const headerBytes = encodeContentHeader(header)
    const { key, salt } = this.#keys.fresh(secret)
    const { body: stored, tag } = key.encrypt(nonceOf(salt), packed, emptyBytes)
    const address = contentAddress(crypto, { salt, owner, headerBytes, tag, stored })
    return { address, header, headerBytes, salt, owner, tag, stored }
  }

  #decrypt(block: ContentBlock): Uint8Array {
    const secret = this.#parts.secrets.of(block.header.secretEpoch)
    if (secret === undefined) {
      throw new CodedError(
        'permission-denied',
        `this node does not hold the network secret of epoch ${block.header.secretEpoch}`,
        {
          details: { secretEpoch: block.header.secretEpoch },
        },
      )
    }
    const { salt, tag, stored } = block
    const plain = this.#keys.of(secret, salt).decrypt(nonceOf(salt), { body: stored, tag }, emptyBytes)
    if (plain === undefined) throw corrupt('does not open under the network secret')
    return plain
  }
}

function nonceOf(salt: Uint8Array): Uint8Array {
  return salt.subarray(saltPrefixBytes)
}

function saves(packed: Uint8Array, plain: Uint8Array): boolean {
  return packed.length <= plain.length - Math.ceil(plain.length / 16)
}

function sampleOf(plain: Uint8Array): Uint8Array {
  const sample = new Uint8Array(samplePieces * samplePieceBytes)
  const step = Math.floor((plain.length - samplePieceBytes) / (samplePieces - 1))
  for (let piece = 0; piece < samplePieces; piece++) {
    sample.set(plain.subarray(piece * step, piece * step + samplePieceBytes), piece * samplePieceBytes)
  }
  return sample
}

function whenReady<From, To>(value: Pending<From>, then: (value: From) => Pending<To>): Pending<To> {
  return value instanceof Promise ? value.then(then) : then(value)
}

function corrupt(what: string): CodedError {
  return new CodedError('data-corrupt', `a content block ${what}`)
}
