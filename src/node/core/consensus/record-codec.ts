/**
 * The bytes of a consensus record and of an outcome. docs/PROTOCOL.md, Consensus record, states them field by field.
 *
 * Invariants: one encoding per record; every other byte string is refused, including records whose numbers contradict each other and
 * records that were filed under another address.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, isImmutable } from '../base/address.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import { isWellFormedBallot } from './ballot.ts'
import { readBallot, readGroup, writeBallot, writeGroup } from './ballot-codec.ts'
import type { BlockRecord, BlockState, MapHead, MapPageKind, OriginProgress } from './block-record.ts'
import { isWellFormedGroup } from './group.ts'
import type { Outcome } from './outcome.ts'
import { askedBytes, sessionBytes } from './outcome.ts'

const recordFormat = recordTag('memo/block-record/1')
const outcomeFormat = recordTag('memo/outcome/1')

/** The decoder's bound; how many a node keeps is in its limits. */
const originsMax = 4096

const stateKinds = ['signed', 'map', 'removed'] as const
const pageKinds: readonly MapPageKind[] = ['root', 'key-value']
const outcomeKinds = ['done', 'conflict'] as const

/** The value of the family `block`. */
export function encodeBlockRecord(record: BlockRecord): Uint8Array {
  assert(isPlausible(record), 'a record is plausible')
  const writer = new CanonicalWriter(recordFormat, 512 + payloadBytes(record.state))
  writer.bytes(record.address).uint(record.generation)
  writeGroup(writer, record.group)
  writeBallot(writer, record.promised)
  writer.uint(record.committedIndex).uint(record.version).uint(record.outcomeFloor).uint(record.outcomeCount)
  writeState(writer, record.state)
  return writer.finish()
}

/** Undefined when the bytes are not the record of the block at this address. */
export function decodeBlockRecord(address: BlockAddress, bytes: Uint8Array): BlockRecord | undefined {
  return decodeCanonical(recordFormat, bytes, (reader) => {
    reader.require(equalBytes(reader.fixed(addressBytes), address))
    const record: BlockRecord = {
      address,
      generation: reader.uint64(),
      group: readGroup(reader),
      promised: readBallot(reader),
      committedIndex: reader.uint64(),
      version: reader.uint64(),
      outcomeFloor: reader.uint64(),
      outcomeCount: reader.uint(),
      state: readState(reader),
    }
    reader.require(isPlausible(record))
    return record
  })
}

/** The value of the family `outcome`, for signed blocks. */
export function encodeOutcome(outcome: Outcome): Uint8Array {
  return new CanonicalWriter(outcomeFormat, 80)
    .uint(choiceIndex(outcomeKinds, outcome.kind))
    .uint(outcome.generation)
    .uint(outcome.version)
    .bytes(outcome.asked)
    .finish()
}

export function decodeOutcome(bytes: Uint8Array): Outcome | undefined {
  return decodeCanonical(outcomeFormat, bytes, (reader) => {
    const kind = reader.choice(outcomeKinds)
    const outcome = { kind, generation: reader.uint64(), version: reader.uint64(), asked: reader.fixed(askedBytes) }
    reader.require(isHlc(outcome.generation))
    return outcome
  })
}

function isPlausible(record: BlockRecord): boolean {
  const { generation, committedIndex, version, outcomeFloor, state } = record
  return (
    !isImmutable(record.address) &&
    [generation, outcomeFloor].every(isHlc) &&
    // Versions are int64 on the wire, and no slot yields more than one.
    version <= committedIndex &&
    committedIndex < 1n << 63n &&
    isWellFormedGroup(record.group) &&
    isWellFormedBallot(record.promised) &&
    isPlausibleState(state)
  )
}

function isPlausibleState(state: BlockState): boolean {
  if (state.kind === 'signed') return state.signed.length > 0
  if (state.kind === 'removed') return state.proof.length > 0 && isHlc(state.removed)
  const { revisionFloor, originFloor, origins } = state.head
  return [revisionFloor, originFloor].every(isHlc) && origins.every((origin, index) => isOriginAfter(origins[index - 1], origin))
}

function isOriginAfter(before: OriginProgress | undefined, origin: OriginProgress): boolean {
  return isHlc(origin.issued) && (before === undefined || compareBytes(before.session, origin.session) < 0)
}

function payloadBytes(state: BlockState): number {
  if (state.kind === 'signed') return state.signed.length
  return state.kind === 'removed' ? state.proof.length : state.head.lastBatch.length + state.head.origins.length * 40
}

function writeState(writer: CanonicalWriter, state: BlockState): void {
  writer.uint(choiceIndex(stateKinds, state.kind))
  switch (state.kind) {
    case 'signed':
      writer.bytes(state.signed)
      return
    case 'removed':
      writer.uint(state.removed).bytes(state.proof)
      return
    case 'map':
      writeHead(writer, state.head)
  }
}

function readState(reader: CanonicalReader): BlockState {
  const kind = reader.choice(stateKinds)
  switch (kind) {
    case 'signed':
      return { kind, signed: reader.bytes() }
    case 'removed':
      return { kind, removed: reader.uint64(), proof: reader.bytes() }
    case 'map':
      return { kind, head: readHead(reader) }
  }
}

function writeHead(writer: CanonicalWriter, head: MapHead): void {
  writer
    .uint(choiceIndex(pageKinds, head.page))
    .uint(head.recordCount)
    .uint(head.recordBytes)
    .uint(head.revisionFloor)
    .uint(head.versionFloor)
    .list(head.origins, (origin, item) => item.bytes(origin.session).uint(origin.sequence).uint(origin.issued))
    .uint(head.originFloor)
    .bytes(head.lastBatch)
}

function readHead(reader: CanonicalReader): MapHead {
  return {
    page: reader.choice(pageKinds),
    recordCount: reader.uint(),
    recordBytes: reader.uint(),
    revisionFloor: reader.uint64(),
    versionFloor: reader.uint64(),
    origins: reader.list(originsMax, readOrigin),
    originFloor: reader.uint64(),
    lastBatch: reader.bytes(),
  }
}

function readOrigin(reader: CanonicalReader): OriginProgress {
  return { session: reader.fixed(sessionBytes), sequence: reader.uint64(), issued: reader.uint64() }
}
