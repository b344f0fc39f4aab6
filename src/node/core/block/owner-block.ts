/**
 * Owner blocks: mutable, written and read by one owner, their payload sealed to the owner's agreement key. The address follows from
 * the owner's key and a salt, so it can be checked by anybody who holds a version.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressFromDigest } from '../base/address.ts'
import { CanonicalWriter, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'

const addressTag = recordTag('memo/owner-address/1')
const contextTag = recordTag('memo/owner-payload/1')

export const ownerSaltBytes = 32

export function ownerBlockAddress(digest: Digest, ownerKey: Uint8Array, salt: Uint8Array): BlockAddress {
  return addressFromDigest(digest.sha256(new CanonicalWriter(addressTag).bytes(ownerKey).bytes(salt).finish()), 'mutable')
}

/** What the sealed payload is bound to: it opens for this block of this network only. */
export function ownerPayloadContext(networkId: Uint8Array, address: BlockAddress): Uint8Array {
  return new CanonicalWriter(contextTag).bytes(networkId).bytes(address).finish()
}
