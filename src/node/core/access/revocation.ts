/**
 * What ends a passport before its time: one passport by its serial, all that name a key, of a user or of a node, or all that let one
 * node in.
 *
 * Invariants: a revocation holds from the moment it is known, whatever its time says, and for every passport that names the key,
 * also one that was issued later: an issuer that had not heard of it cannot undo it by a renewal. Whoever comes back after a
 * revocation of its key comes with another key. Of a node that was taken out no passport lets it in, and what its user issued lets in
 * nodes that the placement map names, which others admitted by a commit: so nobody else falls with it, and it admits nobody more.
 */

import { equalBytes } from '../base/bytes.ts'
import type { Digest } from '../base/digest.ts'
import type { Passport, PassportChain } from './passport.ts'
import { nodeIdOf } from './user-keys.ts'

export const revocationKinds = ['serial', 'key', 'node'] as const

export interface RevocationTarget {
  readonly kind: (typeof revocationKinds)[number]
  /** 16 bytes of a serial, an Ed25519 public key, or the id of a node that was taken out. */
  readonly value: Uint8Array
}

export interface Revocation extends RevocationTarget {
  /** HLC. */
  readonly at: bigint
  /** Ed25519 public key of the user that revoked. */
  readonly by: Uint8Array
}

/** Whether the node was taken out of the network. */
export function isTakenOut(nodeId: Uint8Array, revocations: readonly RevocationTarget[]): boolean {
  return revocations.some(({ kind, value }) => kind === 'node' && equalBytes(value, nodeId))
}

/** Whether a chain lets its holder in no more. `isPlaced`: whether the placement map names the node. */
export function isCutOff(
  digest: Digest,
  chain: PassportChain,
  revocations: readonly RevocationTarget[],
  isPlaced: (nodeId: Uint8Array) => boolean,
): boolean {
  const [holder] = chain
  if (holder === undefined || revocations.length === 0) return false
  if (chain.some((passport) => isRevoked(passport, revocations))) return true
  const takenOut = chain.filter(({ nodeKey }) => isTakenOut(nodeIdOf(digest, nodeKey), revocations))
  return takenOut.includes(holder) || (takenOut.length > 0 && !isPlaced(nodeIdOf(digest, holder.nodeKey)))
}

/** Whether a node that was taken out issued one of the links: the holder is to have its passport from somebody else. */
export function isOrphaned(digest: Digest, [, ...issuers]: PassportChain, revocations: readonly RevocationTarget[]): boolean {
  return issuers.some(({ nodeKey }) => isTakenOut(nodeIdOf(digest, nodeKey), revocations))
}

/** Whether the passport itself is revoked by serial or key. */
function isRevoked(passport: Passport, revocations: readonly RevocationTarget[]): boolean {
  return revocations.some(({ kind, value }) => {
    if (kind === 'serial') return equalBytes(value, passport.serial)
    return kind === 'key' && (equalBytes(value, passport.userKey) || equalBytes(value, passport.nodeKey))
  })
}
