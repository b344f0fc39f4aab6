import type { importModes } from '../../../../ipc/contract/job-schemas.ts'
import { isCoded } from '../../../../shared/coded-error.ts'
import { equalBytes } from '../../../core/base/bytes.ts'
import type { CallContext } from '../../../engine/call-context.ts'
import type { KeyMetadata, KeyValueService, PutOptions } from '../../../engine/kv/key-value-service.ts'
import type { Clock } from '../../../ports/clock.ts'
import { hasContentType } from '../../ndjson/ndjson-values.ts'
import { controlLimits } from '../control-limits.ts'

export type ImportMode = (typeof importModes)[number]
export type ImportOutcome = 'stored' | 'skipped'

export interface ValueImportParts {
  readonly keyValues: KeyValueService
  readonly clock: Pick<Clock, 'sleep'>
  readonly mode: ImportMode
  readonly signal: AbortSignal
}

const store = ''

/** Stores imported values, each by the import's mode and never one that is there already. */
export class ValueImport {
  readonly #parts: ValueImportParts
  readonly #context: CallContext

  constructor(parts: ValueImportParts) {
    this.#parts = parts
    this.#context = { signal: parts.signal }
  }

  /** A value that is in memory. */
  async whole(key: string, value: Uint8Array, contentType: string): Promise<ImportOutcome> {
    const { keyValues } = this.#parts
    const found = (await keyValues.stat(store, key, this.#context))?.metadata
    if (found !== undefined && (this.#parts.mode === 'skip' || (await this.#isStored(found, value, contentType))))
      return 'skipped'
    return await retried(this.#parts, async () => {
      const result = await keyValues.put(store, key, value, this.#options(contentType), this.#context)
      return result.kind === 'done' ? 'stored' : 'skipped'
    })
  }

  /** A value that passes by once, of any size. */
  async stream(key: string, pieces: AsyncIterable<Uint8Array>, contentType: string): Promise<ImportOutcome> {
    const found = (await this.#parts.keyValues.stat(store, key, this.#context))?.metadata
    if (found === undefined) return await this.#putStream(key, pieces, contentType)
    if (this.#parts.mode === 'replace') return await this.#replaceUnlessSame(found, pieces, contentType)
    for await (const _ of pieces) {
      // not wanted
    }
    return 'skipped'
  }

  /** Compares as the bytes come. The first that differs begins an upload, of what was the same before and of what follows. */
  async #replaceUnlessSame(found: KeyMetadata, pieces: AsyncIterable<Uint8Array>, contentType: string): Promise<ImportOutcome> {
    const incoming = pieces[Symbol.asyncIterator]()
    const stored = new StoredBytes(this.#parts.keyValues, found, this.#context)
    let same = 0
    let step = await incoming.next()
    for (; step.done !== true; step = await incoming.next()) {
      if (!(await stored.continuesWith(step.value))) break
      same += step.value.length
    }
    await stored.close()
    if (step.done === true && same === found.size && hasContentType(found.contentType, contentType)) return 'skipped'
    const { keyValues } = this.#parts
    const context = this.#context
    const differing = async function* () {
      if (same > 0) {
        const range = { offset: 0, length: same }
        const before = await keyValues.read(store, found.key, { version: found.version, range }, context)
        if (before !== undefined) yield* before.pieces
      }
      for (; step.done !== true; step = await incoming.next()) yield step.value
    }
    return await this.#putStream(found.key, differing(), contentType)
  }

  async #putStream(key: string, pieces: AsyncIterable<Uint8Array>, contentType: string): Promise<ImportOutcome> {
    const { keyValues } = this.#parts
    const result = await keyValues.putStream(store, key, pieces, this.#options(contentType), this.#context)
    return result.kind === 'done' ? 'stored' : 'skipped'
  }

  async #isStored(there: KeyMetadata, value: Uint8Array, contentType: string): Promise<boolean> {
    const { key, size } = there
    if (size !== value.length || !hasContentType(there.contentType, contentType)) return false
    try {
      const found = await this.#parts.keyValues.get(store, key, {}, this.#context)
      return found !== undefined && equalBytes(found.value, value)
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return false // the import makes it whole
      throw error
    }
  }

  #options(contentType: string): PutOptions {
    return { precondition: { kind: this.#parts.mode === 'skip' ? 'absent' : 'any' }, contentType }
  }
}

/** The bytes of a stored value, compared piece by piece with others that are cut elsewhere. */
class StoredBytes {
  readonly #keyValues: KeyValueService
  readonly #found: KeyMetadata
  readonly #context: CallContext
  #pieces: AsyncIterator<Uint8Array> | undefined
  #piece = new Uint8Array(0)

  constructor(keyValues: KeyValueService, found: KeyMetadata, context: CallContext) {
    this.#keyValues = keyValues
    this.#found = found
    this.#context = context
  }

  /** Whether the next bytes are these. After the first that differ it must not be asked again. */
  async continuesWith(bytes: Uint8Array): Promise<boolean> {
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#piece.length === 0 && !(await this.#readMore())) return false
      const length = Math.min(rest.length, this.#piece.length)
      if (!equalBytes(rest.subarray(0, length), this.#piece.subarray(0, length))) return false
      rest = rest.subarray(length)
      this.#piece = this.#piece.subarray(length)
    }
    return true
  }

  async close(): Promise<void> {
    await this.#pieces?.return?.()
  }

  /** False at the end, and where the rest is damaged. */
  async #readMore(): Promise<boolean> {
    try {
      this.#pieces ??= await this.#open()
      const next = await this.#pieces?.next()
      if (next === undefined || next.done === true) return false
      this.#piece = new Uint8Array(next.value)
      return true
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return false
      throw error
    }
  }

  async #open(): Promise<AsyncIterator<Uint8Array> | undefined> {
    const { key, version } = this.#found
    const read = await this.#keyValues.read(store, key, { version }, this.#context)
    return read?.pieces[Symbol.asyncIterator]()
  }
}

/** Makes a change again that was refused because too many waited: nothing was changed then. */
export async function retried<Result>(
  { clock, signal }: Pick<ValueImportParts, 'clock' | 'signal'>,
  change: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change()
    } catch (error) {
      if (!isCoded(error, 'queue-full') || attempt >= controlLimits.jobTriesMax) throw error
      await clock.sleep(controlLimits.jobRetryMs * 2 ** attempt, signal)
    }
  }
}
