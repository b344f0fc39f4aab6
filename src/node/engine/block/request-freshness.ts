import { CodedError } from '../../../shared/coded-error.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { judgeRequestId } from '../../core/consensus/outcome.ts'
import type { BlockParts } from './block-parts.ts'
import { invalid } from './draft-checks.ts'

/** Refuses an id whose outcome would no longer be kept, and one from the future: `request-too-old`, `invalid-argument`. */
export function assertFresh(parts: BlockParts, requestId: RequestId, floor: bigint): void {
  const { clock, limits } = parts
  const verdict = judgeRequestId(requestId, {
    floor,
    now: clock.last,
    retention: hlcFromMs(limits.outcomeRetentionMs),
    skewMax: hlcFromMs(limits.clockSkewMaxMs),
  })
  if (verdict === 'too-old') {
    throw new CodedError('request-too-old', 'the outcome of this request id is no longer kept; ask for the block to learn it')
  }
  if (verdict === 'from-the-future') throw invalid('the request id was issued in the future')
}
