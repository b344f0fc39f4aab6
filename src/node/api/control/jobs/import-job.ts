import type { JobRequest } from '../../../../ipc/contract/job-schemas.ts'
import { BoundedTasks } from '../../../../shared/bounded-tasks.ts'
import type { ErrorCode } from '../../../../shared/coded-error.ts'
import { CodedError } from '../../../../shared/coded-error.ts'
import type { KeyValueService } from '../../../engine/kv/key-value-service.ts'
import type { Clock } from '../../../ports/clock.ts'
import { ndjsonValues } from '../../ndjson/ndjson-values.ts'
import { controlLimits } from '../control-limits.ts'
import { importName } from './import-name.ts'
import type { JobRecord } from './job-record.ts'
import { PieceChannel } from './piece-channel.ts'
import type { ImportOutcome } from './value-import.ts'
import { ValueImport } from './value-import.ts'

export type ImportRequest = Extract<JobRequest, { kind: 'import' }>

export interface FedPiece {
  readonly path: string
  readonly bytes: Uint8Array
  readonly last: boolean
}

export interface ImportJobParts {
  readonly keyValues: KeyValueService
  readonly clock: Pick<Clock, 'sleep'>
}

/** The file that is being fed. Without a channel what comes of it is not wanted. */
interface OpenFile {
  readonly path: string
  readonly channel: PieceChannel | undefined
  readonly done: Promise<void>
}

/** What is wrong with one value and leaves the others alone. */
const itemCodes: ReadonlySet<ErrorCode> = new Set(['invalid-argument', 'limit-exceeded', 'data-corrupt', 'revision-changed'])
const refused: OpenFile['channel'] = undefined

/** Takes files piece by piece and stores them: each file one value, or its lines. Nothing of a value is seen before its last byte. */
export class ImportJob {
  readonly #record: JobRecord
  readonly #request: ImportRequest
  readonly #values: ValueImport
  readonly #tasks = new BoundedTasks({ countMax: controlLimits.importTasksMax, weightMax: controlLimits.importBytesMax })
  /** Keys that are being stored: another value of one of them comes after, so that the last one stays. */
  readonly #busyKeys = new Set<string>()
  #file: OpenFile | undefined
  #lastCall: Promise<void> = Promise.resolve()

  constructor(record: JobRecord, request: ImportRequest, { keyValues, clock }: ImportJobParts) {
    this.#record = record
    this.#request = request
    this.#values = new ValueImport({ keyValues, clock, mode: request.mode, signal: record.signal })
    // A reader that waits for the next piece is told of the end.
    record.signal.addEventListener('abort', () => this.#file?.channel?.end(record.signal.reason), { once: true })
  }

  /** Resolves when there is room for the next piece. Does nothing once the job has ended. */
  feed(piece: FedPiece): Promise<void> {
    return this.#inTurn(() => this.#feed(piece))
  }

  /** Resolves when everything that was fed is stored, and the job is done. */
  finish(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#tear()
      await this.#tasks.settled()
      this.#record.end('done')
    })
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    this.#lastCall = this.#lastCall.then(async () => {
      if (!this.#record.running) return
      try {
        await action()
      } catch (error) {
        await this.#fail(error)
      }
    })
    return this.#lastCall
  }

  async #feed({ path, bytes, last }: FedPiece): Promise<void> {
    if (this.#file !== undefined && this.#file.path !== path) await this.#tear()
    this.#record.bytesMoved(bytes.length)
    if (this.#file === undefined) {
      if (last && this.#request.format === 'files') return await this.#beginWhole(path, bytes)
      this.#file = this.#open(path)
    }
    const file = this.#file
    await file.channel?.push(bytes)
    if (!last) return
    file.channel?.end()
    await file.done
    this.#file = undefined
  }

  async #beginWhole(path: string, bytes: Uint8Array): Promise<void> {
    const key = this.#keyOfFile(path)
    if (key !== undefined) await this.#begin(path, key, bytes, '')
  }

  async #begin(name: string, key: string, bytes: Uint8Array, contentType: string): Promise<void> {
    await this.#notBusy(key)
    this.#busyKeys.add(key)
    await this.#tasks.begin(bytes.length, () =>
      this.#item(name, () => this.#values.whole(key, bytes, contentType)).finally(() => this.#busyKeys.delete(key)),
    )
  }

  async #notBusy(key: string): Promise<void> {
    if (this.#busyKeys.has(key)) await this.#tasks.settled()
  }

  #open(path: string): OpenFile {
    const channel = new PieceChannel()
    if (this.#request.format === 'ndjson') return { path, channel, done: this.#watched(this.#lines(channel), channel) }
    const key = this.#keyOfFile(path)
    if (key === undefined) return { path, channel: refused, done: Promise.resolve() }
    return {
      path,
      channel,
      done: this.#watched(
        this.#item(path, () => this.#values.stream(key, channel, '')),
        channel,
      ),
    }
  }

  async #lines(channel: PieceChannel): Promise<void> {
    for await (const value of ndjsonValues(channel, controlLimits.importLineBytesMax)) {
      const key = this.#request.prefix + value.key
      const { bytes, contentType } = value
      if (bytes === undefined) {
        const parts = uncut(value.open())
        await this.#notBusy(key)
        await this.#item(value.key, () => this.#values.stream(key, parts, contentType))
        for await (const _ of parts) {
          // what was not wanted of it
        }
      } else {
        await this.#begin(value.key, key, bytes, contentType)
      }
    }
  }

  /** A file whose end was not fed is no value. */
  async #tear(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    file?.channel?.end(new CodedError('invalid-argument', 'it ended before its last piece'))
    await file?.done
  }

  async #item(name: string, store: () => Promise<ImportOutcome>): Promise<void> {
    try {
      const outcome = await store()
      if (outcome === 'skipped') this.#record.itemSkipped()
      else this.#record.itemDone()
    } catch (error) {
      if (!(error instanceof CodedError) || !itemCodes.has(error.code)) throw error
      this.#record.itemFailed(name, error.message)
    }
  }

  /** The work on a file goes on beside the calls that feed it; its failure is the job's. */
  async #watched(work: Promise<void>, channel: PieceChannel): Promise<void> {
    try {
      await work
    } catch (error) {
      await this.#fail(error)
    } finally {
      channel.close()
    }
  }

  /**
   * Ends the job once what it had begun is stored and counted: a line that cannot be imported says nothing against those before it. What
   * failed among these is told of instead.
   */
  async #fail(error: unknown): Promise<void> {
    const told = await this.#tasks.settled().then(
      () => error,
      (failure: unknown) => failure,
    )
    this.#record.end('failed', told instanceof Error ? told.message : String(told))
  }

  #keyOfFile(path: string): string | undefined {
    const found = importName(path)
    if (found.kind === 'name') return this.#request.prefix + found.name
    this.#record.itemFailed(path, found.reason)
    return undefined
  }
}

/** The same pieces for a taker whose giving up must not end them. */
function uncut(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }
}
