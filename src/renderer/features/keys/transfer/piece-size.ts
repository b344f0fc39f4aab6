/** How much of a file of lines is sent at once: the node answers when it has begun with it, and only its answers tell how far it is. */

import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'

export const firstPieceBytes = 64 * 1024
const pieceBytesMin = 16 * 1024
/** Between the two a piece has the right size: often enough for the eye, seldom enough for a node that is far away. */
const quickMs = 300
const slowMs = 600

/** The next piece's size, by what the last one took. */
export function nextPieceBytes(bytes: number, tookMs: number): number {
  if (tookMs < quickMs) return Math.min(bytes * 2, wireLimits.jobPieceBytesMax)
  return tookMs > slowMs ? Math.max(bytes / 2, pieceBytesMin) : bytes
}
