/**
 * What a node says of itself, signed by its key: where it is reached, what it offers, and which life of it speaks. Others keep the
 * newest and pass it on.
 *
 * Invariants: the signature covers every field and the network, which is not stored, so a record verifies in its own network only; the
 * node id is the hash of the key that signs; a record is within `nodeRecordBytesMax`. Of two records of one store the newer is the
 * same for everybody.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'
import { textBytesLength } from '../base/text.ts'
import { endpointBytesMax, endpointsMax, isEndpoint } from './endpoint.ts'
import { nodeIdOf } from './user-keys.ts'

const statementTag = recordTag('memo/node-record-statement/1')
const recordFormat = recordTag('memo/node-record/1')

/** Gossip carries several in one message. */
export const nodeRecordBytesMax = 2048
const storeIdBytes = 16
export const labelsMax = 64
export const labelBytesMax = 255
const softwareBytesMax = 64
/** Bytes of all texts of a record together, so that the whole stays within its bound. */
const textsBytesMax = 1536

export interface NodeRecord {
  /** 32 bytes: SHA-256 of the node key, last byte 0. */
  readonly nodeId: Uint8Array
  /** Ed25519 public key of the node. */
  readonly nodeKey: Uint8Array
  /** `host:port`, the most likely one first. */
  readonly endpoints: readonly string[]
  readonly capacityBytes: number
  readonly freeBytes: number
  /** Empty where none is named. */
  readonly zone: string
  readonly labels: readonly string[]
  /** Whether it takes blocks of others. */
  readonly storing: boolean
  /** The version of its program, as it calls itself. */
  readonly software: string
  /** 16 bytes: the data directory that it runs on. */
  readonly storeId: Uint8Array
  readonly bootCount: number
  /** Position in its journal up to which it is synced. */
  readonly syncedPosition: bigint
  /** Raised by the node when others take it for dead. */
  readonly incarnation: number
  /** HLC. */
  readonly issued: bigint
}

export interface SignedNodeRecord extends NodeRecord {
  readonly signature: Uint8Array
}

export function signNodeRecord(signer: Signer, networkId: Uint8Array, record: NodeRecord): SignedNodeRecord {
  assert(equalBytes(record.nodeKey, signer.publicKey), 'a node signs its own record')
  return { ...record, signature: signer.sign(nodeRecordStatement(networkId, record)) }
}

/** Whether the node with the record's id says this of itself in this network. */
export function isGenuineNodeRecord(
  crypto: Digest & SignatureVerifier,
  networkId: Uint8Array,
  record: SignedNodeRecord,
): boolean {
  return (
    equalBytes(record.nodeId, nodeIdOf(crypto, record.nodeKey)) &&
    crypto.verify(record.nodeKey, nodeRecordStatement(networkId, record), record.signature)
  )
}

/** What the node signs. */
export function nodeRecordStatement(networkId: Uint8Array, record: NodeRecord): Uint8Array {
  return writeRecord(new CanonicalWriter(statementTag, 512).bytes(networkId), record).finish()
}

export function encodeNodeRecord(record: SignedNodeRecord): Uint8Array {
  assert(isWellFormedNodeRecord(record), 'a node record is well-formed')
  return writeRecord(new CanonicalWriter(recordFormat, 512), record).bytes(record.signature).finish()
}

/** Undefined when the bytes are no record of a node. Whether it is genuine is asked separately. */
export function decodeNodeRecord(bytes: Uint8Array): SignedNodeRecord | undefined {
  if (bytes.length > nodeRecordBytesMax) return undefined
  return decodeCanonical(recordFormat, bytes, (reader) => {
    const record = { ...readRecord(reader), signature: reader.fixed(signatureBytes) }
    reader.require(isWellFormedNodeRecord(record))
    return record
  })
}

