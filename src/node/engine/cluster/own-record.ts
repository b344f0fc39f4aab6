import { CodedError } from '../../../shared/coded-error.ts'
import type { NodeRecord, SignedNodeRecord } from '../../core/access/node-record.ts'
import { encodeNodeRecord, isWellFormedNodeRecord, signNodeRecord } from '../../core/access/node-record.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { OwnLife } from '../../core/overlay/life-mark.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto, SigningKey } from '../../ports/crypto.ts'
import type { RecordStore } from '../../ports/record-store.ts'

/** What an operator says of a node, and what its transport knows. */
export interface AdvertisedFacts {
  /** `host:port`, the most likely one first. */
  readonly endpoints: readonly string[]
  readonly zone: string
  readonly labels: readonly string[]
  /** Whether it takes blocks of others. */
  readonly storing: boolean
}

export interface OwnRecordParts {
  readonly crypto: Crypto
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly store: RecordStore
  readonly limits: Limits
  readonly node: SigningKey
  readonly networkId: Uint8Array
  /** The version of this program. */
  readonly software: string
  /** The newest HLC; it need not be reserved, since it is only compared. */
  issued(): bigint
  advertised(): AdvertisedFacts
}

/** What this node says of itself: signed anew for each incarnation, and outdated when it does not hold any more. */
export class OwnRecord {
  readonly nodeId: Uint8Array
  readonly #parts: OwnRecordParts
  readonly #positionAtStart: bigint
  #made: { readonly record: SignedNodeRecord; readonly atMs: number } | undefined

  constructor(parts: OwnRecordParts) {
    this.#parts = parts
    this.nodeId = nodeIdOf(parts.crypto, parts.node.publicKey)
    this.#positionAtStart = parts.store.usage().syncedPosition
  }

  /** The last one that was made. */
  get current(): SignedNodeRecord {
    return this.#made?.record ?? this.#make(0)
  }

  /** Signed for a new incarnation. Throws CodedError `config-invalid` where what is advertised does not fit into a record. */
  renew(incarnation: number): Uint8Array {
    const { record } = this.#made ?? {}
    // What a hello showed before was said with this incarnation: nothing else may be.
    return encodeNodeRecord(record?.incarnation === incarnation ? record : this.#make(incarnation))
  }

  /** Whether others should be told something new; the more nodes there are, the less often where nothing has changed. */
  isOutdated(nodes: number): boolean {
    const { clock, limits } = this.#parts
    if (this.#made === undefined) return true
    const { record, atMs } = this.#made
    const facts = this.#facts()
    const intervalMs = Math.max(limits.recordIntervalMs, nodes * limits.recordNodeIntervalMs)
    const freeDifference = Math.abs(facts.freeBytes - record.freeBytes)
    return (
      clock.monotonicMs() - atMs >= intervalMs ||
      !isSame(facts.endpoints, record.endpoints) ||
      !isSame(facts.labels, record.labels) ||
      facts.zone !== record.zone ||
      facts.storing !== record.storing ||
      freeDifference * 100 > Math.max(facts.capacityBytes, record.capacityBytes) * limits.recordFreePercent ||
      // A node that has just become full, or is it no longer, says so whatever the difference.
      (facts.freeBytes === 0) !== (record.freeBytes === 0)
    )
  }

  get life(): OwnLife {
    const { store } = this.#parts
    const { storeId, bootCount } = store.identity
    return { storeId, bootCount, syncedPosition: store.usage().syncedPosition, positionAtStart: this.#positionAtStart }
  }

  #make(incarnation: number): SignedNodeRecord {
    const { store, node, networkId, software, clock } = this.#parts
    const unsigned: NodeRecord = {
      ...this.#facts(),
      nodeId: this.nodeId,
      nodeKey: node.publicKey,
      software,
      ...store.identity,
      syncedPosition: store.usage().syncedPosition,
      incarnation,
      issued: this.#issued(),
    }
    if (!isWellFormedNodeRecord(unsigned)) {
      throw new CodedError('config-invalid', 'endpoints, zone and labels of this node do not fit into what a node says of itself')
    }
    const record = signNodeRecord(node, networkId, unsigned)
    this.#made = { record, atMs: clock.monotonicMs() }
    return record
  }

  /** Never below what was said before: the host's clock may be set back, and what a later record says earlier is said by two processes. */
  #issued(): bigint {
    const now = this.#parts.issued()
    const before = this.#made?.record.issued ?? 0n
    return now > before ? now : before
  }

  #facts(): Pick<NodeRecord, 'endpoints' | 'zone' | 'labels' | 'storing' | 'capacityBytes' | 'freeBytes'> {
    const { endpoints, zone, labels, storing } = this.#parts.advertised()
    const usage = this.#parts.store.usage()
    const { byteLimit, liveBytes, diskBytes, diskFreeBytes, reserveBytes } = usage
    const capacityBytes = Math.min(byteLimit ?? Number.MAX_SAFE_INTEGER, diskBytes + diskFreeBytes)
    const leftBytes = byteLimit === undefined ? diskFreeBytes : byteLimit - reserveBytes - liveBytes
    const freeBytes = usage.full ? 0 : Math.min(capacityBytes, diskFreeBytes, Math.max(0, leftBytes))
    return { endpoints, zone, labels, storing, capacityBytes, freeBytes }
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index])
}
