/**
 * Limits of the contract between a screen and its node. Neither message ports nor event streams have back-pressure: rows travel in
 * pages that are asked for one at a time, values in ranges, and streams carry small facts only. A refusal names its limit.
 */
export const wireLimits = {
  /** Rows of a page: keys, log lines, clients. */
  pageRowsMax: 500,
  /** Bytes of the texts of a page. */
  pageBytesMax: 256 * 1024,
  /** Keys that one step of a search looks at. */
  scanKeysMax: 10_000,
  /** Bytes of a value or of a range of one, in either direction; larger values are read by ranges and written by jobs. */
  valueBytesMax: 4 * 1024 * 1024,
  /** Bytes of a WebSocket message: one value in base64 with its envelope. */
  messageBytesMax: 6 * 1024 * 1024,
  /** Bytes of a current value that come along with a conflict. */
  conflictValueBytesMax: 256 * 1024,
  /** Bytes of a key in UTF-8. */
  keyBytesMax: 4096,
  /** Changed keys that one event names; where there are more it says so. */
  changedKeysMax: 100,
  changedKeysCharsMax: 32 * 1024,
  /** Least time between two events of one topic. */
  eventIntervalMs: 250,
  /** Time between two looks at the status while somebody watches it. */
  statusIntervalMs: 1000,
  /** Events that wait for one subscriber; beyond them they are dropped and a gap is marked. */
  subscriberQueueMax: 64,
  /** Streams of one connection. */
  subscriptionsMax: 32,
  /** Calls of one connection that wait for their answer. */
  callsMax: 256,
  /** Bytes of a WebSocket's unsent messages above which streams wait. */
  unsentBytesMax: 256 * 1024,
  /** A node that has nothing else to say on a socket says in this interval that it is alive. */
  heartbeatMs: 2000,
  /** After so many that did not come the node counts as not responding. */
  heartbeatsMissedMax: 3,
  /** Nodes of the network that are listed; the others are counted. */
  clusterNodesMax: 256,
  /** Points of one metric series in an answer. */
  metricPointsMax: 300,
  /** Jobs that are remembered, running and ended. */
  jobsMax: 64,
  /** Items of a job's report that are named one by one. */
  jobFailuresMax: 100,
  /** Characters of the name of what an import is made from. */
  jobSourceMax: 200,
  /** Bytes of one piece of an import or export. */
  jobPieceBytesMax: 1024 * 1024,
  /** Lines that a node keeps of its log. */
  logLinesMax: 200_000,
} as const
