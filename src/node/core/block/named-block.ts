/**
 * Named blocks: mutable, public, found from their owner's key and a name. Everybody may read them, the owner writes them.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressFromDigest } from '../base/address.ts'
import { CanonicalWriter, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'

const addressTag = recordTag('memo/named-address/1')

export function namedBlockAddress(digest: Digest, ownerKey: Uint8Array, name: Uint8Array): BlockAddress {
  return addressFromDigest(digest.sha256(new CanonicalWriter(addressTag).bytes(ownerKey).bytes(name).finish()), 'mutable')
}
