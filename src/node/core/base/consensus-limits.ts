/** The limits of deciding about mutable blocks among several nodes; part of the node's limits. */

export interface ConsensusLimits {
  /** Entries of a block that are proposed and not committed. */
  readonly pipelineMax: number
  /** After this long without an answer a member is told again; one that stays silent ever less often, down to the other. */
  readonly resendMs: number
  readonly resendMaxMs: number
  /** Entries of one accept. */
  readonly acceptEntriesMax: number
  /** Bytes of the entries of one accept; a single larger one goes alone. */
  readonly acceptBytesMax: number
  /** How long becoming the primary of a block may take, and a confirmation that it still is. */
  readonly leadTimeoutMs: number
  readonly confirmTimeoutMs: number
  /** How long a catch-up may take before another one is begun. */
  readonly catchUpTimeoutMs: number
  /** A primary that has not heard a majority for this long proposes nothing before a confirmation. */
  readonly silentMs: number
  /** Applied entries of a block that are kept for members that are a little behind, and their bytes. */
  readonly retainedEntriesMax: number
  readonly retainedBytesMax: number
  /** Mutable blocks in memory; beyond them those are forgotten at which nothing waits. */
  readonly hostedBlocksMax: number
  /** How long a call looks for the primary of its block before it is told that there is none. */
  readonly routeTimeoutMs: number
  /** A primary gives up its lead where so many of its writes in a row are so many times slower than its members' answers, and this slow. */
  readonly slowFactor: number
  readonly slowWriteMs: number
  readonly slowWritesMax: number
  /** It does so too where one of its writes takes this long. */
  readonly stalledWriteMs: number
  /** How long its writes have to be quick before it is preferred again. */
  readonly healthyMs: number
  /** A block that nobody has used for this long is led by the first of its members again that is there. */
  readonly preferenceIdleMs: number
  /** How old a bounded read may find a copy where it does not say, and the most that it may say. */
  readonly stalenessMs: number
  readonly stalenessMaxMs: number
  /** How long another member is waited for that is asked for its copy, beside the time that it may look for the primary. */
  readonly copyAskMs: number
  /** How long a copy may take to apply what was confirmed before the primary is asked for the state itself. */
  readonly copyReachMs: number
  /** How often a removal is signed anew where others have changed the block since it was read. */
  readonly removalAttemptsMax: number
  /** How long one who is said not to answer may take to answer a ping. */
  readonly failoverPingMs: number
  /** How long a member waits before it applies a chosen entry again that its disk refused; it doubles up to the other. */
  readonly applyRetryMs: number
  readonly applyRetryMaxMs: number
  /** How long the effect of a chosen entry waits at a follower for something that goes to the disk with it. */
  readonly applyCompanyMs: number
  /** How long news that something is committed waits for another message that takes it along. */
  readonly committedCompanyMs: number
  /** Bytes of the chosen entries that one answer brings to a member that is behind, and of one piece of a snapshot. */
  readonly catchUpBytesMax: number
  readonly snapshotPieceBytes: number
  /** Time between two looks at the groups of the blocks that this node leads, and blocks that are looked at, and changed, at once. */
  readonly groupLookMs: number
  readonly groupLookMax: number
  readonly groupChangesMax: number
  /** Time between two looks whether the passport of this node is due for renewal. */
  readonly passportLookMs: number
  /** Time between two looks whether a node has moved everything because of an older map. */
  readonly epochLookMs: number
  /** Between two looks of a node that leaves at whether it may go. */
  readonly departureLookMs: number
}

export const defaultConsensusLimits: ConsensusLimits = {
  pipelineMax: 64,
  resendMs: 100,
  resendMaxMs: 5000,
  acceptEntriesMax: 64,
  acceptBytesMax: 1024 * 1024,
  leadTimeoutMs: 1000,
  confirmTimeoutMs: 500,
  catchUpTimeoutMs: 30_000,
  silentMs: 1500,
  retainedEntriesMax: 1024,
  retainedBytesMax: 1024 * 1024,
  hostedBlocksMax: 4096,
  routeTimeoutMs: 5000,
  slowFactor: 8,
  slowWriteMs: 20,
  slowWritesMax: 8,
  stalledWriteMs: 1000,
  healthyMs: 60_000,
  preferenceIdleMs: 60_000,
  stalenessMs: 5000,
  stalenessMaxMs: 3_600_000,
  copyAskMs: 1000,
  copyReachMs: 50,
  removalAttemptsMax: 16,
  failoverPingMs: 150,
  applyRetryMs: 200,
  applyRetryMaxMs: 10_000,
  applyCompanyMs: 4,
  committedCompanyMs: 4,
  catchUpBytesMax: 1024 * 1024,
  snapshotPieceBytes: 256 * 1024,
  groupLookMs: 1000,
  groupLookMax: 256,
  groupChangesMax: 16,
  passportLookMs: 10 * 60_000,
  epochLookMs: 2000,
  departureLookMs: 500,
}
