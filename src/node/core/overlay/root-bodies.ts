/**
 * What the smaller sections of a root hold. The policies are a document that a network is born with empty: its defaults hold.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressFromBytes, isImmutable } from '../base/address.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'

const keyRingFormat = recordTag('memo/key-ring/1')
const storeFormat = recordTag('memo/store/1')
const policiesFormat = recordTag('memo/policies/1')
const settledFormat = recordTag('memo/settled/1')
const featureFormat = recordTag('memo/feature-level/1')

const membersMax = 4096
const sealedBytesMax = 1024

/** The features that this version of memo knows; a root with a higher level needs a newer one. */
export const featureLevel = 1

/** The network secret of one epoch, sealed to one member that may read. */
export interface SealedSecret {
  /** X25519 public key of the member. */
  readonly member: Uint8Array
  readonly sealed: Uint8Array
}

export function encodeKeyRing(secrets: readonly SealedSecret[]): Uint8Array {
  const writer = new CanonicalWriter(keyRingFormat)
  return writer.list(secrets, (secret, item) => item.bytes(secret.member).bytes(secret.sealed)).finish()
}

/** Undefined when the bytes are no key ring. */
export function decodeKeyRing(bytes: Uint8Array): readonly SealedSecret[] | undefined {
  return decodeCanonical(keyRingFormat, bytes, (reader) =>
    reader.list(membersMax, (item) => ({ member: item.fixed(32), sealed: item.bytes(1, sealedBytesMax) })),
  )
}

/** A key-value store is found by its root page. */
export function encodeStoreRoot(page: BlockAddress): Uint8Array {
  return new CanonicalWriter(storeFormat).bytes(page).finish()
}

/** Undefined when the bytes name no page. */
export function decodeStoreRoot(bytes: Uint8Array): BlockAddress | undefined {
  return decodeCanonical(storeFormat, bytes, (reader) => {
    const page = addressFromBytes(reader.fixed(32))
    reader.require(page !== undefined && !isImmutable(page))
    return page
  })
}

/** The newest epoch up to which everything was moved. */
export function encodeSettled(epoch: number): Uint8Array {
  return new CanonicalWriter(settledFormat).uint(epoch).finish()
}

export function decodeSettled(bytes: Uint8Array): number | undefined {
  return decodeCanonical(settledFormat, bytes, (reader) => reader.uint())
}

export function encodeFeatureLevel(level: number): Uint8Array {
  return new CanonicalWriter(featureFormat).uint(level).finish()
}

export function decodeFeatureLevel(bytes: Uint8Array): number | undefined {
  return decodeCanonical(featureFormat, bytes, (reader) => reader.uint())
}

export function emptyPolicies(): Uint8Array {
  return new CanonicalWriter(policiesFormat).uint(0).finish()
}
