import type { PassportChain } from '../../core/access/passport.ts'
import { passportSerialBytes, signPassport } from '../../core/access/passport.ts'
import { allRights } from '../../core/access/rights.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Random } from '../../ports/random.ts'
import type { NodeKeys } from './node-keys.ts'

export interface SelfIssueParts {
  readonly random: Random
  readonly keys: NodeKeys
  readonly networkId: Uint8Array
  /** Ed25519 public key of the network's present owner. */
  readonly owner: Uint8Array
  readonly nowMs: number
  readonly limits: Pick<Limits, 'passportValidityMs'>
}

/**
 * The passport of a node whose service user owns the network: nobody was there to admit it. Undefined where somebody else owns the
 * network.
 */
export function selfIssuedPassport({ random, keys, networkId, owner, nowMs, limits }: SelfIssueParts): PassportChain | undefined {
  const { signing, agreement } = keys.user
  if (!equalBytes(signing.publicKey, owner)) return undefined
  const notBeforeMs = Math.floor(nowMs)
  return [
    signPassport(signing, {
      networkId,
      userKey: signing.publicKey,
      userAgreementKey: agreement.publicKey,
      nodeKey: keys.node.publicKey,
      rights: allRights,
      notBeforeMs,
      notAfterMs: notBeforeMs + limits.passportValidityMs,
      serial: random.bytes(passportSerialBytes),
    }),
  ]
}
