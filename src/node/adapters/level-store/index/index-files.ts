/**
 * LevelDB's folder seen from outside: which tables are live, and whether every block of them verifies. LevelDB itself checks no
 * block when it reads one, serves older values where a block lost its entries, and ends the process where its assertions fail.
 */

import { join } from 'node:path'
import { CodedError } from '../../../../shared/coded-error.ts'
import type { Files } from '../files.ts'
import { systemCode } from '../files.ts'
import type { TolerantBytes, UnreadableRange } from '../tolerant-file.ts'
import { readTolerant } from '../tolerant-file.ts'
import { readLogRecords } from './log-records.ts'
import { checkTable } from './table-check.ts'
import type { LiveFiles, LiveTable } from './version-edits.ts'
import { applyEdits } from './version-edits.ts'

export interface IndexDamage {
  readonly file: string
  readonly offset: number
  readonly reason: string
}

export interface IndexCheck {
  readonly damage: readonly IndexDamage[]
  /** Of LevelDB's logs: what the journal makes good when a start has put them right. */
  readonly unreadableLogs: readonly IndexDamage[]
  readonly tables: number
  readonly bytes: number
}

export type ManifestReading =
  | { readonly kind: 'read'; readonly files: LiveFiles }
  | { readonly kind: 'damaged'; readonly damage: IndexDamage }

/** Tables read at once: the next ones come from the disk while one is being verified. */
const tablesAtOnce = 4
const currentName = 'CURRENT'
const logPattern = /^\d+\.log$/
const currentPattern = /^(MANIFEST-\d+)\n$/
export const missingReason = 'the file is missing'
/** How often a list is read again that a running LevelDB changed meanwhile. */
const attemptsMax = 5

export function damageText({ file, offset, reason }: IndexDamage): string {
  return `index: ${file} at ${offset}: ${reason}`
}

export function tableName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`
}

export async function readManifest(files: Files, folder: string): Promise<ManifestReading> {
  const current = await readFileOf(files, folder, currentName)
  if ('damage' in current) return { kind: 'damaged', damage: current.damage }
  const manifest = currentPattern.exec(current.bytes.toString('latin1'))?.[1]
  if (manifest === undefined) return damaged(currentName, 0, 'it names no MANIFEST')
  return readManifestFile(files, folder, manifest)
}

export async function readManifestFile(files: Files, folder: string, name: string): Promise<ManifestReading> {
  const read = await readFileOf(files, folder, name)
  if ('damage' in read) return { kind: 'damaged', damage: read.damage }
  const { records, damage } = readLogRecords(read.bytes)
  const [first] = damage
  if (first !== undefined) return damaged(name, first.offset, first.reason)
  const live = applyEdits(records)
  return live === undefined ? damaged(name, read.bytes.length, 'it is not a whole list of tables') : { kind: 'read', files: live }
}

async function readFileOf(
  files: Files,
  folder: string,
  file: string,
): Promise<{ readonly bytes: Buffer } | { readonly damage: IndexDamage }> {
  const read = await readIndexFile(files, folder, file)
  if (read === undefined) return { damage: { file, offset: 0, reason: missingReason } }
  const [first] = read.unreadable
  return first === undefined ? read : { damage: unreadableDamage(file, first) }
}

function damaged(file: string, offset: number, reason: string): ManifestReading {
  return { kind: 'damaged', damage: { file, offset, reason } }
}

/** Of a LevelDB at rest or at work: a table that is gone or damaged counts only while the list still names it. */
export async function checkIndexFiles(files: Files, folder: string, signal?: AbortSignal): Promise<IndexCheck> {
  const sound = new Set<number>()
  let bytes = 0
  for (let attempt = 1; ; attempt++) {
    const reading = await readManifest(files, folder)
    if (reading.kind === 'damaged') {
      if (attempt < attemptsMax && reading.damage.reason === missingReason) continue
      return { damage: [reading.damage], unreadableLogs: [], tables: sound.size, bytes }
    }
    const unseen = reading.files.tables.filter(({ number }) => !sound.has(number))
    const damage = (await checkTables(files, folder, unseen, signal)).flatMap(({ table, found }) => {
      if (found.length > 0) return found
      sound.add(table.number)
      bytes += table.size
      return []
    })
    if (damage.length === 0 || attempt >= attemptsMax || (await stillLive(files, folder, damage))) {
      return { damage, unreadableLogs: await checkLogs(files, folder), tables: sound.size, bytes }
    }
  }
}

/** What a log holds is told by the markers, once LevelDB has read it; here only whether it can be read. */
async function checkLogs(files: Files, folder: string): Promise<readonly IndexDamage[]> {
  const found: IndexDamage[] = []
  for (const file of ((await files.list(folder)) ?? []).filter((name) => logPattern.test(name))) {
    const read = await readIndexFile(files, folder, file)
    for (const range of read?.unreadable ?? []) found.push(unreadableDamage(file, range))
  }
  return found
}

/** Whether all of the tables in which damage was found are still listed. */
export async function stillLive(files: Files, folder: string, damage: readonly IndexDamage[]): Promise<boolean> {
  const reading = await readManifest(files, folder)
  if (reading.kind === 'damaged') return true
  const live = new Set(reading.files.tables.map(({ number }) => tableName(number)))
  return damage.every(({ file }) => live.has(file))
}

interface CheckedTable {
  readonly table: LiveTable
  readonly found: readonly IndexDamage[]
}

async function checkTables(
  files: Files,
  folder: string,
  tables: readonly LiveTable[],
  signal: AbortSignal | undefined,
): Promise<readonly CheckedTable[]> {
  const checked: CheckedTable[] = []
  let next = 0
  const worker = async () => {
    let buffer = Buffer.alloc(0)
    for (let table = tables[next++]; table !== undefined; table = tables[next++]) {
      if (signal?.aborted === true) throw new CodedError('cancelled', 'the check of the index was given up')
      if (buffer.length < table.size + 1) buffer = Buffer.allocUnsafeSlow(table.size + 1)
      checked.push({ table, found: await checkTableFile(files, folder, table, buffer) })
    }
  }
  await Promise.all(Array.from({ length: tablesAtOnce }, worker))
  return checked
}

/** The buffer has room for a byte more than the table should have. */
export async function checkTableFile(
  files: Files,
  folder: string,
  { number, size }: LiveTable,
  buffer: Buffer,
): Promise<readonly IndexDamage[]> {
  const file = tableName(number)
  const read = await readIndexFile(files, folder, file, buffer.subarray(0, size + 1))
  if (read === undefined) return [{ file, offset: 0, reason: missingReason }]
  if (read.unreadable.length > 0) return read.unreadable.map((range) => unreadableDamage(file, range))
  return checkTable(read.bytes, size).map((each) => ({ file, ...each }))
}

/** As many bytes as the buffer has, or all; undefined where there is no such file. */
export async function readIndexFile(
  files: Files,
  folder: string,
  name: string,
  buffer?: Buffer,
): Promise<TolerantBytes | undefined> {
  try {
    return await readTolerant(files, join(folder, name), buffer)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

export function unreadableDamage(file: string, { from, to, code }: UnreadableRange): IndexDamage {
  return { file, offset: from, reason: `it cannot be read up to ${to} (${code})` }
}
