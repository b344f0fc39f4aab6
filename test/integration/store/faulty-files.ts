import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'

/** A file interface whose disk misbehaves on request. */
export class FaultyFiles {
  readonly files: Files
  /** Bytes that may still be written; undefined: any number. */
  bytesLeft: number | undefined = undefined
  failSyncs = false
  failWrites = false
  syncs = 0
  #held: Promise<void> | undefined = undefined

  constructor(real: Files) {
    this.files = {
      ...real,
      open: async (path, mode) => this.#wrap(await real.open(path, mode)),
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

  #wrap(file: OpenFile): OpenFile {
    return {
      read: (buffer, position) => file.read(buffer, position),
      size: () => file.size(),
      close: () => file.close(),
      write: (buffers, position) => this.#write(file, buffers, position),
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
