/**
 * What a node sends to one map block in one turn: operations in order under one signature of the node. It names the store by its root
 * page, never a page, slot or version, so it stays valid wherever the store's pages go.
 *
 * Invariants: the signature covers network, destination, session, sequence, time, writer and a digest of all operations, so no
 * operation can be added, dropped, reordered or moved to another store; (session, sequence) is used for one batch only, which is how
 * a page recognizes a replay.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes } from '../base/address.ts'
import { compareBytes, emptyBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { RequestId } from '../base/request-id.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'

const operationsTag = recordTag('memo/batch-operations/1')
const statementTag = recordTag('memo/batch-statement/1')
const batchTag = recordTag('memo/signed-batch/1')

export const sessionBytes = 16
/** The protocol's bounds for a decoder. */
const operationsMax = 65_536
const contentTypeBytesMax = 255

const operationKinds = ['put', 'delete'] as const
const preconditionKinds = ['any', 'absent', 'present', 'version'] as const

export type OperationPrecondition =
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version'; readonly version: bigint }

export interface BatchedOperation {
  readonly kind: (typeof operationKinds)[number]
  /** SHA-256 of the key's bytes: the batch says what was asked for without spelling out names. */
  readonly keyDigest: Uint8Array
  /** Content address of the value or its manifest; absent for removals. */
  readonly valueAddress?: BlockAddress
  /** ASCII or UTF-8 as the caller gave it; empty when unknown and for removals. */
  readonly contentType: Uint8Array
  /** HLC at which the entry expires, 0: never. */
  readonly expiry: bigint
  readonly precondition: OperationPrecondition
  /** Only where the caller brought one; the node's own are (session, sequence, place in the batch). */
  readonly requestId?: RequestId
}

export interface OperationBatch {
  readonly networkId: Uint8Array
  /** Address of the store's root page, or of the network's root. */
  readonly destination: BlockAddress
  /** 16 bytes, drawn by the node at each start. */
  readonly session: Uint8Array
  readonly sequence: bigint
  /** HLC at which the batch was made. */
  readonly issued: bigint
  /** SHA-256 of the public key of the user for whom the operations are carried out. */
  readonly writer: Uint8Array
  readonly operations: readonly BatchedOperation[]
}

export interface SignedBatch extends OperationBatch {
  /** Ed25519 public key of the origin node. */
  readonly origin: Uint8Array
  readonly signature: Uint8Array
}

/** Signs the batch and encodes it in one go: the operations are encoded once, for the digest and for the record. */
export function signBatch(digest: Digest, signer: Signer, batch: OperationBatch): { batch: SignedBatch; encoded: Uint8Array } {
  const operations = encodeOperations(batch.operations)
  const signature = signer.sign(statementOf(batch, signer.publicKey, digest.sha256(operations)))
  const signed: SignedBatch = { ...batch, origin: signer.publicKey, signature }
  return { batch: signed, encoded: encodeBatch(signed, operations) }
}

/** What the origin node signs. */
export function batchStatement(digest: Digest, batch: OperationBatch, origin: Uint8Array): Uint8Array {
  return statementOf(batch, origin, digest.sha256(encodeOperations(batch.operations)))
}

export function isGenuineBatch(crypto: Digest & SignatureVerifier, networkId: Uint8Array, batch: SignedBatch): boolean {
  if (compareBytes(batch.networkId, networkId) !== 0) return false
  return crypto.verify(batch.origin, batchStatement(crypto, batch, batch.origin), batch.signature)
}

export function encodeSignedBatch(batch: SignedBatch): Uint8Array {
  return encodeBatch(batch, encodeOperations(batch.operations))
}

