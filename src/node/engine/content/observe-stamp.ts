import { CodedError } from '../../../shared/coded-error.ts'
import type { NodeClock } from '../clock/node-clock.ts'

/** Raises the clock to a stamp of another node. Throws `invalid-argument` where that is further ahead than clocks may differ. */
export function observeStamp(clock: Pick<NodeClock, 'observe'>, stamp: bigint): void {
  if (!clock.observe(stamp)) throw new CodedError('invalid-argument', 'a stamp is further ahead than clocks may differ')
}
