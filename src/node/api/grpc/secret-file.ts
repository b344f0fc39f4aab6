import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'

const ownerOnly = 0o600
const othersMask = 0o077
/** Certificates, keys and tokens are far smaller. */
const fileBytesMax = 1024 * 1024
/** Opening a pipe that nobody writes to would wait for ever. Windows has no such flag. */
const withoutWaiting = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Writes a file that only its owner can read, durable when it resolves. False: there is one already. */
export async function createFile(path: string, text: string, mode: number = ownerOnly): Promise<boolean> {
  try {
    await using file = await open(path, 'wx', mode)
    await file.writeFile(text)
    await file.sync()
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new CodedError('store-unwritable', `cannot write ${path}: ${reasonOf(error)}`, { cause: error })
  }
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
  return true
}

/** The text of a file that others must not be able to read. */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readPlainFile(path)
  const { mode } = await stat(path)
  if (process.platform !== 'win32' && (mode & othersMask) !== 0) {
    const permissions = (mode & 0o777).toString(8)
    throw new CodedError('key-unavailable', `${path} can be read by others (mode ${permissions}): chmod 600 it`)
  }
  return text
}

export async function readPlainFile(path: string): Promise<string> {
  try {
    await using file = await open(path, withoutWaiting)
    const found = await file.stat()
    if (!found.isFile()) throw new Error(`it is ${found.isDirectory() ? 'a folder' : 'a pipe or a device'}, not a regular file`)
    if (found.size > fileBytesMax) throw new Error(`it is larger than ${fileBytesMax} bytes`)
    return await file.readFile('utf8')
  } catch (error) {
    throw new CodedError('key-unavailable', `cannot read ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
