/** The limits of knowing the other nodes and of saying what this one is; part of the node's limits. */

export interface DirectoryLimits {
  /** Nodes whose records are kept, and data directories of one node whose highest start and position are remembered. */
  readonly directoryNodesMax: number
  readonly directoryStoresMax: number
  /** The least time between two writes of what was learnt of other nodes, and records of one batch. */
  readonly directoryWriteMs: number
  readonly directoryBatchMax: number
  /** Records of other nodes that are verified because one peer told of them: at once, and each second from then on. */
  readonly recordBurst: number
  readonly recordsPerSecond: number
  /** Comparisons of all that is known, which take up to a megabyte, for one peer: at once, and each second from then on. */
  readonly digestBurst: number
  readonly digestsPerSecond: number
  /**
   * The longest time for which a node states the same of itself, or for each node that it knows where these are many, and the time
   * between two looks at whether it still holds. How far a node is synced is known to others no later than that.
   */
  readonly recordIntervalMs: number
  readonly recordNodeIntervalMs: number
  readonly recordLookMs: number
  /** Part of the capacity by which the free space has to change before that alone is stated, in percent. */
  readonly recordFreePercent: number
  /** How long a node that leaves in order waits for its farewells to go out. */
  readonly farewellMs: number
}

export const defaultDirectoryLimits: DirectoryLimits = {
  directoryNodesMax: 4096,
  directoryStoresMax: 4,
  directoryWriteMs: 5000,
  directoryBatchMax: 256,
  recordBurst: 4096,
  recordsPerSecond: 64,
  digestBurst: 16,
  digestsPerSecond: 1,
  recordIntervalMs: 60_000,
  recordNodeIntervalMs: 150,
  recordLookMs: 10_000,
  recordFreePercent: 5,
  farewellMs: 50,
}
