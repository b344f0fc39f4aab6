/**
 * Block addresses: 32 bytes, the low bit of the last byte is 1 for immutable blocks and 0 for mutable ones, so that the kind of
 * consistency is known before anything is fetched. The bit replaces the digest's own, which leaves 255 bits of hash.
 */

import type { Brand } from '../../../shared/brand.ts'
import { fromHex, toHex } from './bytes.ts'

export type BlockAddress = Brand<Uint8Array, 'BlockAddress'>

export const addressBytes = 32

/** Takes any 32 bytes for an address; undefined for another length. */
export function addressFromBytes(bytes: Uint8Array): BlockAddress | undefined {
  return bytes.length === addressBytes ? (bytes as BlockAddress) : undefined
}

/** The address that a digest of 32 bytes stands for, with its kind bit set. The digest itself is left as it is. */
export function addressFromDigest(digest: Uint8Array, kind: 'immutable' | 'mutable'): BlockAddress {
  const bytes = new Uint8Array(digest)
  const last = bytes[addressBytes - 1] ?? 0
  bytes[addressBytes - 1] = kind === 'immutable' ? last | 1 : last & 0xfe
  return bytes as BlockAddress
}

export function isImmutable(address: BlockAddress): boolean {
  return ((address[addressBytes - 1] ?? 0) & 1) === 1
}

/** 64 lower-case hex digits. */
export function addressText(address: BlockAddress): string {
  return toHex(address)
}

/** Reads 64 hex digits with an optional `0x` in front; undefined for anything else. */
export function parseAddress(text: string): BlockAddress | undefined {
  const bytes = fromHex(text.startsWith('0x') || text.startsWith('0X') ? text.slice(2) : text)
  return bytes === undefined ? undefined : addressFromBytes(bytes)
}
