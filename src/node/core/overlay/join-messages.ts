/**
 * How a node asks to be admitted, and what it is answered. The joiner trusts nothing but the link: the descriptor has to hash to its
 * network id, and the passports have to lead to the owner that the descriptor names.
 *
 * Invariants: a request is signed by the node's key and by the user's, so that nobody is admitted under a key that is another's; an
 * answer counts only as far as `verifyJoinAnswer` found it good.
 */

import { assert } from '../../../shared/assert.ts'
import { inviteTokenBytes } from '../access/invite-link.ts'
import type { PassportFault } from '../access/judge-passport.ts'
import { judgePassport } from '../access/judge-passport.ts'
import type { SignedNodeRecord } from '../access/node-record.ts'
import { decodeNodeRecord, encodeNodeRecord, isGenuineNodeRecord, nodeRecordBytesMax } from '../access/node-record.ts'
import type { Passport, PassportChain } from '../access/passport.ts'
import { decodePassportChain, encodePassportChain, passportChainBytesMax } from '../access/passport.ts'
import { nodeIdOf } from '../access/user-keys.ts'
import { equalBytes, startsWith } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'
import { textBytesLength } from '../base/text.ts'
import type { DescriptorSection } from './descriptor-section.ts'
import { decodeDescriptorSection, isGenuineDescriptor } from './descriptor-section.ts'
import type { RootCopy } from './named-sections.ts'
import { decodeRootCopy, encodeRootCopy } from './named-sections.ts'
import type { PlacementMap } from './placement-map.ts'
import { decodePlacement, placeOf } from './placement-map.ts'
import { placementPrefix, rootSectionNames } from './root-section.ts'

const statementTag = recordTag('memo/join-statement/1')
const requestTag = recordTag('memo/join-request/1')
const answerTag = recordTag('memo/join-answer/1')

export const machineNameBytesMax = 255
export const joinRequestBytesMax: number = 4 * 1024
export const joinAnswerBytesMax: number = 3 * 1024 * 1024
const rootCopyBytesMax = 2560 * 1024
/** Records of nodes that a joiner is told, at most. */
export const joinNodesMax = 64

/** What the joiner asks for; its node key and store id are those of its record. */
export interface JoinTerms {
  readonly networkId: Uint8Array
  /** 16 bytes, of the link. */
  readonly token: Uint8Array
  /** Ed25519 public key of the user. */
  readonly userKey: Uint8Array
  /** X25519 public key of the user. */
  readonly userAgreementKey: Uint8Array
  /** What people call the machine; shown to whoever admits it, trusted for nothing. */
  readonly machineName: string
  readonly record: SignedNodeRecord
}

export interface JoinRequest extends JoinTerms {
  readonly nodeSignature: Uint8Array
  readonly userSignature: Uint8Array
}

export interface JoinAnswer {
  readonly chain: PassportChain
  /** The sections of the root behind the commit that admits the joiner, and who holds it. */
  readonly root: RootCopy
  /** Where nodes of the network are, the members of the root's group among them. */
  readonly nodes: readonly SignedNodeRecord[]
}

/** What a joiner knows when it reads the answer. */
export interface JoinExpectation {
  readonly networkId: Uint8Array
  readonly nodeKey: Uint8Array
  readonly userKey: Uint8Array
  readonly userAgreementKey: Uint8Array
  readonly nowMs: number
  /** How far the inviter's clock may be ahead. */
  readonly skewToleranceMs: number
}

export type JoinVerdict =
  | {
      readonly kind: 'good'
      readonly descriptor: DescriptorSection
      readonly placement: PlacementMap
      readonly passport: Passport
    }
  | { readonly kind: 'refused'; readonly reason: PassportFault | 'descriptor' | 'placement' | 'nodes' | 'not-our-keys' }

export function signJoinRequest(node: Signer, user: Signer, terms: JoinTerms): JoinRequest {
  assert(
    equalBytes(node.publicKey, terms.record.nodeKey) && equalBytes(user.publicKey, terms.userKey),
    'a joiner signs with its own keys',
  )
  const statement = joinStatement(terms)
  return { ...terms, nodeSignature: node.sign(statement), userSignature: user.sign(statement) }
}

/** Whether node and user ask for this themselves, in this network. Whether the token is good is asked of the admission section. */
export function isGenuineJoinRequest(crypto: Digest & SignatureVerifier, networkId: Uint8Array, request: JoinRequest): boolean {
  const statement = joinStatement(request)
  return (
    equalBytes(request.networkId, networkId) &&
    isGenuineNodeRecord(crypto, networkId, request.record) &&
    crypto.verify(request.record.nodeKey, statement, request.nodeSignature) &&
    crypto.verify(request.userKey, statement, request.userSignature)
  )
}

/** What node and user sign. */
export function joinStatement(terms: JoinTerms): Uint8Array {
  return writeTerms(new CanonicalWriter(statementTag, 1024), terms).finish()
}

