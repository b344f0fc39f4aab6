import type { RecoveryProof, RecoveryRecord } from '../../core/overlay/recovery-record.ts'
import type { RecoveryFacts, RecoveryStatus } from './cluster-service.ts'

/** The last of the network's forced recoveries, as its faces show it. */
export function recoveryStatus(recoveries: readonly RecoveryRecord[], blocksLeft: number): RecoveryStatus | undefined {
  const last = recoveries.at(-1)
  if (last === undefined) return undefined
  return { ...recoveryFacts(last.proof), takenOut: last.takenOut.map(({ nodeId }) => nodeId), blocksLeft }
}

export function recoveryFacts({ number, recoveredMs, survivor, administrator }: RecoveryProof): RecoveryFacts {
  return { number, recoveredMs, survivor: survivor.nodeId, administrator }
}
