/** Limits of what screens ask of a node beside keys; what a screen must know of them stands in the contract's own limits. */
export const controlLimits = {
  /** Least time between two batches of a tail of the log. */
  tailIntervalMs: 250,
  /** How far a tail may be behind the newest line before it leaves out what is between. */
  tailBehindMax: 5000,
  /** Time that each step of a test of the gRPC port may take. */
  grpcTestTimeoutMs: 5000,
} as const
