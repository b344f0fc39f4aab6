/**
 * A forced recovery of a network that had lost its majority: which node went on alone, which were taken out, and who decided it. The
 * statement is signed by an administrator and travels in hellos, so that a node which was left out learns of it from whoever it meets.
 *
 * Invariants: a statement counts only in its network, and only if the owner or an administrator of the network signed it; its number is
 * the leading part of every ballot from then on; whoever knows a lower number than a good statement has been left out for good.
 */

import { compareBytes, equalBytes } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'
import type { Member } from '../consensus/group.ts'
import { compareMembers, nodeIdBytes, storeIdBytes } from '../consensus/group.ts'
import type { DescriptorSection } from './descriptor-section.ts'

const statementTag = recordTag('memo/recovery-statement/1')
const proofTag = recordTag('memo/recovery-proof/1')
const takenOutTag = recordTag('memo/taken-out/1')
const recordFormat = recordTag('memo/recovery/1')

/** Of the places of a map and their earlier data directories. */
const takenOutMax = 8192
export const recoveryProofBytesMax = 512
/** Statements that a hello carries, and recoveries that a root keeps: the newest. */
export const recoveriesKeptMax = 16

export interface RecoveryTerms {
  readonly networkId: Uint8Array
  /** One above that of the recovery before; 1 for the first. */
  readonly number: number
  /** Of the placement map that names the survivor alone. */
  readonly epoch: number
  /** Unix milliseconds. */
  readonly recoveredMs: number
  readonly survivor: Member
  /** SHA-256 of the list of those who were taken out. */
  readonly takenOut: Uint8Array
}

export interface RecoveryProof extends RecoveryTerms {
  /** Ed25519 public key of the administrator. */
  readonly administrator: Uint8Array
  readonly signature: Uint8Array
}

/** What the root keeps of a recovery. */
export interface RecoveryRecord {
  readonly proof: RecoveryProof
  /** Sorted. */
  readonly takenOut: readonly Member[]
}

export function signRecovery(
  { crypto, signer }: { readonly crypto: Digest; readonly signer: Signer },
  terms: Omit<RecoveryTerms, 'takenOut'>,
  takenOut: readonly Member[],
): RecoveryRecord {
  const sorted = takenOut.toSorted(compareMembers)
  const whole = { ...terms, takenOut: digestOf(crypto, sorted) }
  const administrator = signer.publicKey
  const signature = signer.sign(recoveryStatement(whole, administrator))
  return { proof: { ...whole, administrator, signature }, takenOut: sorted }
}

export function recoveryStatement(terms: RecoveryTerms, administrator: Uint8Array): Uint8Array {
  return writeTerms(new CanonicalWriter(statementTag), terms).bytes(administrator).finish()
}

/** Whether an administrator of the network that the descriptor tells of, now or before, signed it. */
export function isGenuineRecovery(verifier: SignatureVerifier, { terms }: DescriptorSection, proof: RecoveryProof): boolean {
  const isOfNetwork = terms.every(({ networkId }) => equalBytes(networkId, proof.networkId))
  const may = terms.some((each) => administrators(each).some((key) => equalBytes(key, proof.administrator)))
  return (
    isOfNetwork && may && verifier.verify(proof.administrator, recoveryStatement(proof, proof.administrator), proof.signature)
  )
}

/** Whether the list is the one that was signed. */
export function isWholeRecovery(crypto: Digest, { proof, takenOut }: RecoveryRecord): boolean {
  return equalBytes(digestOf(crypto, takenOut), proof.takenOut)
}

/** Whether this key may administer the network by its present terms. */
export function isAdministrator({ terms }: DescriptorSection, key: Uint8Array): boolean {
  const present = terms.at(-1)
  return present !== undefined && administrators(present).some((each) => equalBytes(each, key))
}

export function encodeRecoveryProof(proof: RecoveryProof): Uint8Array {
  return writeTerms(new CanonicalWriter(proofTag, 320), proof).bytes(proof.administrator).bytes(proof.signature).finish()
}

/** Undefined when the bytes are no statement of a recovery. Whether it is genuine is asked separately. */
export function decodeRecoveryProof(bytes: Uint8Array): RecoveryProof | undefined {
  return decodeCanonical(proofTag, bytes, (reader) => {
    const networkId = reader.fixed(sha256Bytes)
    const number = reader.uint()
    const epoch = reader.uint()
    const recoveredMs = reader.uint()
    const survivor = { nodeId: reader.fixed(nodeIdBytes), storeId: reader.fixed(storeIdBytes) }
    const takenOut = reader.fixed(sha256Bytes)
    const administrator = reader.fixed(publicKeyBytes)
    reader.require(number >= 1 && epoch >= 1)
    const signature = reader.fixed(signatureBytes)
    return { networkId, number, epoch, recoveredMs, survivor, takenOut, administrator, signature }
  })
}

export function encodeRecoveryRecord({ proof, takenOut }: RecoveryRecord): Uint8Array {
  const writer = new CanonicalWriter(recordFormat, 384 + takenOut.length * 50).bytes(encodeRecoveryProof(proof))
  return writer.list(takenOut, (member, item) => item.bytes(member.nodeId).bytes(member.storeId)).finish()
}

/** Undefined when the bytes are no record of a recovery. */
export function decodeRecoveryRecord(bytes: Uint8Array): RecoveryRecord | undefined {
  return decodeCanonical(recordFormat, bytes, (reader) => {
    const proof = reader.record(decodeRecoveryProof, recoveryProofBytesMax)
    const takenOut = reader.list(takenOutMax, (item) => ({ nodeId: item.fixed(nodeIdBytes), storeId: item.fixed(storeIdBytes) }))
    reader.require(takenOut.every((member, place) => isAfter(takenOut[place - 1], member)))
    return { proof, takenOut }
  })
}

/**
 * The recovery by which a data directory was left out, the earliest that says so; undefined where none did. `hasPlace`: the newest map has a
 * place for the node, so that it joined anew, and only the directories that were taken out are kept out.
 */
export function leftBehindBy(
  recoveries: readonly RecoveryRecord[],
  { nodeId, storeId }: Member,
  hasPlace: boolean,
): RecoveryProof | undefined {
  const found = recoveries.find(({ takenOut }) =>
    takenOut.some((gone) => compareBytes(gone.nodeId, nodeId) === 0 && (!hasPlace || compareBytes(gone.storeId, storeId) === 0)),
  )
  return found?.proof
}

function administrators({ owner, administrators: others }: DescriptorSection['terms'][number]): readonly Uint8Array[] {
  return [owner, ...others]
}

function digestOf(crypto: Digest, takenOut: readonly Member[]): Uint8Array {
  const writer = new CanonicalWriter(takenOutTag, 32 + takenOut.length * 50)
  return crypto.sha256(writer.list(takenOut, (member, item) => item.bytes(member.nodeId).bytes(member.storeId)).finish())
}

function writeTerms(writer: CanonicalWriter, terms: RecoveryTerms): CanonicalWriter {
  return writer
    .bytes(terms.networkId)
    .uint(terms.number)
    .uint(terms.epoch)
    .uint(terms.recoveredMs)
    .bytes(terms.survivor.nodeId)
    .bytes(terms.survivor.storeId)
    .bytes(terms.takenOut)
}

function isAfter(before: Member | undefined, member: Member): boolean {
  return before === undefined || compareMembers(before, member) < 0
}
