/**
 * What ends a passport before its time: one passport by its serial, or all that name a key, of a user or of a node.
 *
 * Invariants: a revocation holds from the moment it is known, whatever its time says, and for every passport that names the key,
 * also one that was issued later: an issuer that had not heard of it cannot undo it by a renewal. Whoever comes back after a
 * revocation of its key comes with another key.
 */

import { equalBytes } from '../base/bytes.ts'
import type { Passport } from './passport.ts'

export const revocationKinds = ['serial', 'key'] as const

export interface RevocationTarget {
  readonly kind: (typeof revocationKinds)[number]
  /** 16 bytes of a serial, or an Ed25519 public key. */
  readonly value: Uint8Array
}

export interface Revocation extends RevocationTarget {
  /** HLC. */
  readonly at: bigint
  /** Ed25519 public key of the user that revoked. */
  readonly by: Uint8Array
}

/** Whether the passport itself is revoked; that of its issuer is asked about by itself. */
export function isRevoked(passport: Passport, revocations: readonly RevocationTarget[]): boolean {
  return revocations.some(({ kind, value }) =>
    kind === 'serial'
      ? equalBytes(value, passport.serial)
      : equalBytes(value, passport.userKey) || equalBytes(value, passport.nodeKey),
  )
}
