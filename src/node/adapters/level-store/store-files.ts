/**
 * The small files beside journal and index. `FORMAT` says who may read the directory and is read before anything else is opened;
 * `store` holds the identity. Both are replaced whole: written aside, synced, renamed, the directory synced.
 */

import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import type { Files } from './files.ts'
import { mediaErrorCode, systemCode } from './files.ts'
import { storeFormat } from './store-format.ts'

const formatName = 'FORMAT'
export const identityName = 'store'
const pidName = 'pid'
export const journalName = 'journal'
export const indexName = 'index'

const formatSchema = z.object({ format: z.int().positive(), madeBy: z.string() })

const hexBytes = (count: number) => z.string().regex(new RegExp(`^[0-9a-f]{${count * 2}}$`))
const identitySchema = z.object({
  storeId: hexBytes(16),
  salt: hexBytes(8),
  bootCount: z.int().nonnegative(),
  /** The highest sequence number known durable when this was written. */
  provenThrough: z.int().nonnegative(),
  /** What was found missing; a store with findings is suspect until it is recovered. */
  findings: z.array(z.string()),
})

export interface StoreFile {
  readonly storeId: Uint8Array
  readonly salt: Uint8Array
  readonly bootCount: number
  readonly provenThrough: number
  readonly findings: readonly string[]
}

/** The directory's format, as FORMAT says; undefined where it holds no store yet. */
export async function checkFormat(files: Files, directory: string): Promise<number | undefined> {
  const bytes = await readSmallFile(files, directory, formatName)
  if (bytes === undefined) {
    if ((await files.list(directory))?.includes(identityName) !== true) return undefined
    throw damaged(directory, formatName, 'the file is missing')
  }
  const [body = '', sum] = Buffer.from(bytes).toString('utf8').split('\n')
  const parsed = formatSchema.safeParse(parseJson(body))
  if (!parsed.success) throw damaged(directory, formatName, 'the file is not readable')
  const { format, madeBy } = parsed.data
  // A newer format may check itself otherwise.
  if (format <= storeFormat && sum !== checksumLine(body))
    throw damaged(directory, formatName, 'the file does not match its checksum')
  if (format <= storeFormat) return format
  throw new CodedError(
    'store-newer-format',
    `${directory} has format ${format}, written by ${madeBy}; this version reads formats up to ${storeFormat}. Start it with ${madeBy} or newer.`,
    { details: { directory, format, madeBy } },
  )
}

export async function writeFormat(files: Files, directory: string, format: number, madeBy = 'memo'): Promise<void> {
  const body = JSON.stringify({ format, madeBy })
  await replaceFile(files, directory, formatName, `${body}\n${checksumLine(body)}\n`)
}

/** The identity, or undefined where there is none yet. */
export async function readStoreFile(files: Files, directory: string): Promise<StoreFile | undefined> {
  const bytes = await readSmallFile(files, directory, identityName)
  if (bytes === undefined) return undefined
  const [body = '', sum = ''] = Buffer.from(bytes).toString('utf8').split('\n')
  const parsed = identitySchema.safeParse(parseJson(body))
  if (!parsed.success || sum !== checksumLine(body))
    throw damaged(directory, identityName, 'the file does not match its checksum')
  const { storeId, salt, bootCount, provenThrough, findings } = parsed.data
  return { storeId: fromHex(storeId) ?? storeIdNone, salt: fromHex(salt) ?? storeIdNone, bootCount, provenThrough, findings }
}

const storeIdNone = new Uint8Array(0)

export async function writeStoreFile(files: Files, directory: string, file: StoreFile): Promise<void> {
  const body = JSON.stringify({ ...file, storeId: toHex(file.storeId), salt: toHex(file.salt) })
  await replaceFile(files, directory, identityName, `${body}\n${checksumLine(body)}\n`)
}

export async function writePid(files: Files, directory: string, pid: number): Promise<void> {
  await replaceFile(files, directory, pidName, `${pid}\n`)
}

export async function readPid(files: Files, directory: string): Promise<number | undefined> {
  const bytes = await readSmallFile(files, directory, pidName).catch((error: unknown) => {
    if (!isCoded(error, 'store-damaged')) throw error
    return undefined
  })
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim()
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

async function readSmallFile(files: Files, directory: string, name: string): Promise<Uint8Array | undefined> {
  try {
    return await files.readWhole(join(directory, name))
  } catch (error) {
    const code = mediaErrorCode(error)
    throw code === undefined ? error : damaged(directory, name, `the file cannot be read (${code})`, error)
  }
}

export function damaged(directory: string, name: string, reason: string, cause?: unknown): CodedError {
  return new CodedError('store-damaged', `${join(directory, name)}: ${reason}`, {
    details: { file: name },
    ...(cause !== undefined && { cause }),
  })
}

/** How a disk, a quota or a file system says that nothing more fits. */
const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export function isFullCode(code: string | undefined): boolean {
  return code !== undefined && fullCodes.has(code)
}

/** Makes an error of the file system a sentence that says what to do. */
export function unwritable(directory: string, error: unknown, code: string | undefined = systemCode(error)): unknown {
  const reason = code === undefined ? undefined : reasons.get(code)
  if (code === undefined || reason === undefined) return error
  const kind = isFullCode(code) ? 'storage-full' : code === 'EIO' ? 'store-damaged' : 'store-unwritable'
  return new CodedError(kind, `${directory}: ${reason}`, { details: { directory }, cause: error })
}

const reasons = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota of this user is used up'],
  ['EFBIG', 'a file may not grow any further; see LimitFSIZE and ulimit -f'],
  ['ENOMEM', 'this computer has no memory left'],
  ['EACCES', 'this user may not read and write the directory'],
  ['EPERM', 'this user may not read and write the directory'],
  ['EIO', 'the disk cannot read or write a part of it; see the log of the system, and recover from a copy'],
  ['EROFS', 'the file system is read-only'],
  ['ENOTDIR', 'the path, or a part of it, is a file and not a directory'],
  ['ENOENT', 'no folder can be made at this path'],
  ['EEXIST', 'the path is a file and not a directory'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['EMFILE', 'this process may open no more files; see LimitNOFILE and ulimit -n'],
  ['ENFILE', 'this computer has no more files to open'],
  ['ELOOP', 'the path runs in a circle of links'],
])

export async function replaceFile(files: Files, directory: string, name: string, content: string | Buffer): Promise<void> {
  const aside = join(directory, `${name}.new`)
  if ((await files.list(directory))?.includes(`${name}.new`) === true) await files.unlink(aside)
  const file = await files.open(aside, 'create')
  try {
    await file.write([typeof content === 'string' ? Buffer.from(content, 'utf8') : content], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await files.rename(aside, join(directory, name))
  await files.syncDirectory(directory)
}

function checksumLine(body: string): string {
  return crc32(body).toString(16).padStart(8, '0')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
