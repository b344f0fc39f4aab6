import type { Limits } from '../../core/base/limits.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import type { UserKeys } from '../network/node-keys.ts'
import type { OutcomeLookup } from '../outcome-lookup.ts'
import type { PayloadPipeline } from '../payload/payload-pipeline.ts'
import type { VerifiedVersions } from './verified-versions.ts'

/** What the block engine works with. */
export interface BlockParts {
  readonly store: RecordStore
  readonly crypto: Crypto
  readonly random: Random
  readonly clock: NodeClock
  readonly outcomes: OutcomeLookup
  readonly limits: Limits
  readonly pipeline: PayloadPipeline
  readonly content: ContentReplicas
  readonly networkId: Uint8Array
  /** Of this network. */
  readonly verified: VerifiedVersions
  /** Of the user that signs for this node's callers. */
  readonly user: UserKeys
  /** This node and store, as the member of every group. */
  readonly self: Proposer
}
