/**
 * Whether the other end of a connection is who its hello says, and whether it may speak.
 *
 * Invariants: nothing is good that is not bound to this very channel by the key that hashes to the node id; a member has a good
 * passport for that key; whoever is asked to admit this node is the one whose key the invite names.
 */

import { equalBytes } from '../base/bytes.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier } from '../base/signing.ts'
import { bindingValidityMaxMs, isGenuineBinding } from './certificate-binding.ts'
import type { Hello, MemberHello, VersionRange } from './hello.ts'
import { decodeHello } from './hello.ts'
import type { PassportFault } from './judge-passport.ts'
import { judgePassport } from './judge-passport.ts'
import type { SignedNodeRecord } from './node-record.ts'
import { isGenuineNodeRecord } from './node-record.ts'
import type { Passport, PassportChain } from './passport.ts'
import type { RevocationTarget } from './revocation.ts'
import { nodeIdOf } from './user-keys.ts'

/** Closed, since it labels a metric. */
export type HelloFault =
  | 'malformed'
  | 'foreign-network'
  | 'version'
  | 'binding'
  | 'not-who-was-dialled'
  | 'self'
  | 'passport'
  | 'expired'
  | 'revoked'
  | 'clock'
  /** The network was recovered by force, and one of the two was left out. */
  | 'left-behind'

/** What a hello is held against, whoever asks. */
export interface HelloQuestion {
  readonly hello: Uint8Array
  /** 32 bytes: the channel as this end sees the other one. */
  readonly channel: Uint8Array
  /** The id of the node that was dialled; absent where the other end dialled. */
  readonly dialled?: Uint8Array
  readonly ownNodeId: Uint8Array
  readonly networkId: Uint8Array
  readonly versions: VersionRange
  readonly nowMs: number
  /** How far two clocks may be apart. */
  readonly skewMaxMs: number
  /** False on a node that knows its own clock to be wrong: it judges nobody by it. */
  readonly enforceExpiry: boolean
}

/** What a member knows of its network beside that. */
export interface MemberQuestion extends HelloQuestion {
  /** Ed25519 public key of the network's present owner. */
  readonly owner: Uint8Array
  readonly revocations: readonly RevocationTarget[]
  /** Whether the placement map names the node. */
  readonly isPlaced?: (nodeId: Uint8Array) => boolean
  /** Whether a forced recovery of the network lies between the two: this node, or the data directory at the other end, was left out. */
  isParted(other: { readonly nodeId: Uint8Array; readonly storeId: Uint8Array }, recoveries: readonly Uint8Array[]): boolean
}

export interface InviterQuestion extends HelloQuestion {
  /** SHA-256 of the public key of the node that the invite names. */
  readonly inviter: Uint8Array
}

/** What both ends speak from here on, and until when the session may stand. */
interface ProvenEnd {
  readonly nodeId: Uint8Array
  readonly nodeKey: Uint8Array
  readonly version: number
  /** Unix milliseconds. */
  readonly validUntilMs: number
}

export interface ProvenMember extends ProvenEnd {
  readonly kind: 'member'
  readonly passport: Passport
  /** The passport, and those that it was issued under. */
  readonly chain: PassportChain
  readonly record: SignedNodeRecord
  readonly newestEpoch: number
  readonly revocationVersion: number
  /** How far its clock is ahead of this node's; negative where it is behind. */
  readonly clockAheadMs: number
}

interface ProvenJoiner extends ProvenEnd {
  readonly kind: 'joiner'
}

interface ProvenInviter extends ProvenEnd {
  readonly kind: 'inviter'
  readonly record: SignedNodeRecord
}

interface Refused {
  readonly kind: 'refused'
  readonly reason: HelloFault
}

type HelloCrypto = Digest & SignatureVerifier

/** How a member of the network judges who speaks to it. */
export function judgeHello(crypto: HelloCrypto, question: MemberQuestion): ProvenMember | ProvenJoiner | Refused {
  const end = proveEnd(crypto, question)
  if (end.kind === 'refused') return end
  const { hello, proven } = end
  if (hello.kind === 'member') return judgeMember(crypto, question, hello, proven)
  return question.dialled === undefined ? { kind: 'joiner', ...proven } : refused('passport')
}

