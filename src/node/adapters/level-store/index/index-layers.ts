/** Reads LevelDB's folder without LevelDB, file by file from the oldest to the newest, taking only what verifies. */

import type { Files } from '../files.ts'
import { ByteCursor } from './byte-cursor.ts'
import type { ManifestReading } from './index-files.ts'
import {
  damageText,
  missingReason,
  readIndexFile,
  readManifest,
  readManifestFile,
  tableName,
  unreadableDamage,
} from './index-files.ts'
import { readLogRecords } from './log-records.ts'
import type { IndexEntry, IndexLayer } from './table-salvage.ts'
import { salvageTable, userKey } from './table-salvage.ts'
import type { LiveFiles, LiveTable } from './version-edits.ts'

export interface LayersOptions {
  readonly files: Files
  readonly folder: string
  readonly note: (finding: string) => void
}

const manifestPattern = /^MANIFEST-(\d+)$/
const logPattern = /^(\d+)\.log$/
const batchHeaderBytes = 12
const putKind = 1

/** Nothing where no list of tables can be read: without it nobody can tell a live table from one that was replaced. */
export async function* readLayers({ files, folder, note }: LayersOptions): AsyncGenerator<IndexLayer, void, void> {
  const reading = await anyManifest(files, folder, note)
  if (reading.kind === 'damaged') return
  for (const table of oldestFirst(reading.files.tables)) {
    const file = tableName(table.number)
    const read = await readIndexFile(files, folder, file, Buffer.allocUnsafe(table.size + 1))
    for (const range of read?.unreadable ?? []) note(damageText(unreadableDamage(file, range)))
    if (read === undefined) {
      note(damageText({ file, offset: 0, reason: missingReason }))
      yield { lost: [{ first: userKey(table.smallest), last: userKey(table.largest) }], entries: [] }
    } else yield salvageTable(read.bytes, table, (damage) => note(damageText({ file, ...damage })))
  }
  for (const log of await liveLogs(files, folder, reading.files)) {
    const read = await readIndexFile(files, folder, log)
    for (const range of read?.unreadable ?? []) note(damageText(unreadableDamage(log, range)))
    const { records, damage } = readLogRecords(read?.bytes ?? Buffer.alloc(0))
    for (const each of damage) note(damageText({ file: log, ...each }))
    for (const record of records) yield { lost: [], entries: batchEntries(record) }
  }
}

/** The list that CURRENT names, or else the newest that reads whole. */
async function anyManifest(files: Files, folder: string, note: (finding: string) => void): Promise<ManifestReading> {
  const reading = await readManifest(files, folder)
  if (reading.kind === 'read') return reading
  note(damageText(reading.damage))
  const numbers = ((await files.list(folder)) ?? []).flatMap((name) => numberOf(manifestPattern, name))
  for (const { name } of numbers.sort((left, right) => right.number - left.number)) {
    const other = await readManifestFile(files, folder, name)
    if (other.kind === 'read') return other
  }
  return reading
}

function numberOf(pattern: RegExp, name: string): { readonly name: string; readonly number: number }[] {
  const number = pattern.exec(name)?.[1]
  return number === undefined ? [] : [{ name, number: Number(number) }]
}

/** The deepest level holds the oldest entries; at level 0, where tables overlap, the number tells. */
function oldestFirst(tables: readonly LiveTable[]): readonly LiveTable[] {
  return [...tables].sort((left, right) => right.level - left.level || left.number - right.number)
}

async function liveLogs(files: Files, folder: string, { logNumber, previousLogNumber }: LiveFiles): Promise<readonly string[]> {
  return ((await files.list(folder)) ?? [])
    .flatMap((name) => numberOf(logPattern, name))
    .filter(({ number }) => number >= logNumber || number === previousLogNumber)
    .sort((left, right) => left.number - right.number)
    .map(({ name }) => name)
}

/** A batch as LevelDB logs it: sequence number (8), count (4), then kind, key, and value of each change. */
function batchEntries(record: Buffer): readonly IndexEntry[] {
  const cursor = new ByteCursor(record, batchHeaderBytes)
  const entries: IndexEntry[] = []
  while (!cursor.atEnd) {
    const kind = cursor.take(1)[0]
    const key = cursor.text()
    const value = kind === putKind ? cursor.text() : undefined
    if (!cursor.failed) entries.push({ key, value })
  }
  return entries
}
