import type { BlockAddress } from '../../core/base/address.ts'
import type { CallContext } from '../call-context.ts'

/** The kinds that callers can make in this version; their wire names are CHB, OKB and NB. */
export type CallerBlockKind = 'content' | 'owner' | 'named'

/** The state of a block as callers see it. */
export interface BlockView {
  readonly kind: CallerBlockKind
  readonly address: BlockAddress
  /** Content: 32 random bytes hashed into the address. Owner: 32 random bytes. Named: empty. */
  readonly salt: Uint8Array
  /** Address of the owning block as the caller gave it: 0 or 32 bytes. */
  readonly owner: Uint8Array
  /** Ed25519 public key of the writer, 32 bytes; for content blocks that of the remover. */
  readonly ownerKey: Uint8Array
  /** Only for named blocks. */
  readonly name: Uint8Array
  /** -1 before the block is stored, 0 at its birth, one more with each update. Content blocks: 0 once stored. */
  readonly version: bigint
  /** HLC of the birth; 0 before the block is stored. */
  readonly generation: bigint
  /** Ed25519 signature of the version by its writer, 64 bytes; empty before the block is stored and for content blocks. */
  readonly signature: Uint8Array
  /** Content and named: the readable bytes. Owner: the bytes sealed to the owner. Empty before an owner block is stored. */
  readonly data: Uint8Array
  /** The readable bytes of an owner block, where the caller asked for them. */
  readonly plain?: Uint8Array
  /** Canonical content header: codec, cipher, sizes, remover. Only content blocks, opaque to callers. */
  readonly header: Uint8Array
}

/** What a caller sends back: a view with its changes. */
export interface BlockDraft {
  readonly kind: CallerBlockKind
  /** Content: 32 bytes that must match the data, or empty (then a fresh block is made). Others: 32 bytes. */
  readonly address: Uint8Array
  readonly salt: Uint8Array
  readonly owner: Uint8Array
  readonly ownerKey: Uint8Array
  readonly name: Uint8Array
  readonly version: bigint
  readonly generation: bigint
  /** Of the version that is replaced, where the caller sends it back. */
  readonly signature?: Uint8Array
  readonly header: Uint8Array
  readonly data?: Uint8Array
  readonly plain?: Uint8Array
}

export type UpdateResult =
  | { readonly kind: 'updated'; readonly block: BlockView }
  /** The draft carried nothing new. */
  | { readonly kind: 'unchanged'; readonly block: BlockView }
  /** The draft replaces another version or generation than the current one; nothing was written. */
  | { readonly kind: 'conflict'; readonly current: BlockView }

export interface BlockStat {
  readonly kind: CallerBlockKind | 'map'
  readonly address: BlockAddress
  readonly version: bigint
  readonly generation: bigint
  /** Bytes as stored and as readable. */
  readonly storedBytes: number
  readonly plainBytes: number
  readonly writer: Uint8Array
  readonly codec: 'none' | 'zstd'
  readonly cipher: 'none' | 'aes-256-gcm' | 'sealed-to-owner'
  /** Whether the address, signature or hash verified when it was read for this answer. */
  readonly verified: boolean
  /** How old this may be, in milliseconds before the call; 0: as of now. Undefined: nobody knows, which only an eventual read takes. */
  readonly ageMs: number | undefined
}

/**
 * The value store. Errors: `invalid-argument` (lengths, fields that contradict each other), `block-not-found`,
 * `block-already-exists`, `permission-denied`, `signature-invalid`, `limit-exceeded`, `storage-full`, `queue-full`,
 * `store-read-only`, `data-corrupt`, `contended`, `cancelled`, `deadline-exceeded`, `not-running`, `outcome-unknown`.
 */
export interface BlockService {
  /** Build a block and store nothing. `owner` is 0 or 32 bytes. */
  makeContent(data: Uint8Array, owner: Uint8Array): Promise<BlockView>
  makeOwner(owner: Uint8Array): Promise<BlockView>
  makeNamed(name: Uint8Array): Promise<BlockView>
  namedAddress(name: Uint8Array): BlockAddress
  /** Signs, seals, stores. An identical content block is stored again with a younger birth stamp. */
  insert(draft: BlockDraft, context: CallContext): Promise<BlockView>
  /** The newest version; `decrypt` opens what is sealed to the node's user. Undefined when there is no such block. */
  fetch(address: BlockAddress, options: { readonly decrypt: boolean }, context: CallContext): Promise<BlockView | undefined>
  update(draft: BlockDraft, options: { readonly decrypt: boolean }, context: CallContext): Promise<UpdateResult>
  remove(address: BlockAddress, context: CallContext): Promise<void>
  stat(address: BlockAddress, context: CallContext): Promise<BlockStat | undefined>
}
