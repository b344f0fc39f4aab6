/**
 * What a slot of a key-value page's log holds: what the origin nodes sent in one turn of the page's primary, with the values that travel
 * with their entries. docs/PROTOCOL.md, Entries of pages, states it field by field.
 *
 * Invariants: one encoding per entry; batches are applied in their order; everything that applying needs and the page does not hold is in
 * the entry, so that every member arrives at the same state.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../base/address.ts'
import { emptyBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { RequestId } from '../base/request-id.ts'
import { decodeText } from '../base/text.ts'
import type { ContentBlock } from '../block/content-block.ts'
import { contentCopyBytes, decodeContentCopy, writeContentCopy } from '../block/content-block.ts'
import { sessionBytes } from '../consensus/outcome.ts'
import type { PagePrecondition } from './page-batch.ts'
import type { ChangeOperation, PageChange, ReadyValue } from './page-change.ts'

const entryFormat = recordTag('memo/page-entry/1')
const partFormat = recordTag('memo/page-part/1')
const changesFormat = recordTag('memo/page-changes/1')

/** The protocol's bounds for a decoder; what a node folds is in its limits. */
const partsMax = 4096
const changesMax = 65_536
const operationsMax = 65_536
const settlesMax = 65_536
const candidateKeyBytes = 40
const contentTypeBytesMax = 255
const keyBytesMax = 65_535
const writerBytes = 32

const operationKinds = ['put', 'delete'] as const
const preconditionKinds = ['any', 'absent', 'present', 'version'] as const

/** What one origin node sent. (session, sequence) names it once and for all. */
export interface PageEntryPart {
  readonly session: Uint8Array
  readonly sequence: bigint
  /** SHA-256 of the public key of the user for whom the node writes. */
  readonly writer: Uint8Array
  readonly changes: readonly PageChange[]
  /** The batch as its origin signed it, in the encoding of core/block. */
  readonly signed: Uint8Array
}

export interface PageEntry {
  /** Of the primary: what the revisions of the entry begin with. */
  readonly hlc: bigint
  /** Outcomes issued at or below this HLC are forgotten first, so that their number stays bounded. */
  readonly forgetUpTo: bigint
  readonly parts: readonly PageEntryPart[]
}

export function encodePageEntry({ hlc, forgetUpTo, parts }: PageEntry): Uint8Array {
  let bytes = headBytes
  for (const part of parts) bytes += partBytesOf(part)
  const writer = new CanonicalWriter(entryFormat, bytes).uint(hlc).uint(forgetUpTo)
  return writer.list(parts, writePart).finish()
}

/** Undefined when the bytes are no entry of a page. */
export function decodePageEntry(bytes: Uint8Array): PageEntry | undefined {
  return decodeCanonical(entryFormat, bytes, (reader) => {
    const hlc = reader.uint64()
    const forgetUpTo = reader.uint64()
    const parts = reader.list(partsMax, readPart)
    reader.require(isHlc(hlc) && isHlc(forgetUpTo))
    return { hlc, forgetUpTo, parts }
  })
}

/** What a node sends to the primary of a page. */
export function encodePagePart(part: PageEntryPart): Uint8Array {
  const writer = new CanonicalWriter(partFormat, headBytes + partBytesOf(part))
  writePart(part, writer)
  return writer.finish()
}

export function decodePagePart(bytes: Uint8Array): PageEntryPart | undefined {
  return decodeCanonical(partFormat, bytes, readPart)
}

function writePart({ session, sequence, writer: user, changes, signed }: PageEntryPart, writer: CanonicalWriter): void {
  writer.bytes(session).uint(sequence).bytes(user)
  writer.record(changesFormat, changesBytes(changes), (fields) => fields.list(changes, writeChange)).bytes(signed)
}

/** Tag and numbers of an entry. */
const headBytes = 64
/** Fields of a part beside its changes and its signed batch. */
const partFieldsBytes = 96
/** Fields of a change and of an operation, at most, beside what is counted. */
const changeFieldsBytes = 48
const operationFieldsBytes = 96

/** About the bytes of a part, and never fewer: a buffer that has to grow costs a copy of everything in it. */
function partBytesOf({ changes, signed }: PageEntryPart): number {
  return partFieldsBytes + changesBytes(changes) + signed.length
}

