/** LevelDB as the store uses it: bytes in, bytes out, every batch synced, never repaired. */

import { ClassicLevel } from 'classic-level'
import { CodedError } from '../../../../shared/coded-error.ts'
import type { OverlayEntry } from '../overlay.ts'
import { isCorruption, thrownOfLevel } from './level-failure.ts'

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

export interface PageOptions {
  readonly reverse?: boolean
  readonly pageRecords?: number
  readonly pageBytes?: number
  /** Called in the moment of which the pages are. */
  readonly onSnapshot?: () => void
}

export interface LevelIndexOptions {
  readonly cacheBytes: number
  readonly writeBufferBytes: number
}

/** Beyond every key of the store: compacting it moves nothing, but LevelDB first writes its buffer into a table. */
const beyondAllKeys = { from: Buffer.from([0xfe]), to: Buffer.from([0xff]) }
const pageRecordsMax = 1000

/** Look-ups that go together. */
const gatheredMax = 1000

/** Look-ups that were asked for since the thread last came to rest, and what is found for each; undefined: one of them failed. */
interface Gathered {
  readonly keys: Buffer[]
  readonly found: Promise<readonly (Buffer | undefined)[] | undefined>
}

export class LevelIndex {
  readonly #directory: string
  readonly #level: ClassicLevel<Buffer, Buffer>
  /** Calls that LevelDB has not answered, and iterators that are open. */
  #users = 0
  #unused: (() => void) | undefined
  #reopening: Promise<void> | undefined
  /** Resolves when the reopening begins that waits for the last user. */
  #reopenDue: Promise<void> | undefined
  #gathered: Gathered | undefined

  #onDamage: (error: CodedError) => void = () => undefined

  constructor(directory: string, { cacheBytes, writeBufferBytes }: LevelIndexOptions) {
    this.#directory = directory
    this.#level = new ClassicLevel(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: cacheBytes,
      writeBufferSize: writeBufferBytes,
    })
  }

  /** Told whenever somebody meets damage of the files. */
  watchDamage(onDamage: (error: CodedError) => void): void {
    this.#onDamage = onDamage
  }

  open(createIfMissing: boolean): Promise<void> {
    return this.#level.open({ createIfMissing })
  }

  close(): Promise<void> {
    return this.#level.close()
  }

  /** While it is, nothing can be read at once. */
  get isReopening(): boolean {
    return this.#reopening !== undefined
  }

  /**
   * Closes LevelDB and opens it again, as soon as nobody uses it; whoever wants to walk through it meanwhile waits. After a write that failed LevelDB's log
   * may end inside a record, and a LevelDB that could not sync or write a table takes no more writes: it starts new files.
   */
  async reopen(): Promise<void> {
    let begin = () => {}
    this.#reopenDue = new Promise<void>((resolve) => {
      begin = resolve
    })
    while (this.#users > 0) {
      await new Promise<void>((resolve) => {
        this.#unused = resolve
      })
    }
    this.#reopening = this.#closeAndOpen()
    this.#reopenDue = undefined
    begin()
    try {
      await this.#reopening
    } catch (error) {
      throw thrownOfLevel(this.#directory, error)
    } finally {
      this.#reopening = undefined
    }
  }

  getSync(key: Buffer): Buffer | undefined {
    try {
      return this.#level.getSync(key)
    } catch (error) {
      throw this.#thrown(error)
    }
  }

  /** What is asked for in one go is fetched in one trip through the thread pool; where that fails, each alone. */
  async get(key: Buffer): Promise<Buffer | undefined> {
    const open = this.#gathered
    const gathered = open === undefined || open.keys.length >= gatheredMax ? this.#gather() : open
    const place = gathered.keys.push(key) - 1
    const found = await gathered.found
    return found === undefined ? await this.#use(() => this.#level.get(key)) : found[place]
  }

  getMany(keys: Buffer[]): Promise<readonly (Buffer | undefined)[]> {
    return this.#use(() => this.#level.getMany(keys))
  }

  #gather(): Gathered {
    const keys: Buffer[] = []
    const found = Promise.resolve().then(() => {
      if (this.#gathered === gathered) this.#gathered = undefined
      return this.getMany(keys).catch(() => undefined)
    })
    const gathered = { keys, found }
    this.#gathered = gathered
    return gathered
  }

  /** Resolves when the batch survives a power loss. */
  write(changes: readonly IndexChange[]): Promise<void> {
    return this.#use(() => {
      // One call for each record costs less than half of handing over a list of them.
      const batch = this.#level.batch()
      for (const { key, value } of changes) {
        if (value === undefined) batch.del(key)
        else batch.put(key, value)
      }
      return batch.write({ sync: true })
    })
  }

  /** Records of a range in pages of at most `pageRecords`; all of them as of the first one that is asked for. */
  async *pages(range: KeyRange, options: PageOptions = {}): AsyncGenerator<readonly (readonly [Buffer, Buffer])[], void, void> {
    const { reverse = false, pageRecords = pageRecordsMax, pageBytes = 1024 * 1024, onSnapshot } = options
    // One walk after the other would keep it in use for ever. Single look-ups go on: a walk may be waiting for one.
    while (this.#reopenDue !== undefined || this.#reopening !== undefined) {
      await this.#reopenDue
      await this.#reopened()
    }
    this.#users++
    onSnapshot?.()
    const iterator = this.#level.iterator({ ...range, reverse, highWaterMarkBytes: pageBytes })
    try {
      for (;;) {
        const page = await iterator.nextv(pageRecords)
        if (page.length === 0) return
        yield page
      }
    } catch (error) {
      throw this.#thrown(error)
    } finally {
      await iterator.close()
      this.#leave()
    }
  }

  /** Resolves when everything written before the call lies in tables. */
  async flushToTables(): Promise<void> {
    await this.#use(() => this.#level.compactRange(beyondAllKeys.from, beyondAllKeys.to))
    // LevelDB does not tell of a table that it could not write, but takes no write after it.
    await this.write([{ key: beyondAllKeys.from, value: undefined }])
  }

  async #closeAndOpen(): Promise<void> {
    await this.#level.close()
    await this.#level.open({ createIfMissing: false })
  }

  /** What became of it is told by the call that comes after it. */
  async #reopened(): Promise<void> {
    while (this.#reopening !== undefined) await this.#reopening.catch(() => undefined)
  }

  async #use<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#reopening !== undefined) await this.#reopened()
    this.#users++
    try {
      return await run()
    } catch (error) {
      throw this.#thrown(error)
    } finally {
      this.#leave()
    }
  }

  #leave(): void {
    this.#users--
    if (this.#users === 0) this.#unused?.()
  }

  #thrown(error: unknown): unknown {
    const thrown = thrownOfLevel(this.#directory, error)
    if (thrown instanceof CodedError && isCorruption(thrown)) this.#onDamage(thrown)
    return thrown
  }
}
