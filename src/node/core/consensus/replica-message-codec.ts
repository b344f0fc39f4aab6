/**
 * The bytes of what members of groups say to each other about their blocks: one body of the transport holds messages of many blocks.
 * docs/PROTOCOL.md, Messages of consensus, states them.
 *
 * Invariants: one encoding per body, and every other byte string is refused; ballots and groups are well-formed, slots are in order.
 * A decoded message is kept for as long as its block wants it: what it holds are copies, unless it makes up most of the memory that it
 * was read from, so that a few bytes never keep a whole body in memory.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../base/address.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Ballot } from './ballot.ts'
import { compareBallots, isWellFormedBallot } from './ballot.ts'
import { readBallot, writeBallot } from './ballot-codec.ts'
import type { Group, Member } from './group.ts'
import { logEntryBytes, readLogEntry, writeLogEntry } from './log-entry-codec.ts'
import type { LogEntry, ReplicaMessage, Slot } from './replica-events.ts'

/** A message and the block that it is about. */
export interface AddressedMessage {
  readonly address: BlockAddress
  /** Epoch of the placement map that its sender acted by. */
  readonly epoch: number
  readonly message: ReplicaMessage
}

const bodyFormat = recordTag('memo/replica-messages/1')

/** Bounds of one body, for whoever sends and whoever receives: a frame of 4 MiB, less what travels around the body. */
export const replicaBodyBytesMax = 8 * 1024 * 1024
export const replicaBodyMessagesMax = 4096
/** Slots of a promise, entries of an accept. */
export const replicaMessageSlotsMax = 65_536

/** Bytes of a body beside its messages, at most. */
export const replicaBodyHeadBytes = 32
const addressedBytes = 44
const ballotBytes = 74
const numberBytes = 8

const messageKinds: readonly ReplicaMessage['kind'][] = [
  'prepare',
  'promise',
  'higher',
  'newer-group',
  'accept',
  'accepted',
  'gap',
  'committed',
  'confirm',
  'confirmed',
  'yield',
]

/** The highest slot: one more is a number still. */
const slotMax = Number.MAX_SAFE_INTEGER - 1

/**
 * At most so many bytes does the message take in a body. Messages whose sum, with `replicaBodyHeadBytes`, is within a bound make a body
 * within it.
 */
export function replicaMessageBytes(message: ReplicaMessage): number {
  let bytes = addressedBytes + 2 * ballotBytes + 4 * numberBytes
  if (message.kind === 'accept') for (const entry of message.entries) bytes += logEntryBytes(entry)
  else if (message.kind === 'promise') for (const { entry } of message.slots) bytes += slotHeadBytes + logEntryBytes(entry)
  return bytes
}

const slotHeadBytes = numberBytes + ballotBytes

/** The messages fit one body: see `replicaMessageBytes`. `before`: a byte that goes in front of it. */
export function encodeReplicaMessages(messages: readonly AddressedMessage[], before?: number): Uint8Array {
  assert(messages.length > 0 && messages.length <= replicaBodyMessagesMax, 'a body has messages, and not too many')
  let bytes = replicaBodyHeadBytes
  for (const { message } of messages) bytes += replicaMessageBytes(message)
  const body = new CanonicalWriter(bodyFormat, bytes, before).list(messages, writeAddressed).finish()
  assert(body.length <= replicaBodyBytesMax + 1, 'the messages of a body fit it')
  return body
}

/** Undefined where the bytes are no body of this kind. */
export function decodeReplicaMessages(body: Uint8Array): readonly AddressedMessage[] | undefined {
  if (body.length > replicaBodyBytesMax) return undefined
  return decodeCanonical(bodyFormat, body, (reader) => {
    const messages = reader.list(replicaBodyMessagesMax, readAddressed)
    reader.require(messages.length > 0)
    return messages
  })
}

function writeAddressed({ address, epoch, message }: AddressedMessage, writer: CanonicalWriter): void {
  writer.bytes(address).uint(epoch)
  writer.uint(choiceIndex(messageKinds, message.kind))
  writeMessage(message, writer)
}

function readAddressed(reader: CanonicalReader): AddressedMessage {
  const address = addressFromBytes(kept(reader.fixed(addressBytes)))
  reader.require(address !== undefined && !isImmutable(address))
  const epoch = reader.uint()
  const message = readMessage(reader, reader.choice(messageKinds))
  return { address: address as BlockAddress, epoch, message }
}

