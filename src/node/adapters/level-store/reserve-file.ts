/**
 * Real bytes that are held for the day when somebody else fills the disk: a file that is given up, so that removals, the index and a
 * start have room, and made again when there is room. It holds noise, because a file system that compresses would keep nothing of zeros.
 */

import { join } from 'node:path'
import type { Random } from '../../ports/random.ts'
import type { Files } from './files.ts'
import { systemCode } from './files.ts'
import { isFullCode } from './store-files.ts'

const reserveName = 'reserve'
const unfinishedName = `${reserveName}.new`
const fillBytes = 1024 * 1024
const drawBytesMax = 64 * 1024

export interface ReserveFileOptions {
  readonly files: Files
  readonly directory: string
  readonly random: Random
  /** Size of the file. */
  readonly bytes: number
  readonly onGivenUp: (bytes: number) => void
}

export class ReserveFile {
  readonly #options: ReserveFileOptions
  #heldBytes = 0
  /** One change of the file at a time. */
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(options: ReserveFileOptions) {
    this.#options = options
  }

  /** As the last one who had the directory open left it. */
  static async find(options: ReserveFileOptions): Promise<ReserveFile> {
    const reserve = new ReserveFile(options)
    const { files, directory } = options
    const names = (await files.list(directory)) ?? []
    if (names.includes(reserveName)) reserve.#heldBytes = await files.fileSize(join(directory, reserveName))
    return reserve
  }

  /** Size of the file when it is whole. */
  get bytes(): number {
    return this.#options.bytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Bytes that are to be held and are not. */
  get owedBytes(): number {
    return Math.max(0, this.bytes - this.#heldBytes)
  }

  /** The room is there when it resolves. */
  giveUp(): Promise<void> {
    return this.#change(async () => {
      const { files, directory, onGivenUp } = this.#options
      const names = (await files.list(directory)) ?? []
      const present = [reserveName, unfinishedName].filter((name) => names.includes(name))
      if (present.length === 0) return
      for (const name of present) await files.unlink(join(directory, name))
      const bytes = this.#heldBytes
      this.#heldBytes = 0
      // Some file systems free the blocks only with this.
      await files.syncDirectory(directory)
      if (bytes > 0) onGivenUp(bytes)
    })
  }

  /** Makes the file; false without room for it, and then nothing is left behind. */
  make(): Promise<boolean> {
    return this.#change(async () => {
      if (this.#heldBytes === this.bytes) return true
      const { files, directory } = this.#options
      const names = (await files.list(directory)) ?? []
      for (const name of [reserveName, unfinishedName]) if (names.includes(name)) await files.unlink(join(directory, name))
      this.#heldBytes = 0
      const path = join(directory, unfinishedName)
      try {
        await this.#fill(path)
        await files.rename(path, join(directory, reserveName))
        await files.syncDirectory(directory)
      } catch (error) {
        if (!isFullCode(systemCode(error))) throw error
        if ((await files.list(directory))?.includes(unfinishedName) === true) await files.unlink(path)
        return false
      }
      this.#heldBytes = this.bytes
      return true
    })
  }

  async #fill(path: string): Promise<void> {
    const { files, random, bytes } = this.#options
    const noise = noiseOf(random, Math.min(fillBytes, bytes))
    const file = await files.open(path, 'create')
    try {
      for (let at = 0; at < bytes; at += noise.length) {
        await file.write([noise.subarray(0, Math.min(noise.length, bytes - at))], at)
      }
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  #change<Result>(run: () => Promise<Result>): Promise<Result> {
    const changed = this.#changing.then(run)
    this.#changing = changed.catch(() => undefined)
    return changed
  }
}

function noiseOf(random: Random, bytes: number): Uint8Array {
  const noise = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += drawBytesMax) noise.set(random.bytes(Math.min(drawBytesMax, bytes - at)), at)
  return noise
}
