/** What a node remembers of its last day, by the names that screens ask for. Bytes and calls are per second, times in milliseconds. */
export const metricSeriesNames = [
  'in-bytes',
  'out-bytes',
  'puts',
  'gets',
  'write-p50',
  'write-p99',
  'read-p50',
  'read-p99',
  'sync-p99',
  'event-loop-p99',
  'live-bytes',
] as const
export type MetricSeriesName = (typeof metricSeriesNames)[number]
