import type { BlockAddress } from '../../core/base/address.ts'
import type { CallContext } from '../call-context.ts'

/** What a change demands of the key's present state. `present` is any existing version. */
export type Precondition =
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version'; readonly version: bigint }

export interface KeyMetadata {
  readonly key: string
  /** Grows with each change of the key and is never used twice for it, not even after a removal. The first is 1 in a fresh store. */
  readonly version: bigint
  /** Hybrid logical clock of the change, 63 bits: unique and increasing in the store. */
  readonly revision: bigint
  /** Bytes of the value. */
  readonly size: number
  readonly contentType: string
  /** Unix milliseconds of the change, taken from the revision. */
  readonly modifiedMs: number
  /** SHA-256 of the writer's public key, 32 bytes. */
  readonly writer: Uint8Array
  /** The content block that holds the value, or its manifest where the value is chunked. */
  readonly address: BlockAddress
  /** Chunks of the value; 0 where it is one block. */
  readonly chunks: number
}

/** How old what a read shows may be. */
export interface ReadAge {
  /**
   * Milliseconds: every change that was answered longer before the call is seen. 0: as of now. Undefined: nobody knows, which only an
   * eventual read takes.
   */
  readonly ageMs: number | undefined
}

export interface KeyStat extends ReadAge {
  readonly metadata: KeyMetadata
}

export interface WholeValue extends KeyStat {
  readonly value: Uint8Array
}

export type ChangeResult =
  /** `metadata` is the new state after a put; after a delete the state that was removed. */
  | { readonly kind: 'done'; readonly metadata: KeyMetadata }
  /** Nothing was changed: the precondition does not hold. `current` is absent when the key does not exist. */
  | { readonly kind: 'conflict'; readonly current: KeyMetadata | undefined }

export interface PutOptions {
  readonly precondition: Precondition
  /** MIME type as the caller says it; empty when unknown. */
  readonly contentType?: string
}

export type BatchOperation =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array; readonly options: PutOptions }
  | { readonly kind: 'delete'; readonly key: string; readonly precondition: Precondition }

export interface ListQuery {
  readonly prefix?: string
  /** Only keys greater than this one, which need not exist. */
  readonly startAfter?: string
  /** Only keys less than this one. */
  readonly end?: string
  /** Keys with this text after the prefix are collapsed into one common prefix. Empty: none are. */
  readonly delimiter?: string
  /** Items and common prefixes at most; 0: limits.listKeysMax. */
  readonly limit?: number
  readonly reverse?: boolean
  readonly withValues?: boolean
  /** From the page before; overrides startAfter. */
  readonly pageToken?: Uint8Array
  /** Ends the page early at this many bytes of keys and values; at most limits.listBytesMax, which is the default. */
  readonly bytesMax?: number
}

export interface ListItem {
  readonly metadata: KeyMetadata
  /** Present where values were asked for, unless the value alone is larger than the page may be. */
  readonly value?: Uint8Array
}

/** What a listed page lacks because of damage of the store. */
export interface ListDamage {
  /** Keys that are there and whose entries cannot be read, in the order of the page. They count for its limit. */
  readonly unreadable: readonly string[]
  /** Keys may be missing from the page without a trace: a part of the index cannot be read, or is known to be damaged. */
  readonly incomplete: boolean
}

export interface ListPage extends ReadAge {
  readonly items: readonly ListItem[]
  /** Whole prefixes (with the query's prefix and the delimiter), in order, each once over all pages. */
  readonly commonPrefixes: readonly string[]
  /** Where the next page begins; absent exactly when nothing more matches. */
  readonly nextPageToken?: Uint8Array
  /** Absent where no damage was met. */
  readonly damage?: ListDamage
}

export interface ByteRange {
  readonly offset: number
  /** Absent: to the end. Past the end it is cut; an offset past the end is `range-not-satisfiable`. */
  readonly length?: number
}

export interface ReadOptions {
  readonly range?: ByteRange
  /** Fails with `revision-changed` unless the key still has this version. */
  readonly version?: bigint
}

export interface ValueRead extends KeyStat {
  /** The bytes asked for, in pieces of at most limits.chunkBytes, each verified before it is given out. */
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * The key-value store on top of the blocks. Keys are 1 to limits.keyBytesMax bytes of UTF-8. Every method may throw
 * CodedError: `invalid-argument`, `limit-exceeded`, `store-not-found`, `cancelled`, `deadline-exceeded`, `not-running`,
 * `data-corrupt`; changes also `storage-full`, `queue-full`, `store-read-only`, `request-too-old`,
 * `outcome-unknown`. A change that was answered is durable; a change that threw any of these changed nothing, but for
 * `deadline-exceeded`, `cancelled` and `outcome-unknown`, whose outcome is unknown.
 */
export interface KeyValueService {
  /** The whole value; `limit-exceeded` above limits.unaryValueBytesMax. Undefined when the key does not exist. */
  get(store: string, key: string, options: ReadOptions, context: CallContext): Promise<WholeValue | undefined>
  /** As get, for values of any size. */
  read(store: string, key: string, options: ReadOptions, context: CallContext): Promise<ValueRead | undefined>
  stat(store: string, key: string, context: CallContext): Promise<KeyStat | undefined>
  put(store: string, key: string, value: Uint8Array, options: PutOptions, context: CallContext): Promise<ChangeResult>
  /** A value of any size; nothing of it is visible before the last piece is durable. */
  putStream(
    store: string,
    key: string,
    pieces: AsyncIterable<Uint8Array>,
    options: PutOptions,
    context: CallContext,
  ): Promise<ChangeResult>
  /** A key that does not exist is a conflict without `current`, under every precondition but `absent`. */
  delete(store: string, key: string, precondition: Precondition, context: CallContext): Promise<ChangeResult>
  /** Each operation has its own outcome, in the order given; an operation sees those before it. At most limits.batchOperationsMax. */
  batch(store: string, operations: readonly BatchOperation[], context: CallContext): Promise<readonly ChangeResult[]>
  /** Goes on behind what is damaged, and says so. A value that is asked for and does not verify is `data-corrupt`. */
  list(store: string, query: ListQuery, context: CallContext): Promise<ListPage>
}
