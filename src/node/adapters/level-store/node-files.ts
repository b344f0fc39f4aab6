import { fdatasync, fdatasyncSync, writev, writevSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, realpath, rename, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { assert } from '../../../shared/assert.ts'
import type { Files, OpenFile, OpenMode } from './files.ts'
import { systemCode } from './files.ts'

/** A write into the page cache of at most this many bytes is cheaper than the trip to a thread and back. */
const immediateWriteBytesMax = 32 * 1024

const flagsOf: Readonly<Record<OpenMode, string>> = { read: 'r', write: 'r+', create: 'wx+' }

/** The host's file system. */
export const nodeFiles: Files = {
  async open(path, mode) {
    return nodeFile(await open(path, flagsOf[mode], 0o600))
  },
  async readWhole(path) {
    try {
      return await readFile(path)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
  },
  async list(path) {
    try {
      return (await readdir(path)).sort()
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
  },
  async fileSize(path) {
    return (await stat(path)).size
  },
  makeDirectory,
  rename,
  unlink,
  removeDirectory: (path) => rm(path, { recursive: true, force: true }),
  async syncDirectory(path) {
    await using directory = await open(path, 'r')
    await directory.sync()
  },
  realPath: (path) => realpath(path),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

/**
 * With the folders above it. Not by mkdir's own recursion, which never ends where a file system denies that a new folder's parent
 * exists, as /proc does.
 */
async function makeDirectory(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 })
  try {
    await make()
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await make()
  }
}

function nodeFile(handle: FileHandle): OpenFile {
  const { fd } = handle
  return {
    async read(buffer, position) {
      let filled = 0
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    },
    write(buffers, position) {
      const length = totalLength(buffers)
      if (length > immediateWriteBytesMax) return writeAll(fd, buffers, length, position)
      const written = writevSync(fd, buffers, position)
      return written === length ? undefined : writeAll(fd, dropBytes(buffers, written), length - written, position + written)
    },
    datasync(blocking = false) {
      if (!blocking) return datasyncInThread(fd)
      fdatasyncSync(fd)
      return undefined
    },
    async size() {
      return (await handle.stat()).size
    },
    close: () => handle.close(),
  }
}

function datasyncInThread(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}

function writeAll(fd: number, buffers: readonly Uint8Array[], length: number, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    writev(fd, buffers, position, (error, written) => {
      if (error !== null) return reject(error)
      if (written === length) return resolve()
      assert(written > 0, 'a write that succeeds makes progress')
      writeAll(fd, dropBytes(buffers, written), length - written, position + written).then(resolve, reject)
    })
  })
}

function totalLength(buffers: readonly Uint8Array[]): number {
  let length = 0
  for (const buffer of buffers) length += buffer.length
  return length
}

function dropBytes(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = count
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip))
    skip = Math.max(0, skip - buffer.length)
  }
  return rest
}
