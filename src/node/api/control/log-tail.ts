import type { z } from 'zod'
import type { LogFilter, logTailSchema } from '../../../ipc/contract/log-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import type { LogRing } from '../../observe/log-ring.ts'
import type { Clock } from '../../ports/clock.ts'
import { controlLimits } from './control-limits.ts'

export interface TailParts {
  readonly logRing: Pick<LogRing, 'oldest' | 'next' | 'from' | 'reached'>
  readonly clock: Pick<Clock, 'sleep'>
}

type LogTail = z.infer<typeof logTailSchema>

/**
 * New lines as they come, in batches. A follower owns nothing but its place in the ring, so that a slow one costs no memory: where
 * it falls too far behind, lines are left out and the gap is said.
 */
export async function* tailLog(
  { logRing, clock }: TailParts,
  filter: LogFilter,
  signal: AbortSignal,
): AsyncGenerator<LogTail, void> {
  let next = logRing.next
  while (true) {
    await logRing.reached(next, signal)
    const dropped = Math.max(logRing.oldest, logRing.next - controlLimits.tailBehindMax) - next
    if (dropped > 0) {
      next += dropped
      yield { kind: 'gap', dropped }
    }
    const stretch = logRing.from(next, filter, wireLimits.pageRowsMax, wireLimits.pageBytesMax)
    next = stretch.next
    if (stretch.lines.length > 0) yield { kind: 'lines', lines: stretch.lines }
    await clock.sleep(controlLimits.tailIntervalMs, signal)
  }
}
