/**
 * Addresses of map blocks: the pages of key-value stores, which follow from a key and a salt like access blocks, and the root of a
 * network, which anybody finds from the network id.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressFromDigest } from '../base/address.ts'
import { CanonicalWriter, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'

const pageTag = recordTag('memo/map-address/1')
const rootTag = recordTag('memo/root-address/1')

export const mapSaltBytes = 32

export function mapBlockAddress(digest: Digest, ownerKey: Uint8Array, salt: Uint8Array): BlockAddress {
  return addressFromDigest(digest.sha256(new CanonicalWriter(pageTag).bytes(ownerKey).bytes(salt).finish()), 'mutable')
}

export function rootBlockAddress(digest: Digest, networkId: Uint8Array): BlockAddress {
  return addressFromDigest(digest.sha256(new CanonicalWriter(rootTag).bytes(networkId).finish()), 'mutable')
}
