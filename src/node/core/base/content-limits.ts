/** The limits of immutable blocks that have copies at several nodes; part of the node's limits. */

export interface ContentLimits {
  /** How long a write of a block tries to reach enough members, and how long a read looks for a copy. */
  readonly contentTimeoutMs: number
  /** Rest before a member that was not reached is asked again, which doubles up to the other. */
  readonly contentRetryMs: number
  readonly contentRetryMaxMs: number
  /** How long a member may take to give a copy before another one is asked as well; longer where that one usually does, up to the other. */
  readonly contentHedgeMs: number
  readonly contentHedgeMaxMs: number
  /** Bytes of copies on their way to members that were not waited for; beyond them a write waits for all of its members. */
  readonly contentLateBytesMax: number
  /** Copies of this node that are mended at once; what is found bad beyond them is mended when it is read again. */
  readonly contentRepairsMax: number
  /** Rest before a bad copy is tried to be replaced once more, and bad copies of which that is remembered. */
  readonly contentRepairRestMs: number
  readonly contentTriesKeptMax: number
  /** Nodes whose usual time to answer is remembered. */
  readonly contentTimedNodesMax: number
  /** Bytes that a node copies each second to members that lack them, and blocks that it looks for in one step. */
  readonly spreadBytesPerSecond: number
  readonly spreadBlocksAtOnce: number
  /** Rest before a walk over all blocks that could not copy everything begins anew, which doubles up to the other. */
  readonly spreadRetryMs: number
  readonly spreadRetryMaxMs: number
  /** Pages that came as snapshots and whose values are still to be fetched; those of more are left to the next review. */
  readonly snapshotPagesMax: number
  /** Between the beginnings of two reviews of all blocks, and from what calls for one until it begins: several things may at once. */
  readonly spreadReviewMs: number
  readonly spreadReviewDelayMs: number
}

export const defaultContentLimits: ContentLimits = {
  contentTimeoutMs: 10_000,
  contentRetryMs: 50,
  contentRetryMaxMs: 1000,
  contentHedgeMs: 50,
  contentHedgeMaxMs: 1000,
  contentLateBytesMax: 64 * 1024 * 1024,
  contentRepairsMax: 16,
  contentRepairRestMs: 60_000,
  contentTriesKeptMax: 1024,
  contentTimedNodesMax: 4096,
  spreadBytesPerSecond: 16 * 1024 * 1024,
  spreadBlocksAtOnce: 256,
  spreadRetryMs: 30_000,
  spreadRetryMaxMs: 15 * 60_000,
  snapshotPagesMax: 1024,
  spreadReviewMs: 6 * 3_600_000,
  spreadReviewDelayMs: 5_000,
}
