import type { Logger } from '../ports/logger.ts'
import type { Meter } from '../ports/meter.ts'

/** What every event feeds. */
export interface ObserverPorts {
  readonly logger: Logger
  readonly meter: Meter
}
