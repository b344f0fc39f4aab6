/** Keys, versions and page tokens as the contract writes them. */

import type { KeyMetadata as KeyRow, RequestId as RequestIdText } from '../../../ipc/contract/key-schemas.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import type { KeyMetadata } from '../../engine/kv/key-value-service.ts'

export function keyRow(metadata: KeyMetadata): KeyRow {
  const { key, size, contentType, modifiedMs, chunks } = metadata
  return {
    key,
    version: String(metadata.version),
    revision: String(metadata.revision),
    size,
    contentType,
    modifiedMs,
    writer: toHex(metadata.writer),
    address: toHex(metadata.address),
    chunks,
  }
}

/** Bytes of a row's texts that do not depend on the key: two hashes in hex, version and revision. */
const fixedTextBytes = 168

/** About the bytes that a row takes in a page. */
export function rowBytes({ key, contentType }: { readonly key: string; readonly contentType: string }): number {
  return Buffer.byteLength(key) + Buffer.byteLength(contentType) + fixedTextBytes
}

export function requestIdOf({ session, sequence, issuedMs }: RequestIdText): RequestId {
  return { session: fromHex(session) ?? new Uint8Array(0), sequence: BigInt(sequence), issued: hlcFromMs(issuedMs) }
}

/** A place in a listing, opaque to the screen; a text that is none of ours is refused by whoever reads the bytes. */
export function placeText(place: Uint8Array): string {
  return Buffer.from(place.buffer, place.byteOffset, place.length).toString('base64url')
}

export function placeOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}
