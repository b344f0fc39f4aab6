import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'

/** A place that cannot be read. */
export interface ReadFault {
  readonly path: string
  /** Bytes of the file; all of it, and its opening too, unless given. */
  readonly range?: { readonly from: number; readonly to: number }
  readonly code: string
}

/** A file interface whose disk misbehaves on request. */
export class FaultyFiles {
  readonly files: Files
  /** They follow their files through renames. A write over all of a range makes it readable again, as it does on most disks. */
  readFaults: readonly ReadFault[] = []
  /** Bytes that may still be written; undefined: any number. */
  bytesLeft: number | undefined = undefined
  /** Awaited before each read of a file. */
  beforeRead: ((path: string, position: number) => Promise<void> | undefined) | undefined = undefined
  /** The process has no file descriptor left. */
  starved = false
  failSyncs = false
  failWrites = false
  syncs = 0
  #held: Promise<void> | undefined = undefined

  constructor(real: Files) {
    this.files = {
      ...real,
      open: async (path, mode) => {
        this.#failStarved()
        if (mode === 'read') this.#failRead(path, undefined)
        return this.#wrap(path, await real.open(path, mode))
      },
      readWhole: async (path) => {
        this.#failRead(path, { from: 0, to: Number.POSITIVE_INFINITY })
        return await real.readWhole(path)
      },
      syncDirectory: async (path) => {
        this.#failStarved()
        await real.syncDirectory(path)
      },
      rename: async (from, to) => {
        await real.rename(from, to)
        this.#renamed(from, to)
      },
      freeBytes: async (path) => (this.bytesLeft === undefined ? real.freeBytes(path) : Math.max(0, this.bytesLeft)),
    }
  }

  /** No sync completes until the function returned is called. */
  holdSync(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    return () => {
      this.#held = undefined
      resolve()
    }
  }

  #failStarved(): void {
    if (this.starved) throw systemError('EMFILE')
  }

  /** `asked` is undefined for an opening. */
  #failRead(path: string, asked: ReadFault['range']): void {
    for (const { path: faulty, range, code } of this.readFaults) {
      if (path !== faulty) continue
      if (range === undefined || (asked !== undefined && asked.from < range.to && asked.to > range.from)) throw systemError(code)
    }
  }

  #heal(path: string, from: number, to: number): void {
    this.readFaults = this.readFaults.filter(
      ({ path: faulty, range }) => path !== faulty || range === undefined || from > range.from || to < range.to,
    )
  }

  #renamed(from: string, to: string): void {
    const isAt = (path: string, place: string) => path === place || path.startsWith(`${place}/`)
    this.readFaults = this.readFaults
      .filter(({ path }) => !isAt(path, to))
      .map((fault) => (isAt(fault.path, from) ? { ...fault, path: to + fault.path.slice(from.length) } : fault))
  }

  #wrap(path: string, file: OpenFile): OpenFile {
    return {
      read: async (buffer, position) => {
        await this.beforeRead?.(path, position)
        this.#failRead(path, { from: position, to: position + buffer.length })
        return await file.read(buffer, position)
      },
      size: () => file.size(),
      close: () => file.close(),
      write: async (buffers, position) => {
        await this.#write(file, buffers, position)
        this.#heal(path, position, position + buffers.reduce((sum, { length }) => sum + length, 0))
      },
      datasync: async () => {
        this.syncs++
        if (this.failSyncs) throw systemError('EIO')
        await this.#held
        await file.datasync()
      },
    }
  }

  /** Only bytes beyond the end of the file take space, and what does not fit is written in part, as a real disk would. */
  async #write(file: OpenFile, buffers: readonly Uint8Array[], position: number): Promise<void> {
    if (this.failWrites) throw systemError('EIO')
    const data = Buffer.concat(buffers)
    const taken = Math.max(0, position + data.length - Math.max(position, await file.size()))
    if (this.bytesLeft !== undefined && taken > this.bytesLeft) {
      const fitting = data.length - taken + this.bytesLeft
      this.bytesLeft = 0
      if (fitting > 0) await file.write([data.subarray(0, fitting)], position)
      throw systemError('ENOSPC')
    }
    if (this.bytesLeft !== undefined) this.bytesLeft -= taken
    await file.write(buffers, position)
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code })
}
