/**
 * LevelDB's folder seen from outside: which tables are live, and whether every block of them verifies. LevelDB itself checks no
 * block when it reads one, serves older values where a block lost its entries, and ends the process where its assertions fail.
 */

import { join } from 'node:path'
import { CodedError } from '../../../../shared/coded-error.ts'
import type { Files } from '../files.ts'
import { systemCode } from '../files.ts'
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
  readonly tables: number
  readonly bytes: number
}

export type ManifestReading =
  | { readonly kind: 'read'; readonly files: LiveFiles }
  | { readonly kind: 'damaged'; readonly damage: IndexDamage }

/** Tables read at once: the next ones come from the disk while one is being verified. */
const tablesAtOnce = 4
const currentName = 'CURRENT'
const currentPattern = /^(MANIFEST-\d+)\n$/
/** How often a list is read again that a running LevelDB changed meanwhile. */
const attemptsMax = 5

export function damageText({ file, offset, reason }: IndexDamage): string {
  return `index: ${file} at ${offset}: ${reason}`
}

export function tableName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`
}

export async function readManifest(files: Files, folder: string): Promise<ManifestReading> {
  const current = await files.readWhole(join(folder, currentName))
  if (current === undefined) return damaged(currentName, 0, 'the file is missing')
  const manifest = currentPattern.exec(Buffer.from(current).toString('latin1'))?.[1]
  if (manifest === undefined) return damaged(currentName, 0, 'it names no MANIFEST')
  return readManifestFile(files, folder, manifest)
}

export async function readManifestFile(files: Files, folder: string, name: string): Promise<ManifestReading> {
  const bytes = await files.readWhole(join(folder, name))
  if (bytes === undefined) return damaged(name, 0, 'the file is missing')
  const { records, damage } = readLogRecords(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  const [first] = damage
  if (first !== undefined) return damaged(name, first.offset, first.reason)
  const live = applyEdits(records)
  return live === undefined ? damaged(name, bytes.length, 'it is not a whole list of tables') : { kind: 'read', files: live }
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
      if (attempt < attemptsMax && reading.damage.reason === 'the file is missing') continue
      return { damage: [reading.damage], tables: sound.size, bytes }
    }
    const unseen = reading.files.tables.filter(({ number }) => !sound.has(number))
    const damage = (await checkTables(files, folder, unseen, signal)).flatMap(({ table, found }) => {
      if (found.length > 0) return found
      sound.add(table.number)
      bytes += table.size
      return []
    })
    if (damage.length === 0 || attempt >= attemptsMax || (await stillLive(files, folder, damage))) {
      return { damage, tables: sound.size, bytes }
    }
  }
}

async function stillLive(files: Files, folder: string, damage: readonly IndexDamage[]): Promise<boolean> {
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
      const file = tableName(table.number)
      const read = await readTable(files, join(folder, file), buffer)
      const found = typeof read === 'string' ? [{ offset: 0, reason: read }] : checkTable(buffer.subarray(0, read), table.size)
      checked.push({ table, found: found.map((each) => ({ file, ...each })) })
    }
  }
  await Promise.all(Array.from({ length: tablesAtOnce }, worker))
  return checked
}

/** Bytes read into the buffer, at most its length, or why there are none. */
export async function readTable(files: Files, path: string, buffer: Buffer): Promise<number | string> {
  try {
    const file = await files.open(path, 'read')
    try {
      return await file.read(buffer, 0)
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return code === 'ENOENT' ? 'the file is missing' : `it cannot be read (${code})`
  }
}
