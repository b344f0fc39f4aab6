import { CodedError } from '../../../shared/coded-error.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../core/base/canonical-codec.ts'
import { HybridClock, hlcFromMs, hlcToMs, isHlc } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import { encodeText } from '../../core/base/text.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { storeRefusal } from '../store-refusal.ts'

const reservationFormat = recordTag('memo/clock-reservation/1')
const reservationKey = encodeText('hlc')

export interface NodeClockParts {
  readonly clock: Clock
  readonly store: RecordStore
  readonly limits: Pick<Limits, 'clockReservationMs' | 'clockSkewMaxMs'>
  readonly logger: Logger
}

/**
 * The node's hybrid logical clock. Every stamp lies within a reservation that is in the journal before anything that bears the stamp
 * can be: batches become durable in the order of their calls, so a stamp that is used right after its reservation was handed to the
 * store needs no wait. A restart begins above the last durable reservation, so no stamp is ever given twice.
 */
export class NodeClock {
  readonly #parts: NodeClockParts
  #hybrid = new HybridClock(0n)
  #running = false
  #extending: Promise<void> | undefined
  #failure: unknown

  constructor(parts: NodeClockParts) {
    this.#parts = parts
  }

  /** Continues after the last reservation. Throws CodedError `data-corrupt` when that cannot be read. */
  async start(): Promise<void> {
    const { store, clock, limits, logger } = this.#parts
    const kept = await store.get('local', reservationKey)
    const reservation = kept === undefined ? 0n : decodeReservation(kept)
    this.#hybrid = new HybridClock(reservation)
    this.#running = true
    this.#failure = undefined
    const aheadMs = hlcToMs(reservation) - clock.nowMs()
    if (aheadMs > limits.clockReservationMs + limits.clockSkewMaxMs) {
      logger.warn('the clock of this computer is behind what this node has seen; its stamps go on from there', { aheadMs })
    }
    if (storeRefusal(store) !== undefined) return
    this.#extend()
    await this.#extending
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Waits for a reservation on its way. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#extending
  }

  /** A stamp above all that were given or observed. Throws CodedError `storage-full`, `store-read-only` or `not-running`. */
  next(): bigint {
    const nowMs = this.#parts.clock.nowMs()
    this.#assertUsable()
    this.#extend()
    const stamp = this.#hybrid.next(nowMs)
    if (stamp !== undefined) return stamp
    // The host's clock went on for longer than the reservation reaches: the next one is handed to the store before the stamp.
    this.#reserve(nowMs)
    const later = this.#hybrid.next(nowMs)
    if (later === undefined) throw new CodedError('internal', 'the clock has no stamps left')
    return later
  }

  /** The highest stamp so far, for what is only compared. */
  get last(): bigint {
    const host = hlcFromMs(this.#parts.clock.nowMs())
    if (host > this.#hybrid.last) return host
    return this.#hybrid.last
  }

  /** False when the stamp is from further ahead than clocks may differ. */
  observe(stamp: bigint): boolean {
    return this.#hybrid.observe(stamp, this.#parts.clock.nowMs(), this.#parts.limits.clockSkewMaxMs)
  }

  /** Hands the next reservation to the store while half of this one is left. */
  #extend(): void {
    if (this.#extending === undefined) this.#reserve(this.#parts.clock.nowMs())
  }

  #reserve(nowMs: number): void {
    const due = this.#hybrid.reservationDue(nowMs, this.#parts.limits.clockReservationMs)
    if (due === undefined) return
    this.#hybrid.reserve(due)
    this.#write(due)
  }

  #write(reservation: bigint): void {
    const value = new CanonicalWriter(reservationFormat, 48).uint(reservation).finish()
    const write = { kind: 'put', family: 'local', key: reservationKey, value } as const
    const extending: Promise<void> = this.#parts.store.commit([write], { space: 'reserve' }).then(
      () => this.#written(extending, undefined),
      (error: unknown) => this.#written(extending, error),
    )
    this.#extending = extending
  }

  #written(extending: Promise<void>, failure: unknown): void {
    if (this.#extending !== extending) return
    this.#extending = undefined
    this.#failure = failure
  }

  #assertUsable(): void {
    if (!this.#running) throw new CodedError('not-running', 'the node is not running')
    const refusal = storeRefusal(this.#parts.store)
    if (refusal !== undefined) throw new CodedError('store-read-only', refusal)
    if (this.#failure === undefined) return
    // No stamp is given before a reservation above all that may have been given is durable; this call starts to write it again.
    if (this.#extending === undefined) this.#write(this.#hybrid.reserved)
    throw this.#failure
  }
}

function decodeReservation(bytes: Uint8Array): bigint {
  const reservation = decodeCanonical(reservationFormat, bytes, (reader) => reader.uint64())
  if (reservation === undefined || !isHlc(reservation)) {
    throw new CodedError('data-corrupt', 'the record of the clock (family local, key hlc) cannot be read')
  }
  return reservation
}
