import type { StartPhase } from '../../ipc/contract/host-contract.ts'

/** Limits and times of the supervision of the node. */
export const supervisorLimits = {
  /** From the start of the process to its first message; loading its code is all that it does until then. */
  handshakeTimeoutMs: 10_000,
  /** Without a heartbeat for this long (three of them missed) the node counts as not responding. */
  silenceMs: 6_000,
  /** The node has replied that it is closed, but its process is still there. */
  lingerTimeoutMs: 3_000,
  /** Waits before the node is started again after a crash, the first after the first. */
  backOffMs: [1_000, 2_000, 5_000, 15_000, 60_000],
  /** So many crashes within this time, and the node is started in safe mode. */
  crashesMax: 3,
  crashWindowMs: 5 * 60_000,
  /** A run of this length ends a series of crashes. */
  stableMs: 5 * 60_000,
  /** Lines of the node's log that are kept for the crash card, and characters of one. */
  logLinesMax: 50,
  logLineCharsMax: 2_000,
} as const

/** After these times a phase of the start counts as slow; replaying a long journal may well take longer. */
export const phaseBudgetsMs: Readonly<Record<StartPhase, number>> = {
  lock: 2_000,
  store: 10_000,
  identity: 5_000,
  ports: 3_000,
  ready: 1_000,
}

/** The wait before the start that follows the crash of this number, counted from 1. */
export function backOffMs(crashes: number): number {
  const { backOffMs: waits } = supervisorLimits
  return waits[Math.min(Math.max(crashes, 1), waits.length) - 1] ?? 0
}
