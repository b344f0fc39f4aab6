import { isHidden } from '../../shared/hidden-record.ts'
import { hlcFromMs } from '../core/base/hybrid-clock.ts'
import type { Limits } from '../core/base/limits.ts'
import type { RequestId } from '../core/base/request-id.ts'
import type { RecordStore } from '../ports/record-store.ts'
import type { NodeClock } from './clock/node-clock.ts'

export interface OutcomeLookupParts {
  readonly store: RecordStore
  readonly clock: NodeClock
  readonly limits: Pick<Limits, 'clockSkewMaxMs'>
}

/**
 * Looks up what became of a request. A damaged index may hide the outcome of one that was decided before it was found damaged, which
 * is `data-corrupt`: carried out twice, a removal would take what was put in between. Nothing goes into a damaged index, so the outcome
 * of a request that was issued since is found in memory or there is none: removals go on.
 */
export class OutcomeLookup {
  readonly #parts: OutcomeLookupParts
  /** Requests issued later were decided later than the damage was known, however far ahead their clocks are. */
  #certainFrom: bigint | undefined

  constructor(parts: OutcomeLookupParts) {
    this.#parts = parts
  }

  /** The record of an outcome at its key. */
  find(key: Uint8Array, requestId: RequestId): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const { store } = this.#parts
    try {
      const found = store.get('outcome', key)
      return found instanceof Promise ? found.catch((error: unknown) => this.#hidden(error, requestId)) : found
    } catch (error) {
      return this.#hidden(error, requestId)
    }
  }

  #hidden(error: unknown, requestId: RequestId): undefined {
    if (!isHidden(error)) throw error
    const { clock, limits } = this.#parts
    this.#certainFrom ??= clock.last + hlcFromMs(limits.clockSkewMaxMs)
    if (requestId.issued <= this.#certainFrom) throw error
    return undefined
  }
}
