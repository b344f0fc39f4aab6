/** LevelDB as the store uses it: bytes in, bytes out, every batch synced, never repaired. */

import { ClassicLevel } from 'classic-level'
import { CodedError } from '../../../../shared/coded-error.ts'
import { systemCode } from '../files.ts'
import type { OverlayEntry } from '../overlay.ts'

export interface IndexChange {
  readonly key: Buffer
  /** Undefined removes the key. */
  readonly value: Buffer | undefined
  /** The record that the change carries into the index; absent for the store's own facts. */
  readonly entry?: OverlayEntry
  /** There was such a record before. */
  readonly replaces?: boolean
}

export interface KeyRange {
  readonly gt?: Buffer
  readonly gte?: Buffer
  readonly lt: Buffer
}

export interface LevelIndexOptions {
  readonly cacheBytes: number
  readonly writeBufferBytes: number
}

/** Beyond every key of the store: compacting it moves nothing, but LevelDB first writes its buffer into a table. */
const beyondAllKeys = { from: Buffer.from([0xfe]), to: Buffer.from([0xff]) }
const pageRecordsMax = 1000

export class LevelIndex {
  readonly #level: ClassicLevel<Buffer, Buffer>

  constructor(directory: string, { cacheBytes, writeBufferBytes }: LevelIndexOptions) {
    this.#level = new ClassicLevel(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: cacheBytes,
      writeBufferSize: writeBufferBytes,
    })
  }

  open(createIfMissing: boolean): Promise<void> {
    return this.#level.open({ createIfMissing })
  }

  close(): Promise<void> {
    return this.#level.close()
  }

  getSync(key: Buffer): Buffer | undefined {
    try {
      return this.#level.getSync(key)
    } catch (error) {
      throw asDamage(error)
    }
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    try {
      return await this.#level.get(key)
    } catch (error) {
      throw asDamage(error)
    }
  }

  async getMany(keys: Buffer[]): Promise<readonly (Buffer | undefined)[]> {
    try {
      return await this.#level.getMany(keys)
    } catch (error) {
      throw asDamage(error)
    }
  }

  /** Resolves when the batch survives a power loss. */
  async write(changes: readonly IndexChange[]): Promise<void> {
    // One call for each record costs less than half of handing over a list of them.
    const batch = this.#level.batch()
    for (const { key, value } of changes) {
      if (value === undefined) batch.del(key)
      else batch.put(key, value)
    }
    await batch.write({ sync: true })
  }

  /** Records of a range in pages of at most `pageRecords`; all of them as of the call. */
  async *pages(
    range: KeyRange,
    options: { readonly reverse?: boolean; readonly pageRecords?: number; readonly pageBytes?: number } = {},
  ): AsyncGenerator<readonly (readonly [Buffer, Buffer])[], void, void> {
    const { reverse = false, pageRecords = pageRecordsMax, pageBytes = 1024 * 1024 } = options
    const iterator = this.#level.iterator({ ...range, reverse, highWaterMarkBytes: pageBytes })
    try {
      for (;;) {
        const page = await iterator.nextv(pageRecords)
        if (page.length === 0) return
        yield page
      }
    } catch (error) {
      throw asDamage(error)
    } finally {
      await iterator.close()
    }
  }

  /** Resolves when everything written before the call lies in tables. */
  flushToTables(): Promise<void> {
    return this.#level.compactRange(beyondAllKeys.from, beyondAllKeys.to)
  }
}

const damageCodes = new Set(['LEVEL_CORRUPTION', 'LEVEL_IO_ERROR'])
/** LevelDB passes on the words of the system alone. These say nothing of the files. */
const otherFailures = /too many open files|permission denied|not permitted|cannot allocate memory|no space left/i

/** What LevelDB itself finds damaged in its files. */
function asDamage(error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error) || !damageCodes.has(systemCode(cause) ?? '')) return error
  if (otherFailures.test(cause.message)) return error
  return new CodedError('data-corrupt', `index: LevelDB reports damage: ${cause.message}`, { cause: error })
}
