/**
 * Chosen entries as one member gives them to another. docs/PROTOCOL.md, Catching up.
 *
 * Invariant: the slots follow each other.
 */

import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { readBallot, writeBallot } from './ballot-codec.ts'
import { logEntryBytes, readLogEntry, writeLogEntry } from './log-entry-codec.ts'
import type { Slot } from './replica-events.ts'

const format = recordTag('memo/chosen-entries/1')
const slotsMax = 65_536
const headBytes = 128

export function encodeChosenSlots(slots: readonly Slot[]): Uint8Array {
  let bytes = 64
  for (const { entry } of slots) bytes += headBytes + logEntryBytes(entry)
  return new CanonicalWriter(format, bytes)
    .uint(slots[0]?.slot ?? 0)
    .list(slots, ({ ballot, entry }, item) => {
      writeBallot(item, ballot)
      writeLogEntry(entry, item)
    })
    .finish()
}

/** Undefined when the bytes are no entries. */
export function decodeChosenSlots(bytes: Uint8Array): readonly Slot[] | undefined {
  return decodeCanonical(format, bytes, (reader) => {
    let slot = reader.uint()
    return reader.list(slotsMax, (item) => ({ slot: slot++, ballot: readBallot(item), entry: readLogEntry(item) }))
  })
}
