/**
 * How a member admits others: a passport within its own.
 *
 * Invariant: what is issued here is good wherever the issuer's own chain is; what was asked for beyond that is left out.
 */

import { equalBytes } from '../base/bytes.ts'
import type { Signer } from '../base/signing.ts'
import type { PassportChain, PassportTerms } from './passport.ts'
import { passportLinksMax, signPassport } from './passport.ts'
import { commonRights } from './rights.ts'

export interface Issuer {
  /** The user key that issues. */
  readonly signer: Signer
  /** Ed25519 public key of the network's present owner. */
  readonly owner: Uint8Array
  /** The issuer's own chain; an owner issues without one. */
  readonly chain: PassportChain
}

/** The chain of the new holder; undefined where the issuer may not admit, or not any more by then. */
export function issuePassport({ signer, owner, chain }: Issuer, wanted: PassportTerms): PassportChain | undefined {
  if (equalBytes(signer.publicKey, owner)) return [signPassport(signer, wanted)]
  const [own] = chain
  if (own === undefined || chain.length >= passportLinksMax) return undefined
  if (!own.rights.invite || !equalBytes(own.userKey, signer.publicKey)) return undefined
  const notBeforeMs = Math.max(wanted.notBeforeMs, own.notBeforeMs)
  const notAfterMs = Math.min(wanted.notAfterMs, own.notAfterMs)
  if (notBeforeMs >= notAfterMs) return undefined
  const rights = commonRights(wanted.rights, own.rights)
  return [signPassport(signer, { ...wanted, rights, notBeforeMs, notAfterMs }), ...chain]
}
