/**
 * An entry of a block's log as fields of the records and messages that hold it. docs/PROTOCOL.md, Votes and accepted entries, states them.
 *
 * Invariant: the group of an entry that was read is well-formed, and the body of a change within its bound.
 */

import type { CanonicalReader, CanonicalWriter } from '../base/canonical-codec.ts'
import { choiceIndex } from '../base/canonical-codec.ts'
import { readGroup, writeGroup } from './ballot-codec.ts'
import type { Group } from './group.ts'
import { isWellFormedGroup } from './group.ts'
import type { LogEntry } from './replica-events.ts'

const entryKinds = ['change', 'group', 'empty', 'birth'] as const

/** The decoder's bound: bytes of one batch of the store. */
export const logEntryBytesMax = 8 * 1024 * 1024

/** One object for all of them: an entry is never changed. */
const emptyEntry: LogEntry = { kind: 'empty' }

export function writeLogEntry(entry: LogEntry, writer: CanonicalWriter): void {
  const bornTo = entry.kind === 'change' ? entry.bornTo : undefined
  writer.uint(choiceIndex(entryKinds, bornTo === undefined ? entry.kind : 'birth'))
  if (bornTo !== undefined) writeGroup(writer, bornTo)
  if (entry.kind === 'change') writer.bytes(entry.body)
  else if (entry.kind === 'group') writeGroup(writer, entry.group)
}

export function readLogEntry(reader: CanonicalReader): LogEntry {
  const kind = reader.choice(entryKinds)
  switch (kind) {
    case 'change':
      return { kind, body: reader.bytes(0, logEntryBytesMax) }
    case 'group':
      return { kind, group: readSoundGroup(reader) }
    case 'empty':
      return emptyEntry
    case 'birth': {
      const bornTo = readSoundGroup(reader)
      return { kind: 'change', bornTo, body: reader.bytes(0, logEntryBytesMax) }
    }
  }
}

function readSoundGroup(reader: CanonicalReader): Group {
  const group = readGroup(reader)
  reader.require(isWellFormedGroup(group))
  return group
}

/** At most so many bytes does an entry take. */
export function logEntryBytes(entry: LogEntry): number {
  if (entry.kind === 'empty') return entryHeadBytes
  if (entry.kind === 'group') return entryHeadBytes + groupBytes(entry.group)
  return entryHeadBytes + entry.body.length + (entry.bornTo === undefined ? 0 : groupBytes(entry.bornTo))
}

function groupBytes({ members, learners }: Group): number {
  return groupHeadBytes + (members.length + learners.length) * memberBytes
}

/** Kind and the length of a body. */
const entryHeadBytes = 7
/** Index and the two counts. */
const groupHeadBytes = 12
const memberBytes = 50