function changesBytes(changes: readonly PageChange[]): number {
  let bytes = changesFormat.field.length + 5
  for (const { operations } of changes) {
    bytes += changeFieldsBytes
    for (const operation of operations) {
      bytes += operationFieldsBytes + operation.key.bytes.length
      if (operation.kind === 'delete') continue
      const { block, settles } = operation.value
      bytes += operation.contentType.length + settles.length * (candidateKeyBytes + 1)
      if (block !== undefined) bytes += contentCopyBytes(block)
    }
  }
  return bytes
}

function readPart(reader: CanonicalReader): PageEntryPart {
  const [session, sequence, writer] = [reader.fixed(sessionBytes), reader.uint64(), reader.fixed(writerBytes)]
  const changes = decodePageChanges(reader.bytes())
  reader.require(changes !== undefined)
  assert(changes !== undefined, 'the changes were required')
  return { session, sequence, writer, changes, signed: reader.bytes() }
}

function writeChange({ requestId, operations }: PageChange, writer: CanonicalWriter): void {
  writer.bytes(requestId?.session ?? emptyBytes)
  if (requestId !== undefined) writer.uint(requestId.sequence).uint(requestId.issued)
  writer.list(operations, writeOperation)
}

function decodePageChanges(bytes: Uint8Array): readonly PageChange[] | undefined {
  return decodeCanonical(changesFormat, bytes, (reader) =>
    reader.list(changesMax, (item) => {
      const requestId = readRequestId(item)
      return { requestId, operations: item.list(operationsMax, readOperation) }
    }),
  )
}

function writeOperation(operation: ChangeOperation, writer: CanonicalWriter): void {
  const { kind, key, precondition } = operation
  writer.uint(choiceIndex(operationKinds, kind)).bytes(key.bytes)
  writer.uint(choiceIndex(preconditionKinds, precondition.kind))
  if (precondition.kind === 'version') writer.uint(precondition.version)
  if (operation.kind === 'delete') return
  const { address, size, chunks, birth, block, settles } = operation.value
  writer.bytes(operation.contentType).bytes(address).uint(size).uint(chunks).uint(birth)
  // Its birth is that of the entry.
  if (block === undefined) writer.bytes(emptyBytes)
  else writeContentCopy(writer, block, 0n)
  writer.list(settles, (settled, item) => item.bytes(settled))
}

function readOperation(reader: CanonicalReader): ChangeOperation {
  const kind = reader.choice(operationKinds)
  const bytes = reader.bytes(1, keyBytesMax)
  const text = decodeText(bytes)
  const preconditionKind = reader.choice(preconditionKinds)
  const precondition: PagePrecondition =
    preconditionKind === 'version' ? { kind: preconditionKind, version: reader.uint64() } : { kind: preconditionKind }
  reader.require(text !== undefined)
  const key = { text: text ?? '', bytes }
  if (kind === 'delete') return { kind, key, precondition }
  const contentType = reader.bytes(0, contentTypeBytesMax)
  return { kind, key, precondition, contentType, value: readValue(reader) }
}

function readValue(reader: CanonicalReader): ReadyValue {
  const address = addressFromBytes(reader.fixed(addressBytes))
  const [size, chunks, birth] = [reader.uint(), reader.uint(), reader.uint64()]
  const copy = reader.bytes()
  reader.require(address !== undefined && isImmutable(address) && isHlc(birth))
  assert(address !== undefined, 'an address was required')
  const block = copy.length === 0 ? undefined : decodedBlock(reader, address, copy)
  return { address, size, chunks, birth, block, settles: reader.list(settlesMax, (item) => item.fixed(candidateKeyBytes)) }
}

function decodedBlock(reader: CanonicalReader, address: BlockAddress, bytes: Uint8Array): ContentBlock {
  const copy = decodeContentCopy(address, bytes)
  reader.require(copy !== undefined && copy.birth === 0n)
  assert(copy !== undefined, 'a block was required')
  return copy
}

function readRequestId(reader: CanonicalReader): RequestId | undefined {
  const session = reader.bytes(0, sessionBytes)
  reader.require(session.length === 0 || session.length === sessionBytes)
  return session.length === 0 ? undefined : { session, sequence: reader.uint64(), issued: reader.uint64() }
}
