/** LevelDB as the store uses it: bytes in, bytes out, every batch synced, never repaired. */

import { ClassicLevel } from 'classic-level'
import { CodedError, isCoded } from '../../../../shared/coded-error.ts'
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
  /** Told that LevelDB passed over something which it could not read; without it the walk throws where it learns of that. */
  readonly onDamage?: (error: CodedError) => void
}

export interface LevelIndexOptions {
  readonly cacheBytes: number
  readonly writeBufferBytes: number
}

/** Beyond every key of the store: compacting it moves nothing, but LevelDB first writes its buffer into a table. */
const beyondAllKeys = { from: Buffer.from([0xfe]), to: Buffer.from([0xff]) }
const belowAllKeys = Buffer.from([0])
const pageRecordsMax = 1000

/** Look-ups that go together. */
const gatheredMax = 1000

type Walk = ReturnType<ClassicLevel<Buffer, Buffer>['iterator']>

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
  #damage: CodedError | undefined

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

  /** Set once somebody has met damage of the files: what is not found may be there all the same. */
  get damage(): CodedError | undefined {
    return this.#damage
  }

  meetDamage(error: CodedError): void {
    this.#damage ??= error
    this.#onDamage(error)
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

  /**
   * Records of a range in pages of at most `pageRecords`; all of them as of the first one that is asked for. LevelDB passes over a block
   * that it cannot read and tells of it at the end of the walk, with which the last page is lost: that is walked again one by one.
   */
  async *pages(range: KeyRange, options: PageOptions = {}): AsyncGenerator<readonly (readonly [Buffer, Buffer])[], void, void> {
    const { reverse = false, pageRecords = pageRecordsMax, pageBytes = 1024 * 1024, onSnapshot } = options
    // One walk after the other would keep it in use for ever. Single look-ups go on: a walk may be waiting for one.
    while (this.#reopenDue !== undefined || this.#reopening !== undefined) {
      await this.#reopenDue
      await this.#reopened()
    }
    this.#users++
    onSnapshot?.()
    const walkBehind = (last: Buffer | undefined) =>
      this.#level.iterator({ ...rangeBehind(range, reverse, last), reverse, highWaterMarkBytes: pageBytes })
    let iterator = walkBehind(undefined)
    let [step, ended] = [pageRecords, false]
    try {
      for (let last: Buffer | undefined; ; ) {
        let page: readonly (readonly [Buffer, Buffer])[] = []
        try {
          page = await iterator.nextv(step)
        } catch (error) {
          ended = true
          this.#passOver(error, options)
          if (step === 1) return
          await iterator.close()
          iterator = walkBehind(last)
          ;[step, ended] = [1, false]
          continue
        }
        ended = page.length === 0
        if (ended) return
        last = page.at(-1)?.[0]
        yield page
      }
    } finally {
      if (!ended && options.onDamage !== undefined) await this.#askForDamage(iterator, range, options)
      await iterator.close()
      this.#leave()
    }
  }

  /** Throws what is none, or what nobody is told of. */
  #passOver(error: unknown, { onDamage }: PageOptions): void {
    const thrown = this.#thrown(error)
    if (onDamage === undefined || !isCoded(thrown, 'data-corrupt')) throw thrown
    onDamage(thrown)
  }

  /** Of a walk that is left before its end, where LevelDB would tell: beyond the range it tells as well. */
  async #askForDamage(iterator: Walk, { lt }: KeyRange, options: PageOptions): Promise<void> {
    try {
      iterator.seek(options.reverse === true ? belowAllKeys : lt)
      await iterator.nextv(1)
    } catch (error) {
      this.#passOver(error, options)
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
    if (thrown instanceof CodedError && isCorruption(thrown)) this.meetDamage(thrown)
    return thrown
  }
}

function rangeBehind(range: KeyRange, reverse: boolean, last: Buffer | undefined): KeyRange {
  if (last === undefined) return range
  return reverse ? { ...range, lt: last } : { gt: last, lt: range.lt }
}
