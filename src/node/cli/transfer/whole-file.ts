import type { FileHandle } from 'node:fs/promises'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { SystemRandom } from '../../adapters/system-random/system-random.ts'
import { toHex } from '../../core/base/bytes.ts'

const bufferBytesMax = 256 * 1024
const uniqueBytes = 8

/**
 * A file that appears whole or not at all: written beside its place under a name that nobody has, synced, then renamed. Left without
 * `commit` nothing of it remains, and what stood at its place stands there still.
 */
export class WholeFile implements AsyncDisposable {
  readonly #path: string
  readonly #partial: string
  readonly #handle: FileHandle
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #bytes = 0
  #open = true

  private constructor(path: string, partial: string, handle: FileHandle) {
    this.#path = path
    this.#partial = partial
    this.#handle = handle
  }

  /** Throws CodedError `invalid-argument` when nothing can be written there, before anybody goes to fetch what is to be written. */
  static async create(path: string): Promise<WholeFile> {
    return await orUnwritable(path, async () => {
      await assertReplaceable(path)
      const partial = join(dirname(path), `.memo-${toHex(new SystemRandom().bytes(uniqueBytes))}.partial`)
      return new WholeFile(path, partial, await open(partial, 'wx'))
    })
  }

  /** What was written so far. */
  get bytes(): number {
    return this.#bytes
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#waiting.push(piece)
    this.#waitingBytes += piece.length
    this.#bytes += piece.length
    if (this.#waitingBytes >= bufferBytesMax) await orUnwritable(this.#path, () => this.#flush())
  }

  async commit(): Promise<void> {
    await orUnwritable(this.#path, async () => {
      await this.#flush()
      await this.#handle.sync()
      await this.#handle.close()
      await rename(this.#partial, this.#path)
    })
    this.#open = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#handle.close().catch(() => {}) // of a commit that failed after it
    await rm(this.#partial, { force: true })
  }

  async #flush(): Promise<void> {
    const pieces = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    if (pieces.length > 0) await this.#handle.writeFile(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces))
  }
}

/** The file that --output names; undefined for standard output, which is also "-". */
export async function outputFile(path: string | undefined): Promise<WholeFile | undefined> {
  return path === undefined || path === '-' ? undefined : await WholeFile.create(path)
}

/** A rename would put a file in the place of a device or pipe, and fails on a folder only when all the work is done. */
async function assertReplaceable(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw new CodedError('invalid-argument', `cannot write ${path}: it is not a regular file`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function orUnwritable<Result>(path: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw new CodedError('invalid-argument', `cannot write ${path}: ${(error as Error).message}`, { cause: error })
  }
}