/** Whether endpoints, zone and labels, which people give, and the numbers are within what a record holds. */
export function isWellFormedNodeRecord(record: NodeRecord): boolean {
  const { endpoints, zone, labels, software } = record
  const numbers = [record.capacityBytes, record.freeBytes, record.bootCount, record.incarnation]
  const textsBytes = [...endpoints, zone, ...labels, software].reduce((sum, text) => sum + textBytesLength(text), 0)
  return (
    record.nodeId.length === sha256Bytes &&
    record.nodeKey.length === publicKeyBytes &&
    record.storeId.length === storeIdBytes &&
    numbers.every((number) => Number.isSafeInteger(number) && number >= 0) &&
    record.freeBytes <= record.capacityBytes &&
    record.syncedPosition >= 0n &&
    record.syncedPosition < 1n << 64n &&
    isHlc(record.issued) &&
    endpoints.length <= endpointsMax &&
    endpoints.every(isEndpoint) &&
    labels.length <= labelsMax &&
    [zone, ...labels].every((text) => textBytesLength(text) <= labelBytesMax) &&
    textBytesLength(software) <= softwareBytesMax &&
    textsBytes <= textsBytesMax
  )
}

/**
 * The newer of two records of one node. Within one store the start decides, then the incarnation; of two stores, whose starts cannot be
 * compared, the time at which the record was made.
 */
export function newerRecord(left: SignedNodeRecord, right: SignedNodeRecord): SignedNodeRecord {
  assert(equalBytes(left.nodeId, right.nodeId), 'records of one node are compared')
  return compareAge(left, right) >= 0 ? left : right
}

/**
 * Whether one process cannot have signed both: within one start a node says one thing with each incarnation, and later ones later. Then
 * two processes run on copies of one directory.
 */
export function areOfTwoProcesses(left: SignedNodeRecord, right: SignedNodeRecord): boolean {
  if (!equalBytes(left.storeId, right.storeId) || left.bootCount !== right.bootCount) return false
  if (left.incarnation === right.incarnation) return !equalBytes(encodeNodeRecord(left), encodeNodeRecord(right))
  return left.incarnation < right.incarnation ? left.issued > right.issued : left.issued < right.issued
}

function compareAge(left: SignedNodeRecord, right: SignedNodeRecord): number {
  const isSameStore = equalBytes(left.storeId, right.storeId)
  const life = isSameStore ? left.bootCount - right.bootCount || left.incarnation - right.incarnation : 0
  if (life !== 0) return life
  if (left.issued !== right.issued) return left.issued > right.issued ? 1 : -1
  // Two records of one moment come from a node that breaks the rules; all keep the same one of them.
  return compareBytes(left.signature, right.signature)
}

function writeRecord(writer: CanonicalWriter, record: NodeRecord): CanonicalWriter {
  return writer
    .bytes(record.nodeId)
    .bytes(record.nodeKey)
    .list(record.endpoints, (endpoint, item) => item.text(endpoint))
    .uint(record.capacityBytes)
    .uint(record.freeBytes)
    .text(record.zone)
    .list(record.labels, (label, item) => item.text(label))
    .uint(record.storing ? 1 : 0)
    .text(record.software)
    .bytes(record.storeId)
    .uint(record.bootCount)
    .uint(record.syncedPosition)
    .uint(record.incarnation)
    .uint(record.issued)
}

function readRecord(reader: CanonicalReader): NodeRecord {
  return {
    nodeId: reader.fixed(sha256Bytes),
    nodeKey: reader.fixed(publicKeyBytes),
    endpoints: reader.list(endpointsMax, (item) => item.text(endpointBytesMax)),
    capacityBytes: reader.uint(),
    freeBytes: reader.uint(),
    zone: reader.text(labelBytesMax),
    labels: reader.list(labelsMax, (item) => item.text(labelBytesMax)),
    storing: reader.uint(1) === 1,
    software: reader.text(softwareBytesMax),
    storeId: reader.fixed(storeIdBytes),
    bootCount: reader.uint(),
    syncedPosition: reader.uint64(),
    incarnation: reader.uint(),
    issued: reader.uint64(),
  }
}
