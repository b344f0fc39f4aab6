/** The limits of finding out who is alive; part of the node's limits. */

export interface SwimLimits {
  /** Time between two probes of a node, and how long an answer to its ping may take before others are asked to ping it. */
  readonly swimPeriodMs: number
  readonly swimPingTimeoutMs: number
  /** Nodes that are asked to ping one that did not answer, and pings for others that are under way here. */
  readonly swimHelpers: number
  readonly swimRelaysMax: number
  /**
   * Periods for which a suspect may refute when enough others suspect it too, how many these are, how much longer it may when one node
   * alone suspects it, and how much longer in all when that node is slow itself.
   */
  readonly swimSuspicionPeriods: number
  readonly swimConfirmations: number
  readonly swimSuspicionSpread: number
  readonly swimSuspicionStretchMax: number
  /** About how many nodes tell a suspect at once what is said of it. */
  readonly swimConfronters: number
  /** How many times longer than usual a node waits at most that notices that it is slow itself; 0: it does not look at itself. */
  readonly swimHealthMax: number
  /** Lateness of a timer from which on what it would judge is excused. */
  readonly swimLateMs: number
  /** How often a rumour is passed on, times the decimal logarithm of the nodes, and bytes of the rumours of one message. */
  readonly swimRetransmits: number
  readonly swimRumourBytesMax: number
  /** Bytes of the rumours of one answer to a digest; the next digest brings the rest. */
  readonly swimNewsBytesMax: number
  /** Time between two digests to some node, and between two pings of some node that is dead. */
  readonly swimDigestMs: number
  readonly swimDeadPingMs: number
  /** Nodes that are remembered, how long those are that left, and how many a node tells itself when it leaves. */
  readonly swimNodesMax: number
  readonly swimTombstoneMs: number
  readonly swimFarewells: number
}

export const defaultSwimLimits: SwimLimits = {
  swimPeriodMs: 1000,
  swimPingTimeoutMs: 400,
  swimHelpers: 3,
  swimRelaysMax: 64,
  swimSuspicionPeriods: 3,
  swimConfirmations: 3,
  swimSuspicionSpread: 6,
  swimSuspicionStretchMax: 24,
  swimConfronters: 8,
  swimHealthMax: 8,
  swimLateMs: 100,
  swimRetransmits: 4,
  swimRumourBytesMax: 8 * 1024,
  swimNewsBytesMax: 1024 * 1024,
  swimDigestMs: 30_000,
  swimDeadPingMs: 5000,
  swimNodesMax: 4096,
  swimTombstoneMs: 24 * 60 * 60_000,
  swimFarewells: 8,
}
