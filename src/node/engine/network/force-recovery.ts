import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { RecoveryRecord } from '../../core/overlay/recovery-record.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto, SigningKey } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { NodeClock } from '../clock/node-clock.ts'
import type { LoadedRoot } from './load-network.ts'
import { loadNetwork } from './load-network.ts'
import { readNetworkRecord } from './network-record.ts'
import type { NodeKeys } from './node-keys.ts'
import { recoverMajority } from './recover-majority.ts'
import type { RecoveryPlan } from './recovery-plan.ts'
import { obstacleText, planRecovery } from './recovery-plan.ts'

export interface RecoveryParts {
  readonly store: RecordStore
  readonly crypto: Crypto
  readonly keys: NodeKeys
  /** Who signs; the service user of this node unless given. */
  readonly administrator?: SigningKey | undefined
}

export interface ForcedRecoveryParts extends RecoveryParts {
  readonly clock: Clock
  readonly random: Random
  readonly limits: Limits
  readonly logger: Logger
}

/** The network of a store that is not in use, and what a forced recovery would do. Undefined in a store of no network. */
export async function examineRecovery(
  { store, crypto, keys, administrator = keys.user.signing }: RecoveryParts,
  signal?: AbortSignal,
): Promise<{ readonly loaded: LoadedRoot; readonly plan: RecoveryPlan } | undefined> {
  const kept = await readNetworkRecord(store)
  if (kept === undefined) return undefined
  const loaded = await loadNetwork({ store, crypto, keys }, kept)
  return { loaded, plan: await planRecovery(store, loaded, administrator.publicKey, signal) }
}

/**
 * Recovers the network of a store that is not in use, with its data directory as the only survivor. Throws `permission-denied` where
 * nobody signs who may, `invalid-argument` where there is nothing to recover or this directory cannot go on alone.
 */
export async function forceRecovery(parts: ForcedRecoveryParts, signal?: AbortSignal): Promise<RecoveryRecord> {
  const { store, crypto, random, clock, limits, logger, keys, administrator = keys.user.signing } = parts
  const examined = await examineRecovery(parts, signal)
  if (examined === undefined) throw new CodedError('invalid-argument', 'this store belongs to no network; nothing was changed')
  const { loaded, plan } = examined
  const [obstacle] = plan.obstacles
  if (obstacle !== undefined) {
    const code = obstacle === 'no-administrator' ? 'permission-denied' : 'invalid-argument'
    throw new CodedError(code, `${obstacleText(obstacle, loaded)}; nothing was changed`)
  }
  const stamps = new NodeClock({ clock, store, limits, logger })
  await stamps.start()
  try {
    const nowMs = clock.nowMs()
    return await recoverMajority({ crypto, random, store, administrator, nowMs, stamp: () => stamps.next() }, loaded)
  } finally {
    await stamps.stop()
  }
}
