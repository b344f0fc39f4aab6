/**
 * What AES-256-GCM makes of plain bytes: as many bytes, and the tag that proves them. The two come from the cipher apart and stay
 * apart where megabytes would be copied to join them; small secrets keep them in one field, the tag behind.
 */

import { concatBytes } from './bytes.ts'

export interface Ciphered {
  /** As long as the plain bytes. */
  readonly body: Uint8Array
  /** `cipherTagBytes` bytes. */
  readonly tag: Uint8Array
}

export const cipherKeyBytes = 32
export const cipherNonceBytes = 12
export const cipherTagBytes = 16

export function joinCiphered({ body, tag }: Ciphered): Uint8Array {
  return concatBytes(body, tag)
}

/** Views of both parts; a tag that was cut is too short and opens nothing. */
export function splitCiphered(bytes: Uint8Array): Ciphered {
  const bodyBytes = Math.max(0, bytes.length - cipherTagBytes)
  return { body: bytes.subarray(0, bodyBytes), tag: bytes.subarray(bodyBytes) }
}
