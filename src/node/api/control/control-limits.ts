/** Limits of what screens ask of a node beside keys; what a screen must know of them stands in the contract's own limits. */
export const controlLimits = {
  /** Least time between two batches of a tail of the log. */
  tailIntervalMs: 250,
  /** How far a tail may be behind the newest line before it leaves out what is between. */
  tailBehindMax: 5000,
  /** Time that each step of a test of the gRPC port may take. */
  grpcTestTimeoutMs: 5000,
  /** Jobs that run at once. */
  jobsRunningMax: 8,
  /** How long an import may be fed nothing, and an export be asked for nothing, before it is given up. */
  jobIdleMs: 5 * 60_000,
  /** Values of one import that are on their way at once, and their bytes together. */
  importTasksMax: 8,
  importBytesMax: 8 * 1024 * 1024,
  /** Bytes of one line of an imported NDJSON: holds what exports of memo write, which cut large values into parts. */
  importLineBytesMax: 24 * 1024 * 1024,
  /** Keys that an export or a removal takes at a time, and bytes of the values that come along. */
  jobPageKeys: 256,
  jobPageBytes: 2 * 1024 * 1024,
  /** Tries of a change that is refused because too many wait. */
  jobTriesMax: 6,
  jobRetryMs: 50,
  /** Characters of an item's name and of a reason in a job's report. */
  jobTextMax: 200,
} as const