/** How a node that asks to be admitted judges whom it asks: it knows no owner yet, but the inviter's key. */
export function judgeInviter(crypto: HelloCrypto, question: InviterQuestion): ProvenInviter | Refused {
  const end = proveEnd(crypto, question)
  if (end.kind === 'refused') return end
  const { hello, proven } = end
  if (hello.kind !== 'member' || question.dialled === undefined) return refused('passport')
  if (!equalBytes(crypto.sha256(proven.nodeKey), question.inviter)) return refused('not-who-was-dialled')
  if (!isGenuineNodeRecord(crypto, question.networkId, hello.record)) return refused('malformed')
  return { kind: 'inviter', ...proven, record: hello.record }
}

function proveEnd(
  crypto: HelloCrypto,
  question: HelloQuestion,
): { readonly kind: 'proven'; readonly hello: Hello; readonly proven: ProvenEnd } | Refused {
  const { channel, dialled, networkId, nowMs } = question
  const hello = decodeHello(question.hello)
  if (hello === undefined) return refused('malformed')
  if (!equalBytes(hello.networkId, networkId)) return refused('foreign-network')
  const version = Math.min(hello.versions.newest, question.versions.newest)
  if (version < Math.max(hello.versions.least, question.versions.least)) return refused('version')
  const nodeKey = hello.kind === 'member' ? hello.record.nodeKey : hello.nodeKey
  if (!isGenuineBinding(crypto, nodeKey, { networkId, channel }, hello.binding)) return refused('binding')
  const nodeId = nodeIdOf(crypto, nodeKey)
  if (equalBytes(nodeId, question.ownNodeId)) return refused('self')
  if (dialled !== undefined && !equalBytes(nodeId, dialled)) return refused('not-who-was-dialled')
  const timeFault = question.enforceExpiry ? bindingTimeFault(question, hello) : undefined
  if (timeFault !== undefined) return refused(timeFault)
  const validUntilMs = question.enforceExpiry ? hello.binding.validUntilMs : nowMs + bindingValidityMaxMs
  return { kind: 'proven', hello, proven: { nodeId, nodeKey, version, validUntilMs } }
}

/** The clock comes first: where it is wrong, what it says of the rest misleads. */
function bindingTimeFault({ nowMs, skewMaxMs }: HelloQuestion, hello: Hello): HelloFault | undefined {
  if (hello.kind === 'member' && Math.abs(hello.nowMs - nowMs) > skewMaxMs) return 'clock'
  const { validUntilMs } = hello.binding
  if (validUntilMs <= nowMs) return 'expired'
  return validUntilMs > nowMs + bindingValidityMaxMs + skewMaxMs ? 'binding' : undefined
}

function judgeMember(
  crypto: HelloCrypto,
  question: MemberQuestion,
  { chain, record, newestEpoch, revocationVersion, nowMs, recoveries }: MemberHello,
  proven: ProvenEnd,
): ProvenMember | Refused {
  // Before the passports: who goes on without the other may have another owner by now.
  if (question.isParted({ nodeId: proven.nodeId, storeId: record.storeId }, recoveries)) return refused('left-behind')
  const verdict = judgePassport(crypto, { ...question, chain, skewToleranceMs: question.skewMaxMs })
  if (verdict.kind === 'refused') return refused(helloFaultOf(verdict.reason))
  if (!equalBytes(verdict.holder.nodeKey, proven.nodeKey)) return refused('passport')
  if (!isGenuineNodeRecord(crypto, question.networkId, record)) return refused('malformed')
  const clockAheadMs = nowMs - question.nowMs
  const validUntilMs = question.enforceExpiry ? Math.min(proven.validUntilMs, verdict.validUntilMs) : proven.validUntilMs
  const facts = { passport: verdict.holder, chain, record, newestEpoch, revocationVersion, clockAheadMs }
  return { kind: 'member', ...proven, ...facts, validUntilMs }
}

function helloFaultOf(fault: PassportFault): HelloFault {
  return fault === 'expired' || fault === 'revoked' || fault === 'foreign-network' ? fault : 'passport'
}

function refused(reason: HelloFault): Refused {
  return { kind: 'refused', reason }
}
