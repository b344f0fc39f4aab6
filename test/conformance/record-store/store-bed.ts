import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { RecordFamily, RecordStore, RecordWrite, StoreEvents } from '../../../src/node/ports/record-store.ts'

export interface StoreSettings {
  /** `smallLimits` unless given. */
  readonly limits?: Limits
  readonly byteLimit?: number
  readonly events?: Partial<StoreEvents>
}

/** A place where a store is kept: it outlives the stores that are opened on it, one after the other. */
export interface StoreBed extends AsyncDisposable {
  /** Closes or crashes nothing: the store before has to be gone. */
  open(settings?: StoreSettings): Promise<RecordStore>
  /** The process of the open store dies with the power: whatever was not synced may be gone. Its commits in flight never settle. */
  crash(): Promise<void>
  /** No sync completes until the function returned is called. */
  holdSync(): () => void
  /** The next sync fails. */
  failSync(): void
  /** The disk takes nothing more, or takes it again. */
  setFull(full: boolean): void
  /** An indexed record of the open store does not verify any more. Its value is filler of 500 bytes. */
  spoilRecord(family: RecordFamily, key: Uint8Array, value: Uint8Array): void
  /** The open store comes to know that its index is damaged, about where this entry lies. Its value is filler of 500 bytes. */
  damageIndex(key: Uint8Array, value: Uint8Array): Promise<void>
}

export type Verdict = 'sound' | 'suspect' | 'found'

export interface Damage {
  readonly name: string
  /** `sound`: everything acknowledged is there. `suspect`: the next start notices. `found`: an error at open, a finding, or data-corrupt. */
  readonly verdict: Verdict
  /** Whether the store is closed before the damage; else it has crashed, with its last batches only in the journal. */
  readonly closed: boolean
  /** Damages what the bed keeps; false when there is nothing of this kind to damage. */
  apply(bed: StoreBed): Promise<boolean>
}

export interface StoreTraits {
  readonly durable: boolean
  readonly modelRuns: number
  readonly damages: readonly Damage[]
}

/** Small enough that segments and replay borders are crossed by a few values, and that a store opens at once. */
export const smallLimits: Limits = {
  ...defaultLimits,
  batchBytesMax: 256 * 1024,
  segmentBytes: 1024 * 1024,
  replayBytesMax: 1024 * 1024,
  commitGroupBytesMax: 256 * 1024,
  storeReserveBytes: 128 * 1024,
  diskFullRetryMs: 20,
}

/** Batches of the size that a node commits. */
export const largeLimits: Limits = { ...defaultLimits, segmentBytes: 16 * 1024 * 1024, replayBytesMax: 16 * 1024 * 1024 }

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Bytes that look like nothing else: every offset and seed gives others. */
export function filler(length: number, seed = 1): Uint8Array {
  const value = new Uint8Array(length)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let index = 0; index < length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    value[index] = state & 255
  }
  return value
}

export function put(family: RecordFamily, key: string | Uint8Array, value: string | Uint8Array): RecordWrite {
  return {
    kind: 'put',
    family,
    key: typeof key === 'string' ? bytes(key) : key,
    value: typeof value === 'string' ? bytes(value) : value,
  }
}

export function remove(family: RecordFamily, key: string | Uint8Array): RecordWrite {
  return { kind: 'delete', family, key: typeof key === 'string' ? bytes(key) : key }
}
