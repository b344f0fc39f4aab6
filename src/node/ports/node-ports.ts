import type { Clock } from './clock.ts'
import type { Compressor } from './compressor.ts'
import type { Crypto } from './crypto.ts'
import type { KeyVault } from './key-vault.ts'
import type { Logger } from './logger.ts'
import type { Meter } from './meter.ts'
import type { Random } from './random.ts'
import type { RecordStore } from './record-store.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** Asked once, at the start, when it is known who the node is and whether its network has other nodes. */
export type TransportMaker = (facts: {
  readonly nodeId: Uint8Array
  readonly hasOthers: boolean
  readonly events: TransportEvents
}) => Transport | undefined

/** Everything through which a node touches the world. */
export interface NodePorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly compressor: Compressor
  readonly keyVault: KeyVault
  readonly store: RecordStore
  readonly logger: Logger
  readonly meter: Meter
  /** Undefined on a node that reaches no other. */
  readonly transport?: Transport | TransportMaker | undefined
}
