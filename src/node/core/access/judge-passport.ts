/**
 * Whether a chain of passports admits its holder to a network.
 *
 * Invariants: what is good leads by genuine signatures to the network's owner, and no link allows more, or for longer, than the one
 * that it was issued under. Nothing of a chain that is not signed is compared with what this node knows of revocations and time.
 */

import { equalBytes } from '../base/bytes.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier } from '../base/signing.ts'
import type { Passport, PassportChain } from './passport.ts'
import { isSignedByIssuer, passportLinksMax } from './passport.ts'
import type { RevocationTarget } from './revocation.ts'
import { isCutOff } from './revocation.ts'
import { areWithin } from './rights.ts'

export type PassportFault =
  | 'malformed'
  | 'foreign-network'
  | 'signature'
  | 'broader-than-parent'
  | 'no-right-to-issue'
  | 'expired'
  | 'not-yet-valid'
  | 'revoked'
  | 'chain-too-long'

export interface PassportQuestion {
  readonly chain: PassportChain
  readonly networkId: Uint8Array
  /** Ed25519 public key of the network's present owner. */
  readonly owner: Uint8Array
  readonly nowMs: number
  readonly revocations: readonly RevocationTarget[]
  /** Whether the placement map names the node; nobody is, for who knows no map. */
  readonly isPlaced?: (nodeId: Uint8Array) => boolean
  /** How far an issuer's clock may be ahead: a passport counts from that much before its time. It ends at its time. */
  readonly skewToleranceMs: number
  /** False on a node that knows its own clock to be wrong: it judges nobody by it. */
  readonly enforceExpiry: boolean
}

export type PassportVerdict =
  /** `validUntilMs`: when the first of the links ends. */
  | { readonly kind: 'good'; readonly holder: Passport; readonly validUntilMs: number }
  | { readonly kind: 'refused'; readonly reason: PassportFault }

export function judgePassport(verifier: SignatureVerifier & Digest, question: PassportQuestion): PassportVerdict {
  const { chain, enforceExpiry, revocations, isPlaced = nobody } = question
  const [holder] = chain
  if (holder === undefined) return refused('malformed')
  if (chain.length > passportLinksMax) return refused('chain-too-long')
  for (const [index, passport] of chain.entries()) {
    const fault = linkFault(verifier, question, passport, chain[index + 1])
    if (fault !== undefined) return refused(fault)
  }
  if (isCutOff(verifier, chain, revocations, isPlaced)) return refused('revoked')
  const timeFault = enforceExpiry ? chainTimeFault(question) : undefined
  if (timeFault !== undefined) return refused(timeFault)
  return { kind: 'good', holder, validUntilMs: Math.min(...chain.map((passport) => passport.notAfterMs)) }
}

const nobody = (): boolean => false

function linkFault(
  verifier: SignatureVerifier,
  { networkId, owner }: PassportQuestion,
  passport: Passport,
  parent: Passport | undefined,
): PassportFault | undefined {
  if (!equalBytes(passport.networkId, networkId)) return 'foreign-network'
  if (!equalBytes(passport.issuer, parent?.userKey ?? owner)) return 'signature'
  if (!isSignedByIssuer(verifier, passport)) return 'signature'
  if (parent === undefined) return undefined
  if (!parent.rights.invite) return 'no-right-to-issue'
  const isWithinTime = passport.notBeforeMs >= parent.notBeforeMs && passport.notAfterMs <= parent.notAfterMs
  return isWithinTime && areWithin(passport.rights, parent.rights) ? undefined : 'broader-than-parent'
}

function chainTimeFault({ chain, nowMs, skewToleranceMs }: PassportQuestion): PassportFault | undefined {
  if (chain.some((passport) => nowMs >= passport.notAfterMs)) return 'expired'
  return chain.some((passport) => nowMs + skewToleranceMs < passport.notBeforeMs) ? 'not-yet-valid' : undefined
}

function refused(reason: PassportFault): PassportVerdict {
  return { kind: 'refused', reason }
}
