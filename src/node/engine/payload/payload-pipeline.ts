import { CodedError } from '../../../shared/coded-error.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
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
} from '../../core/block/content-block.ts'
import type { Compressor } from '../../ports/compressor.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import { ContentKeys } from './content-keys.ts'
import type { NetworkSecret, NetworkSecrets } from './network-secrets.ts'

/** A key serves for one block, so its nonce may be fixed. */
const zeroNonce = new Uint8Array(12)
/** Less than this is not worth a frame of zstd. */
const compressBytesMin = 256

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
}

type Pending<T> = T | Promise<T>

/**
 * Turns readable bytes into content blocks and back: compress, encrypt, hash. Answers at once where the compressor does (small
 * payloads), with a promise otherwise. Every block has a fresh salt from this node's own random source and thereby its own key.
 */
export class PayloadPipeline {
  readonly #parts: PayloadPipelineParts
  readonly #keys: ContentKeys

  constructor(parts: PayloadPipelineParts) {
    this.#parts = parts
    this.#keys = new ContentKeys(parts.crypto)
  }

  seal(plain: Uint8Array, terms: ContentTerms): Pending<ContentBlock> {
    if (plain.length < compressBytesMin) return this.#sealNew(plain, 'none', plain.length, terms)
    const packed = this.#parts.compressor.compress(plain)
    return whenReady(packed, (bytes) => {
      const helps = bytes.length <= plain.length - Math.ceil(plain.length / 16)
      return helps ? this.#sealNew(bytes, 'zstd', plain.length, terms) : this.#sealNew(plain, 'none', plain.length, terms)
    })
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
      const stored = secret === undefined ? bytes : this.#encrypt(bytes, secret, claim.salt)
      const block = { ...claim, header, stored }
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

  #sealNew(packed: Uint8Array, codec: ContentCodec, plainBytes: number, terms: ContentTerms): ContentBlock {
    const { crypto, random, secrets } = this.#parts
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
    const salt = random.bytes(contentSaltBytes)
    const stored = this.#encrypt(packed, secret, salt)
    return { address: contentAddress(crypto, { salt, owner, headerBytes, stored }), header, headerBytes, salt, owner, stored }
  }

  #encrypt(packed: Uint8Array, secret: NetworkSecret, salt: Uint8Array): Uint8Array {
    return this.#parts.crypto.encrypt(this.#keys.keyOf(secret, salt), zeroNonce, packed, emptyBytes)
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
    const plain = this.#parts.crypto.decrypt(this.#keys.keyOf(secret, block.salt), zeroNonce, block.stored, emptyBytes)
    if (plain === undefined) throw corrupt('does not open under the network secret')
    return plain
  }
}

function whenReady<From, To>(value: Pending<From>, then: (value: From) => To): Pending<To> {
  return value instanceof Promise ? value.then(then) : then(value)
}

function corrupt(what: string): CodedError {
  return new CodedError('data-corrupt', `a content block ${what}`)
}
