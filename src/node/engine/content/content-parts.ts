import type { Limits } from '../../core/base/limits.ts'
import type { Acknowledgements } from '../../core/block/content-block.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { RequestOptions } from '../../ports/transport.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { Liveness } from '../cluster/liveness.ts'
import type { ContentPlacement } from './content-place.ts'

/** Asks another node, as the transport does. */
export type ContentRequest = (nodeId: Uint8Array, body: Uint8Array, options: RequestOptions) => Promise<Uint8Array>

export interface ContentParts {
  readonly store: RecordStore
  readonly crypto: Crypto
  readonly clock: Clock
  readonly hybridClock: NodeClock
  readonly limits: Limits
  readonly logger: Logger
  readonly networkId: Uint8Array
  readonly placement: ContentPlacement
  readonly request: ContentRequest
  readonly liveness: Liveness
  /** The least that any policy in force asks for: no block is known to be written with fewer copies. */
  readonly least: Acknowledgements
}