function writeMessage(message: ReplicaMessage, writer: CanonicalWriter): void {
  if (message.kind !== 'newer-group') writeBallot(writer, message.ballot)
  if (message.kind !== 'higher') writer.uint(message.groupIndex)
  switch (message.kind) {
    case 'higher':
      writeBallot(writer, message.promised)
      return
    case 'prepare':
    case 'newer-group':
      writeIndex(writer, message.committed)
      return
    case 'promise':
      writeIndex(writer, message.committed)
      writeList(writer, message.slots, writeSlot)
      return
    case 'accept':
      writeIndex(writer, message.committed)
      writer.uint(message.first)
      writeList(writer, message.entries, writeLogEntry)
      return
    case 'accepted':
      writeIndex(writer, message.upTo)
      return
    case 'committed':
      writeIndex(writer, message.index)
      return
    case 'gap':
      writer.uint(message.from)
      return
    case 'confirm':
    case 'confirmed':
      writer.uint(message.round)
      return
    case 'yield':
  }
}

function readMessage(reader: CanonicalReader, kind: ReplicaMessage['kind']): ReplicaMessage {
  if (kind === 'newer-group') return { kind, groupIndex: reader.uint(), committed: readIndex(reader) }
  const ballot = readKeptBallot(reader)
  if (kind === 'higher') return { kind, ballot, promised: readKeptBallot(reader) }
  const groupIndex = reader.uint()
  switch (kind) {
    case 'prepare':
      return { kind, ballot, groupIndex, committed: readIndex(reader) }
    case 'promise':
      return { kind, ballot, groupIndex, committed: readIndex(reader), slots: readSlots(reader) }
    case 'accept':
      return { kind, ballot, groupIndex, committed: readIndex(reader), ...readEntries(reader) }
    case 'accepted':
      return { kind, ballot, groupIndex, upTo: readIndex(reader) }
    case 'committed':
      return { kind, ballot, groupIndex, index: readIndex(reader) }
    case 'gap':
      return { kind, ballot, groupIndex, from: reader.uint(slotMax) }
    case 'confirm':
    case 'confirmed':
      return { kind, ballot, groupIndex, round: reader.uint() }
    case 'yield':
      return { kind, ballot, groupIndex }
  }
}

function writeList<Item>(
  writer: CanonicalWriter,
  items: readonly Item[],
  write: (item: Item, writer: CanonicalWriter) => void,
): void {
  assert(items.length <= replicaMessageSlotsMax, 'a message has not too many slots')
  writer.list(items, write)
}

function writeSlot({ slot, ballot, entry }: Slot, writer: CanonicalWriter): void {
  writer.uint(slot)
  writeBallot(writer, ballot)
  writeLogEntry(entry, writer)
}

function readSlots(reader: CanonicalReader): readonly Slot[] {
  let before: Slot | undefined
  return reader.list(replicaMessageSlotsMax, () => {
    const slot = reader.uint(slotMax)
    reader.require(before === undefined || before.slot < slot)
    before = { slot, ballot: readKeptBallot(reader, before?.ballot), entry: readKeptEntry(reader) }
    return before
  })
}

function readEntries(reader: CanonicalReader): { readonly first: number; readonly entries: readonly LogEntry[] } {
  const first = reader.uint(slotMax)
  const entries = reader.list(replicaMessageSlotsMax, readKeptEntry)
  reader.require(first + entries.length - 1 <= slotMax)
  return { first, entries }
}

/** A slot, or -1 before the first: one more than it is written. */
function writeIndex(writer: CanonicalWriter, index: number): void {
  writer.uint(index + 1)
}

function readIndex(reader: CanonicalReader): number {
  return reader.uint(slotMax + 1) - 1
}

/** Slots of one promise mostly have the same ballot: then it is the same object. */
function readKeptBallot(reader: CanonicalReader, likely?: Ballot): Ballot {
  const ballot = readBallot(reader)
  if (likely !== undefined && compareBallots(ballot, likely) === 0) return likely
  reader.require(isWellFormedBallot(ballot))
  const { recovery, round, bootCount } = ballot
  return { recovery, round, bootCount, ...keptMember(ballot) }
}

function readKeptEntry(reader: CanonicalReader): LogEntry {
  const entry = readLogEntry(reader)
  if (entry.kind === 'change') {
    const { bornTo } = entry
    return { kind: 'change', body: kept(entry.body), ...(bornTo && { bornTo: keptGroup(bornTo) }) }
  }
  return entry.kind === 'group' ? { kind: 'group', group: keptGroup(entry.group) } : entry
}

function keptGroup({ index, members, learners }: Group): Group {
  return { index, members: members.map(keptMember), learners: learners.map(keptMember) }
}

function keptMember({ nodeId, storeId }: Member): Member {
  return { nodeId: kept(nodeId), storeId: kept(storeId) }
}

/** The bytes as they may be kept. */
function kept(view: Uint8Array): Uint8Array {
  return view.length * 2 > view.buffer.byteLength ? view : new Uint8Array(view)
}
