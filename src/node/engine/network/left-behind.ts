import { CodedError } from '../../../shared/coded-error.ts'
import { encodeText } from '../../core/base/text.ts'
import type { RecoveryProof } from '../../core/overlay/recovery-record.ts'
import {
  decodeRecoveryProof,
  encodeRecoveryProof,
  isGenuineRecovery,
  leftBehindBy,
  recoveriesKeptMax,
} from '../../core/overlay/recovery-record.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { NetworkView } from './network-view.ts'

const leftBehindKey = encodeText('left-behind')

/** The statement by which this data directory was left out of its network: no later start takes part again. */
export function writeLeftBehind(proof: RecoveryProof): RecordWrite {
  return { kind: 'put', family: 'local', key: leftBehindKey, value: encodeRecoveryProof(proof) }
}

/** Undefined where nobody has shown this node such a statement. Throws CodedError `store-damaged`. */
export async function readLeftBehind(store: RecordStore): Promise<RecoveryProof | undefined> {
  const bytes = await store.get('local', leftBehindKey)
  if (bytes === undefined) return undefined
  const proof = decodeRecoveryProof(bytes)
  if (proof !== undefined) return proof
  throw new CodedError('store-damaged', 'the statement of a recovery (family local, key left-behind) cannot be read')
}

/** What this node shows others in its hello: the statements of the network's recoveries, and of the one that left it behind. */
export function shownRecoveries({ facts, leftBehind }: NetworkView): readonly Uint8Array[] {
  const proofs = facts.recoveries.map(({ proof }) => proof)
  return [...proofs, ...(leftBehind === undefined ? [] : [leftBehind])].slice(-recoveriesKeptMax).map(encodeRecoveryProof)
}

export interface PartingParts {
  readonly crypto: Crypto
  readonly view: NetworkView
  /** The number of recoveries that this node takes part in. */
  readonly recovery: number
  /** The network went on without this node; told of each hello that proves it. */
  missed(proof: RecoveryProof): void
}

/** Whether a forced recovery lies between this node and the other end of a connection, by what both know. */
export function isParted(
  { crypto, view, recovery, missed }: PartingParts,
  other: { readonly nodeId: Uint8Array; readonly storeId: Uint8Array },
  shown: readonly Uint8Array[],
): boolean {
  // Nobody is let in by who takes no part any more.
  if (view.leftBehind !== undefined || view.removal !== undefined) return true
  const { recoveries, descriptor } = view.facts
  for (const bytes of shown) {
    const proof = decodeRecoveryProof(bytes)
    if (proof === undefined || proof.number <= recovery || !isGenuineRecovery(crypto, descriptor, proof)) continue
    missed(proof)
    return true
  }
  return leftBehindBy(recoveries, other, view.isOfNetwork(other.nodeId)) !== undefined
}
