/**
 * An entry of a block's log as fields of the records and messages that hold it. docs/PROTOCOL.md, Votes and accepted entries, states them.
 *
 * Invariant: the group of an entry that was read is well-formed, and the body of a change within its bound.
 */

import type { CanonicalReader, CanonicalWriter } from '../base/canonical-codec.ts'
import { choiceIndex } from '../base/canonical-codec.ts'
import { readGroup, writeGroup } from './ballot-codec.ts'
import { isWellFormedGroup } from './group.ts'
import type { LogEntry } from './replica-events.ts'

const entryKinds: readonly LogEntry['kind'][] = ['change', 'group', 'empty']

/** The decoder's bound: bytes of one batch of the store. */
export const logEntryBytesMax = 8 * 1024 * 1024

/** One object for all of them: an entry is never changed. */
const emptyEntry: LogEntry = { kind: 'empty' }

export function writeLogEntry(entry: LogEntry, writer: CanonicalWriter): void {
  writer.uint(choiceIndex(entryKinds, entry.kind))
  if (entry.kind === 'change') writer.bytes(entry.body)
  else if (entry.kind === 'group') writeGroup(writer, entry.group)
}

export function readLogEntry(reader: CanonicalReader): LogEntry {
  const kind = reader.choice(entryKinds)
  switch (kind) {
    case 'change':
      return { kind, body: reader.bytes(0, logEntryBytesMax) }
    case 'group': {
      const group = readGroup(reader)
      reader.require(isWellFormedGroup(group))
      return { kind, group }
    }
    case 'empty':
      return emptyEntry
  }
}

/** At most so many bytes does an entry take. */
export function logEntryBytes(entry: LogEntry): number {
  if (entry.kind === 'change') return entryHeadBytes + entry.body.length
  if (entry.kind === 'empty') return entryHeadBytes
  return entryHeadBytes + groupHeadBytes + (entry.group.members.length + entry.group.learners.length) * memberBytes
}

/** Kind and the length of a body. */
const entryHeadBytes = 7
/** Index and the two counts. */
const groupHeadBytes = 12
const memberBytes = 50
