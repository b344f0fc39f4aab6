/** Limits of what a node remembers of itself in memory. */
export const observeLimits = {
  /** Points of one metric series: the most that one answer to a screen carries. */
  metricPoints: 300,
  /** How far back the latency of the last minute looks. */
  recentMs: 60_000,
  /** Bytes of the lines of the log in memory, estimated with their overhead; lines are counted besides. */
  logBytesMax: 32 * 1024 * 1024,
  /** Names of subsystems that are told apart. */
  logSubsystemsMax: 64,
  /** Lines that a search of the log looks at before it lets others run. */
  logScanStep: 2000,
  /** Lines that one page looks at once it has found some. */
  logScanMax: 50_000,
  /** Lines a second, for so many seconds in a row, above which the rate guard raises the level of the log. */
  logLinesPerSecondMax: 1000,
  logLoudSeconds: 3,
  /** Seconds in a row with less than half of that after which it takes the guard back. */
  logQuietSeconds: 10,
} as const