/** Undefined when the bytes are not the one encoding of a batch. Whether it is genuine is asked separately. */
export function decodeSignedBatch(bytes: Uint8Array): SignedBatch | undefined {
  return decodeCanonical(batchTag, bytes, (reader) => {
    const networkId = reader.fixed(sha256Bytes)
    const destination = addressFromBytes(reader.fixed(addressBytes))
    const session = reader.fixed(sessionBytes)
    const sequence = reader.uint64()
    const issued = reader.uint64()
    const writer = reader.fixed(sha256Bytes)
    const origin = reader.fixed(publicKeyBytes)
    const signature = reader.fixed(signatureBytes)
    const operations = decodeOperations(reader.bytes())
    reader.require(isHlc(issued) && operations !== undefined)
    assert(destination !== undefined && operations !== undefined, 'both were checked')
    return { networkId, destination, session, sequence, issued, writer, origin, signature, operations }
  })
}

function statementOf(batch: OperationBatch, origin: Uint8Array, operationsDigest: Uint8Array): Uint8Array {
  return new CanonicalWriter(statementTag)
    .bytes(batch.networkId)
    .bytes(batch.destination)
    .bytes(batch.session)
    .uint(batch.sequence)
    .uint(batch.issued)
    .bytes(batch.writer)
    .bytes(origin)
    .uint(batch.operations.length)
    .bytes(operationsDigest)
    .finish()
}

function encodeBatch(batch: SignedBatch, operations: Uint8Array): Uint8Array {
  return new CanonicalWriter(batchTag, 320 + operations.length)
    .bytes(batch.networkId)
    .bytes(batch.destination)
    .bytes(batch.session)
    .uint(batch.sequence)
    .uint(batch.issued)
    .bytes(batch.writer)
    .bytes(batch.origin)
    .bytes(batch.signature)
    .bytes(operations)
    .finish()
}

function encodeOperations(operations: readonly BatchedOperation[]): Uint8Array {
  return new CanonicalWriter(operationsTag, 64 + operations.length * 128).list(operations, writeOperation).finish()
}

function writeOperation(operation: BatchedOperation, writer: CanonicalWriter): void {
  const { precondition, requestId } = operation
  assert((operation.kind === 'put') === (operation.valueAddress !== undefined), 'a put names a value, a removal none')
  assert(operation.contentType.length <= contentTypeBytesMax, 'a content type is within its bound')
  assert(requestId === undefined || requestId.session.length === sessionBytes, 'a session has 16 bytes')
  writer
    .uint(choiceIndex(operationKinds, operation.kind))
    .bytes(operation.keyDigest)
    .bytes(operation.valueAddress ?? emptyBytes)
    .bytes(operation.contentType)
    .uint(operation.expiry)
    .uint(choiceIndex(preconditionKinds, precondition.kind))
    .uint(precondition.kind === 'version' ? precondition.version : 0)
    .bytes(requestId?.session ?? emptyBytes)
  if (requestId !== undefined) writer.uint(requestId.sequence).uint(requestId.issued)
}

function decodeOperations(bytes: Uint8Array): readonly BatchedOperation[] | undefined {
  return decodeCanonical(operationsTag, bytes, (reader) => reader.list(operationsMax, readOperation))
}

function readOperation(reader: CanonicalReader): BatchedOperation {
  const kind = reader.choice(operationKinds)
  const keyDigest = reader.fixed(sha256Bytes)
  const valueField = reader.bytes(0, addressBytes)
  const contentType = reader.bytes(0, contentTypeBytesMax)
  const expiry = reader.uint64()
  const preconditionKind = reader.choice(preconditionKinds)
  const version = reader.uint64()
  const session = reader.bytes(0, sessionBytes)
  const valueAddress = addressFromBytes(valueField)
  reader.require(kind === 'put' ? valueAddress !== undefined : valueField.length === 0)
  reader.require(isHlc(expiry) && (preconditionKind === 'version' || version === 0n))
  reader.require(session.length === 0 || session.length === sessionBytes)
  const precondition: OperationPrecondition =
    preconditionKind === 'version' ? { kind: preconditionKind, version } : { kind: preconditionKind }
  const requestId = session.length === 0 ? undefined : { session, sequence: reader.uint64(), issued: reader.uint64() }
  return {
    kind,
    keyDigest,
    contentType,
    expiry,
    precondition,
    ...(valueAddress !== undefined && { valueAddress }),
    ...(requestId !== undefined && { requestId }),
  }
}
