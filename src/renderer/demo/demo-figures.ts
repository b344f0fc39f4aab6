import type { ClusterSummary } from '../../ipc/contract/cluster-schemas.ts'
import { contractVersion } from '../../ipc/contract/node-contract.ts'
import type { Client, GrpcInfo, Hello, MetricRange, NodeStatus } from '../../ipc/contract/status-schemas.ts'
import type { MetricSeriesName } from '../../shared/metric-series.ts'

const nodeId = '3fa9c1770be24d6185d2f01c99a7e4b0d201c6f38a5b4e7719c02d55ee63ab18'

export const demoHello: Hello = {
  contractVersion,
  nodeVersion: '0.1.0',
  dataFormat: 1,
  nodeId,
  networkId: 'b1946ac92492d2347c6235b4d2611184a3f1a5a1e1d4d0f2c2b7cf7c1c9b6d3e',
  networkName: 'research',
  readOnly: false,
  capabilities: [],
}

interface StatusFacts {
  readonly startedMs: number
  readonly keys: number
  readonly liveBytes: number
  readonly readOnly: boolean
  readonly cluster: ClusterSummary
}

export function demoStatus({ startedMs, keys, liveBytes, readOnly, cluster }: StatusFacts): NodeStatus {
  const second = Math.floor(Date.now() / 1000)
  return {
    state: 'running',
    readOnly,
    safeMode: false,
    nodeId,
    storeId: nodeId.slice(16, 48),
    bootCount: 14,
    uptimeMs: Date.now() - startedMs + 14 * 86_400_000,
    pid: 4711,
    condition: 'sound',
    findings: [],
    plainKeys: false,
    keys,
    blocks: keys + 12,
    cluster,
    storage: {
      liveBytes: 38_100_000_000 + liveBytes,
      diskBytes: 41_700_000_000 + liveBytes,
      limitBytes: 100_000_000_000,
      diskFreeBytes: 212_000_000_000,
      full: false,
      daysToFull: 41,
    },
    latency: { read: { p50Ms: 0.4, p99Ms: 1.8 }, write: { p50Ms: 0.9, p99Ms: 4.1 } },
    throughput: {
      inBytesPerSecond: wave('in-bytes', second),
      outBytesPerSecond: wave('out-bytes', second),
    },
    grpc: { address: '127.0.0.1:7070', tls: false, auth: 'none', clients: 2 },
  }
}

const shapes: Readonly<Record<MetricSeriesName, readonly [middle: number, swing: number]>> = {
  'in-bytes': [1_200_000, 500_000],
  'out-bytes': [420_000, 240_000],
  puts: [140, 60],
  gets: [610, 210],
  'write-p50': [0.9, 0.15],
  'write-p99': [4.1, 1.1],
  'read-p50': [0.4, 0.08],
  'read-p99': [1.8, 0.5],
  'sync-p99': [2.2, 0.7],
  'event-loop-p99': [1.1, 0.4],
  'live-bytes': [38_100_000_000, 40_000_000],
}

/** The same at each call, so that charts move and do not jump. */
function wave(name: MetricSeriesName, second: number): number {
  const [middle, swing] = shapes[name]
  const phase = name.length
  const shape = Math.sin(second / 70 + phase) * 0.6 + Math.sin(second / 17 + phase * 2) * 0.3 + Math.sin(second / 5) * 0.1
  return Math.max(0, middle + swing * shape)
}

export function demoMetrics(series: readonly MetricSeriesName[], seconds: number): MetricRange {
  const points = 180
  const stepMs = (seconds * 1000) / points
  const fromMs = Date.now() - seconds * 1000
  return {
    fromMs,
    stepMs,
    series: series.map((name) => ({
      name,
      values: Array.from({ length: points }, (_, index) => wave(name, Math.floor((fromMs + index * stepMs) / 1000))),
    })),
  }
}

export function demoClients(): Client[] {
  const nowMs = Date.now()
  return [
    {
      id: 'c1',
      peer: '127.0.0.1:51882',
      connectedMs: nowMs - 5_400_000,
      calls: 48_211,
      callsPerSecond: 12.4,
      lastMethod: 'memo.v1.KeyValue/Put',
      lastCallMs: nowMs - 400,
    },
    { id: 'c2', peer: '127.0.0.1:52010', connectedMs: nowMs - 95_000, calls: 18, callsPerSecond: 0 },
  ]
}

export const demoGrpcInfo: GrpcInfo = {
  address: '127.0.0.1:7070',
  host: '127.0.0.1',
  port: 7070,
  tls: false,
  auth: 'none',
  reflection: true,
  services: ['memo.v1.KeyValue', 'memo.v1.Blocks', 'memo.v1.Cluster', 'grpc.health.v1.Health'],
  command: 'memo',
}
