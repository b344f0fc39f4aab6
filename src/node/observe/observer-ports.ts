import type { Logger } from '../ports/logger.ts'
import type { Meter } from '../ports/meter.ts'
import type { ActivityRecorder } from './activity-recorder.ts'

/** What every event feeds. */
export interface ObserverPorts {
  readonly logger: Logger
  readonly meter: Meter
  /** The history of this node; none is kept without it. */
  readonly activity?: ActivityRecorder
}