export function encodeJoinRequest(request: JoinRequest): Uint8Array {
  assert(textBytesLength(request.machineName) <= machineNameBytesMax, 'the name of a machine is within its bound')
  return writeTerms(new CanonicalWriter(requestTag, 1024), request)
    .bytes(request.nodeSignature)
    .bytes(request.userSignature)
    .finish()
}

/** Undefined when the bytes are no request. Whether it is genuine is asked separately. */
export function decodeJoinRequest(bytes: Uint8Array): JoinRequest | undefined {
  if (bytes.length > joinRequestBytesMax) return undefined
  return decodeCanonical(requestTag, bytes, (reader) => ({
    networkId: reader.fixed(sha256Bytes),
    token: reader.fixed(inviteTokenBytes),
    userKey: reader.fixed(publicKeyBytes),
    userAgreementKey: reader.fixed(publicKeyBytes),
    machineName: reader.text(machineNameBytesMax),
    record: reader.record(decodeNodeRecord, nodeRecordBytesMax),
    nodeSignature: reader.fixed(signatureBytes),
    userSignature: reader.fixed(signatureBytes),
  }))
}

export function encodeJoinAnswer({ chain, root, nodes }: JoinAnswer): Uint8Array {
  assert(nodes.length >= 1 && nodes.length <= joinNodesMax, 'a joiner is told where somebody is')
  const copy = encodeRootCopy(root)
  return new CanonicalWriter(answerTag, 8192 + copy.length)
    .bytes(encodePassportChain(chain))
    .bytes(copy)
    .list(nodes, (record, item) => item.bytes(encodeNodeRecord(record)))
    .finish()
}

/** Undefined when the bytes are no answer. */
export function decodeJoinAnswer(bytes: Uint8Array): JoinAnswer | undefined {
  if (bytes.length > joinAnswerBytesMax) return undefined
  return decodeCanonical(answerTag, bytes, (reader) => {
    const answer = {
      chain: reader.record(decodePassportChain, passportChainBytesMax),
      root: reader.record(decodeRootCopy, rootCopyBytesMax),
      nodes: reader.list(joinNodesMax, (item) => item.record(decodeNodeRecord, nodeRecordBytesMax)),
    }
    reader.require(answer.nodes.length >= 1)
    return answer
  })
}

export function verifyJoinAnswer(crypto: Digest & SignatureVerifier, expected: JoinExpectation, answer: JoinAnswer): JoinVerdict {
  const { networkId, nowMs, skewToleranceMs } = expected
  const descriptor = bodyOf(answer.root, rootSectionNames.descriptor, decodeDescriptorSection)
  if (descriptor === undefined || !isGenuineDescriptor(crypto, networkId, descriptor)) return refused('descriptor')
  const owner = descriptor.terms.at(-1)?.owner
  assert(owner !== undefined, 'a descriptor has terms')
  const question = { chain: answer.chain, networkId, owner, nowMs, skewToleranceMs, revocations: [], enforceExpiry: true }
  const verdict = judgePassport(crypto, question)
  if (verdict.kind === 'refused') return refused(verdict.reason)
  const passport = verdict.holder
  const isOurs =
    equalBytes(passport.nodeKey, expected.nodeKey) &&
    equalBytes(passport.userKey, expected.userKey) &&
    equalBytes(passport.userAgreementKey, expected.userAgreementKey)
  if (!isOurs) return refused('not-our-keys')
  if (!answer.nodes.every((record) => isGenuineNodeRecord(crypto, networkId, record))) return refused('nodes')
  const placement = newestPlacement(answer.root)
  const isPlaced = placement !== undefined && placeOf(placement, nodeIdOf(crypto, expected.nodeKey)) !== undefined
  return isPlaced ? { kind: 'good', descriptor, placement, passport } : refused('placement')
}

function newestPlacement({ sections }: RootCopy): PlacementMap | undefined {
  let newest: PlacementMap | undefined
  for (const { name, section } of sections) {
    if (!startsWith(name, placementPrefix)) continue
    const map = decodePlacement(section.body)
    if (map === undefined) return undefined
    if (newest === undefined || map.epoch > newest.epoch) newest = map
  }
  return newest
}

function bodyOf<T>({ sections }: RootCopy, name: Uint8Array, decode: (bytes: Uint8Array) => T | undefined): T | undefined {
  const found = sections.find((each) => equalBytes(each.name, name))
  return found && decode(found.section.body)
}

function writeTerms(writer: CanonicalWriter, terms: JoinTerms): CanonicalWriter {
  return writer
    .bytes(terms.networkId)
    .bytes(terms.token)
    .bytes(terms.userKey)
    .bytes(terms.userAgreementKey)
    .text(terms.machineName)
    .bytes(encodeNodeRecord(terms.record))
}

function refused(reason: Extract<JoinVerdict, { kind: 'refused' }>['reason']): JoinVerdict {
  return { kind: 'refused', reason }
}
