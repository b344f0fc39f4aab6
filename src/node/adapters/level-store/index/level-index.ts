/** LevelDB as the store uses it: bytes in, bytes out, every batch synced, never repaired. */

import { ClassicLevel } from 'classic-level'

export interface IndexChange {
  readonly key: Uint8Array
  /** Undefined removes the key. */
  readonly value: Uint8Array | undefined
}

export interface KeyRange {
  readonly gt?: Uint8Array
  readonly gte?: Uint8Array
  readonly lt: Uint8Array
}

export interface LevelIndexOptions {
  readonly cacheBytes: number
  readonly writeBufferBytes: number
}

/** Beyond every key of the store: compacting it moves nothing, but LevelDB first writes its buffer into a table. */
const beyondAllKeys = { from: Buffer.from([0xfe]), to: Buffer.from([0xff]) }
const pageRecordsMax = 1000

export class LevelIndex {
  readonly #level: ClassicLevel<Uint8Array, Buffer>

  constructor(directory: string, { cacheBytes, writeBufferBytes }: LevelIndexOptions) {
    this.#level = new ClassicLevel(directory, {
      keyEncoding: 'view',
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

  getSync(key: Uint8Array): Buffer | undefined {
    return this.#level.getSync(key)
  }

  get(key: Uint8Array): Promise<Buffer | undefined> {
    return this.#level.get(key)
  }

  getMany(keys: Uint8Array[]): Promise<readonly (Buffer | undefined)[]> {
    return this.#level.getMany(keys)
  }

  /** Resolves when the batch survives a power loss. */
  async write(changes: readonly IndexChange[]): Promise<void> {
    const batch = this.#level.batch()
    for (const { key, value } of changes) {
      if (value === undefined) batch.del(key)
      else batch.put(key, value as Buffer)
    }
    await batch.write({ sync: true })
  }

  /** Records of a range in pages of at most `pageRecords`; all of them as of the call. */
  async *pages(
    range: KeyRange,
    options: { readonly reverse?: boolean; readonly pageRecords?: number; readonly pageBytes?: number } = {},
  ): AsyncGenerator<readonly (readonly [Buffer, Buffer])[], void, void> {
    const { reverse = false, pageRecords = pageRecordsMax, pageBytes = 1024 * 1024 } = options
    const iterator = this.#level.iterator<Buffer, Buffer>({
      ...range,
      reverse,
      highWaterMarkBytes: pageBytes,
      keyEncoding: 'buffer',
    } as never)
    try {
      for (;;) {
        const page = await iterator.nextv(pageRecords)
        if (page.length === 0) return
        yield page
      }
    } finally {
      await iterator.close()
    }
  }

  /** Resolves when everything written before the call lies in tables. */
  flushToTables(): Promise<void> {
    return this.#level.compactRange(beyondAllKeys.from, beyondAllKeys.to)
  }
}
