import { constants } from 'node:fs'
import { chmod, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { toHex } from '../../core/base/bytes.ts'

export const privateFileMode = 0o600
const privateDirectoryMode = 0o700
/** Whatever group and others may do. */
const foreignBits = 0o077
const unfinishedEnding = '.new'

/** Makes the directory for the owner alone, durable, or takes the rights of others away from an existing one. */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: privateDirectoryMode })
  if (made !== undefined) for (const parent of new Set([dirname(path), dirname(made)])) await syncDirectory(parent)
  if (((await stat(path)).mode & foreignBits) !== 0) await chmod(path, privateDirectoryMode)
}

/**
 * Makes a file that only its owner may read, whole or not at all, durable when it resolves. False when a file of that name exists,
 * which is left as it is: the finished file is linked to its name, which fails where a rename would replace.
 */
export async function createPrivateFile(path: string, bytes: Uint8Array, uniqueBytes: Uint8Array): Promise<boolean> {
  const directory = dirname(path)
  const unfinished = join(directory, `.${basename(path)}.${toHex(uniqueBytes)}${unfinishedEnding}`)
  try {
    await using file = await open(unfinished, 'wx', privateFileMode)
    await file.writeFile(bytes)
    await file.sync()
    await link(unfinished, path)
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(unfinished, { force: true })
  }
  await syncDirectory(directory)
  return true
}

/** Removes what interrupted creations of this file left behind. */
export async function removeUnfinished(path: string): Promise<void> {
  const directory = dirname(path)
  for (const name of await readdir(directory)) {
    const isUnfinished = name.startsWith(`.${basename(path)}.`) && name.endsWith(unfinishedEnding)
    if (isUnfinished) await rm(join(directory, name), { force: true })
  }
}

/** The bytes and permission bits of a file of at most `bytesMax`; undefined when there is none. */
export async function readPrivateFile(
  path: string,
  bytesMax: number,
): Promise<{ readonly bytes: Uint8Array; readonly mode: number } | undefined> {
  try {
    // Opening a pipe that nobody writes to would wait for ever. Windows has no such flag.
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const found = await file.stat()
    if (!found.isFile()) throw new Error(`it is ${found.isDirectory() ? 'a folder' : 'a pipe or a device'}, not a regular file`)
    if (found.size > bytesMax) throw new RangeError(`it is larger than ${bytesMax} bytes`)
    return { bytes: new Uint8Array(await file.readFile()), mode: found.mode & 0o777 }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export function isOpenToOthers(mode: number): boolean {
  return (mode & foreignBits) !== 0
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r')
  await directory.sync()
}
