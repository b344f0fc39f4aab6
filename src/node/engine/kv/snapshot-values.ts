import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeEntry } from '../../core/kv/entry.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import { storeRefusal } from '../store-refusal.ts'

export interface SnapshotValuesParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly content: ContentReplicas
}

/**
 * Fetches the values that a snapshot left out. Values travel with the entries that name them, and a snapshot takes the place of entries: a
 * member that was caught up by one would have fewer copies than it owes until somebody's next review. What cannot be fetched is left to that.
 */
export class SnapshotValues implements AsyncDisposable {
  readonly #parts: SnapshotValuesParts
  readonly #stopped = new AbortController()
  /** Pages whose entries are still to be looked at, by their addresses. */
  readonly #waiting = new Map<string, BlockAddress>()
  #running: Promise<void> | undefined

  constructor(parts: SnapshotValuesParts) {
    this.#parts = parts
  }

  /** The state of a page came as a snapshot. */
  installed(page: BlockAddress): void {
    const { store, limits, logger } = this.#parts
    if (this.#stopped.signal.aborted || storeRefusal(store) !== undefined) return
    if (this.#waiting.size >= limits.snapshotPagesMax) return
    this.#waiting.set(addressText(page), page)
    this.#running ??= this.#run()
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) logger.warn('values that a snapshot left out are left to the next review', { error })
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  /** Gives up what is on its way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort(new CodedError('not-running', 'the node is not running'))
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #run(): Promise<void> {
    await undefined
    for (const [name, page] of this.#waiting) {
      this.#waiting.delete(name)
      await this.#fetchOf(page)
    }
  }

  async #fetchOf(page: BlockAddress): Promise<void> {
    const { store, limits } = this.#parts
    const { signal } = this.#stopped
    const before = prefixEnd(page)
    const bounds = { ...(before && { before }), limit: limits.spreadBlocksAtOnce, signal }
    for (let after: Uint8Array = page; ; ) {
      const found = await store.scan('entry', { ...bounds, after })
      const last = found.at(-1)
      if (last === undefined) return
      after = last.key
      for (const { value } of found) {
        const entry = decodeEntry(value)
        if (entry !== undefined) await this.#fetch(entry.address)
      }
    }
  }

  /** As fast as copies are handed on, at most. */
  async #fetch(address: BlockAddress): Promise<void> {
    const { clock, limits, content } = this.#parts
    const { signal } = this.#stopped
    const startMs = clock.monotonicMs()
    const bytes = await content.fill(address, signal)
    const restMs = (bytes * 1000) / limits.spreadBytesPerSecond - (clock.monotonicMs() - startMs)
    if (restMs > 0) await clock.sleep(restMs, signal)
  }
}
