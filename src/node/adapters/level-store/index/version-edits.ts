/** LevelDB's list of live tables, as the edits of a MANIFEST add up to it. */

import { ByteCursor } from './byte-cursor.ts'

export interface LiveTable {
  readonly level: number
  readonly number: number
  readonly size: number
  /** First and last internal key: the user's key and 8 bytes of LevelDB's sequence number and kind. */
  readonly smallest: Buffer
  readonly largest: Buffer
}

export interface LiveFiles {
  readonly tables: readonly LiveTable[]
  /** Logs from this number on hold what no table has yet. */
  readonly logNumber: number
  readonly previousLogNumber: number
}

const comparatorTag = 1
const logNumberTag = 2
const nextFileTag = 3
const lastSequenceTag = 4
const compactPointerTag = 5
const deletedFileTag = 6
const newFileTag = 7
const previousLogTag = 9
const internalKeyBytesMin = 8

/** Undefined where the records are not edits of a MANIFEST. */
export function applyEdits(records: readonly Buffer[]): LiveFiles | undefined {
  const tables = new Map<number, LiveTable>()
  const numbers = new Map<number, number>()
  for (const record of records) if (!applyEdit(new ByteCursor(record), tables, numbers)) return undefined
  const logNumber = numbers.get(logNumberTag)
  if (logNumber === undefined || !numbers.has(nextFileTag) || !numbers.has(lastSequenceTag)) return undefined
  return { tables: [...tables.values()], logNumber, previousLogNumber: numbers.get(previousLogTag) ?? 0 }
}

/** Within an edit the removals come first: a table that only changes its level is removed and added. */
function applyEdit(cursor: ByteCursor, tables: Map<number, LiveTable>, numbers: Map<number, number>): boolean {
  const added: LiveTable[] = []
  while (!cursor.atEnd) {
    const tag = cursor.varint()
    switch (tag) {
      case comparatorTag:
        cursor.text()
        break
      case logNumberTag:
      case nextFileTag:
      case lastSequenceTag:
      case previousLogTag:
        numbers.set(tag, cursor.varint())
        break
      case compactPointerTag:
        cursor.varint()
        cursor.text()
        break
      case deletedFileTag:
        cursor.varint()
        tables.delete(cursor.varint())
        break
      case newFileTag: {
        const [level, number, size] = [cursor.varint(), cursor.varint(), cursor.varint()]
        const table = { level, number, size, smallest: Buffer.from(cursor.text()), largest: Buffer.from(cursor.text()) }
        if (table.smallest.length < internalKeyBytesMin || table.largest.length < internalKeyBytesMin) return false
        added.push(table)
        break
      }
      default:
        return false
    }
  }
  for (const table of added) tables.set(table.number, table)
  return !cursor.failed
}
