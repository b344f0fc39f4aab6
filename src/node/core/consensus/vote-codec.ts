/**
 * What a member keeps of its votes on a block, beside the block's record: what it promised (family `vote`, by address) and what it
 * accepted and has not applied (family `accepted`, by address and slot). docs/PROTOCOL.md, Votes and accepted entries.
 *
 * Invariants: one encoding per record, and every other byte string is refused; ballots and groups are well-formed; the keys of one
 * block's slots lie side by side, in the order of the slots.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes } from '../base/address.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Ballot } from './ballot.ts'
import { isWellFormedBallot } from './ballot.ts'
import { readBallot, writeBallot } from './ballot-codec.ts'
import { isWellFormedGroup } from './group.ts'
import { logEntryBytes, logEntryBytesMax, readLogEntry, writeLogEntry } from './log-entry-codec.ts'
import type { LogEntry, Slot } from './replica-events.ts'

const acceptedFormat = recordTag('memo/accepted-entry/1')
const voteFormat = recordTag('memo/vote/1')

const slotBytes = 8
const acceptedHeadBytes = 128

export interface Vote {
  /** No ballot below it is accepted or confirmed. */
  readonly promised: Ballot
  /** The state of the block is being replaced by a snapshot and is not whole. */
  readonly installing: boolean
}

/** The key of the family `accepted`. */
export function acceptedKey(address: BlockAddress, slot: number): Uint8Array {
  assert(Number.isSafeInteger(slot) && slot >= 0, 'a slot is a whole number that is not negative')
  const key = new Uint8Array(addressBytes + slotBytes)
  key.set(address)
  const view = new DataView(key.buffer)
  view.setUint32(addressBytes, Math.floor(slot / 2 ** 32))
  view.setUint32(addressBytes + 4, slot >>> 0)
  return key
}

/** Undefined where the key is malformed. */
export function slotOfAcceptedKey(key: Uint8Array): number | undefined {
  if (key.length !== addressBytes + slotBytes) return undefined
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  const slot = view.getUint32(addressBytes) * 2 ** 32 + view.getUint32(addressBytes + 4)
  return Number.isSafeInteger(slot) ? slot : undefined
}

/** The value of the family `accepted`. */
export function encodeAccepted({ ballot, entry }: Pick<Slot, 'ballot' | 'entry'>): Uint8Array {
  assert(isWellFormedBallot(ballot) && isWellFormedEntry(entry), 'what was accepted is well-formed')
  const writer = new CanonicalWriter(acceptedFormat, acceptedHeadBytes + logEntryBytes(entry))
  writeBallot(writer, ballot)
  writeLogEntry(entry, writer)
  return writer.finish()
}

export function decodeAccepted(bytes: Uint8Array): Pick<Slot, 'ballot' | 'entry'> | undefined {
  return decodeCanonical(acceptedFormat, bytes, (reader) => ({ ballot: readSoundBallot(reader), entry: readLogEntry(reader) }))
}

/** The value of the family `vote`. */
export function encodeVote({ promised, installing }: Vote): Uint8Array {
  assert(isWellFormedBallot(promised), 'a promise is a well-formed ballot')
  const writer = new CanonicalWriter(voteFormat, acceptedHeadBytes)
  writeBallot(writer, promised)
  return writer.uint(installing ? 1 : 0).finish()
}

export function decodeVote(bytes: Uint8Array): Vote | undefined {
  return decodeCanonical(voteFormat, bytes, (reader) => ({
    promised: readSoundBallot(reader),
    installing: reader.uint(1) === 1,
  }))
}

function readSoundBallot(reader: CanonicalReader): Ballot {
  const ballot = readBallot(reader)
  reader.require(isWellFormedBallot(ballot))
  return ballot
}

function isWellFormedEntry(entry: LogEntry): boolean {
  if (entry.kind === 'change') {
    return entry.body.length <= logEntryBytesMax && (entry.bornTo === undefined || isWellFormedGroup(entry.bornTo))
  }
  return entry.kind === 'empty' || isWellFormedGroup(entry.group)
}
