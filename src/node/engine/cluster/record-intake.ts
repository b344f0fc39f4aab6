import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import { decodeNodeRecord, isGenuineNodeRecord } from '../../core/access/node-record.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { AliveRumour } from '../../core/overlay/swim/swim-messages.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { NodeDirectory, RecordVerdict } from './node-directory.ts'
import { PeerAllowance } from './peer-allowance.ts'

export interface RecordIntakeParts {
  readonly crypto: Crypto
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly limits: Pick<Limits, 'recordBurst' | 'recordsPerSecond'>
  readonly networkId: Uint8Array
  readonly ownNodeId: Uint8Array
  readonly directory: NodeDirectory
}

export type IntakeVerdict =
  | { readonly kind: 'judged'; readonly record: SignedNodeRecord; readonly verdict: RecordVerdict }
  /** This node's own statement of another start. */
  | { readonly kind: 'own'; readonly record: SignedNodeRecord }
  /** Too many from this peer: the next digest brings it again. */
  | { readonly kind: 'too-many' }
  /** No record, or another one than the rumour says: no node sends that. */
  | { readonly kind: 'nonsense' }

/** Looks at the records that peers pass on, and spends no more on the verification of what one of them sends than it may. */
export class RecordIntake {
  readonly #parts: RecordIntakeParts
  readonly #allowance: PeerAllowance

  constructor(parts: RecordIntakeParts) {
    const { clock, limits } = parts
    this.#parts = parts
    this.#allowance = new PeerAllowance(clock, limits.recordBurst, limits.recordsPerSecond)
  }

  judge(from: Uint8Array, rumour: AliveRumour): IntakeVerdict {
    // Of its own: what is kept must not hold the whole message.
    const record = decodeNodeRecord(Uint8Array.from(rumour.record))
    if (record === undefined || !isOf(record, rumour)) return { kind: 'nonsense' }
    const { ownNodeId, directory, networkId, crypto } = this.#parts
    const isOwn = equalBytes(record.nodeId, ownNodeId)
    if (!isOwn && directory.holds(record)) return { kind: 'judged', record, verdict: { kind: 'known' } }
    if (!this.#allowance.spend(from)) return { kind: 'too-many' }
    if (!isOwn) return { kind: 'judged', record, verdict: directory.take(record, 'gossip') }
    return isGenuineNodeRecord(crypto, networkId, record) ? { kind: 'own', record } : { kind: 'nonsense' }
  }

  /** The session of a peer ended. */
  ended(peer: Uint8Array): void {
    this.#allowance.ended(peer)
  }
}

function isOf(record: SignedNodeRecord, { nodeId, bootCount, incarnation }: AliveRumour): boolean {
  return equalBytes(record.nodeId, nodeId) && record.bootCount === bootCount && record.incarnation === incarnation
}
