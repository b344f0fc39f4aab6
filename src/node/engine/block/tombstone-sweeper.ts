import { isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import { issuedOfOutcomeKey } from '../../core/consensus/outcome.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordFamily, RecordStore } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import { storeRefusal } from '../store-refusal.ts'

/** Where removals that the horizon has passed are forgotten, each in the turn of its block. */
export interface RemovalForgetter {
  /** Drops the tombstone at this address if it is older than the horizon; anything else stays as it is. */
  forgetRemoval(address: BlockAddress, signal: AbortSignal): Promise<void>
}

export interface TombstoneSweeperParts {
  readonly store: RecordStore
  readonly clock: NodeClock
  readonly hostClock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly blocks: RemovalForgetter
}

/** Records looked at in one step. */
const recordsAtOnce = 256

/**
 * Forgets what was kept for a time only: tombstones beyond the horizon, and outcomes of requests on content blocks, which have no
 * record that would bound them. Walks in bounded steps, a record at most once per round.
 */
export class TombstoneSweeper {
  readonly #parts: TombstoneSweeperParts
  readonly #stopped = new AbortController()
  #timer: Disposable | undefined
  #round: Promise<void> | undefined

  constructor(parts: TombstoneSweeperParts) {
    this.#parts = parts
  }

  start(): void {
    if (storeRefusal(this.#parts.store) === undefined) this.#schedule()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#timer?.[Symbol.dispose]()
    await this.#round
  }

  /** One round over everything. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { store, clock, limits } = this.#parts
    const forget = (key: Uint8Array): Promise<void> => this.#forget(key, signal)
    await this.#walk('tombstone', forget, signal)
    await this.#walk('block', forget, signal)
    const expired = clock.last - hlcFromMs(limits.outcomeRetentionMs)
    await this.#walk(
      'outcome',
      async (key) => {
        const address = addressFromBytes(key.subarray(0, addressBytes))
        const issued = issuedOfOutcomeKey(key)
        if (address === undefined || issued === undefined || !isImmutable(address) || issued >= expired) return
        await store.commit([{ kind: 'delete', family: 'outcome', key }], { space: 'reserve' })
      },
      signal,
    )
  }

  /** Ends where the index is known to be damaged: what could be forgotten is forgotten behind the next start. */
  async #walk(family: RecordFamily, visit: (key: Uint8Array) => Promise<void>, signal: AbortSignal): Promise<void> {
    let after: Uint8Array = emptyBytes
    while (this.#parts.store.indexDamage === undefined) {
      const page = await this.#parts.store.scan(family, { after, limit: recordsAtOnce, keysOnly: true, signal })
      for (const { key } of page) {
        after = key
        await visit(key)
      }
      if (page.length < recordsAtOnce) return
    }
  }

  async #forget(key: Uint8Array, signal: AbortSignal): Promise<void> {
    const address = addressFromBytes(key)
    try {
      if (address !== undefined) await this.#parts.blocks.forgetRemoval(address, signal)
    } catch (error) {
      // A damaged record stays where it is; scrubbing names it.
      if (!isCoded(error, 'data-corrupt')) throw error
    }
  }

  #schedule(): void {
    this.#timer = this.#parts.hostClock.after(this.#parts.limits.sweepIntervalMs, () => {
      this.#round = this.#sweepSafely()
    })
  }

  async #sweepSafely(): Promise<void> {
    try {
      await this.sweep(this.#stopped.signal)
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#parts.logger.error('old removals could not be forgotten', { error })
    }
    if (!this.#stopped.signal.aborted) this.#schedule()
  }
}
