import { z } from 'zod'
import { metricSeriesNames } from '../../shared/metric-series.ts'
import { clusterSummarySchema } from './cluster-schemas.ts'
import { hexSchema } from './common-schemas.ts'

export const helloSchema = z.strictObject({
  contractVersion: z.number().int(),
  nodeVersion: z.string(),
  /** Format of the data directory. */
  dataFormat: z.number().int(),
  nodeId: hexSchema,
  networkId: hexSchema,
  networkName: z.string(),
  /** Changes by the screens are refused; see `settings`. */
  readOnly: z.boolean(),
  /** What this node can do beyond the first version of the contract. */
  capabilities: z.array(z.string()),
})
export type Hello = z.infer<typeof helloSchema>

const latencySchema = z.strictObject({ p50Ms: z.number().nullable(), p99Ms: z.number().nullable() })

export const nodeStatusSchema = z.strictObject({
  state: z.enum(['starting', 'running', 'stopping', 'stopped', 'failed']),
  readOnly: z.boolean(),
  /** Runs without changes to the store because it crashed too often. */
  safeMode: z.boolean(),
  nodeId: hexSchema,
  storeId: hexSchema,
  bootCount: z.number().int(),
  uptimeMs: z.number(),
  pid: z.number().int(),
  /** `suspect`: durable records are missing, the store is read-only until it is recovered. */
  condition: z.enum(['sound', 'suspect']),
  /** What is missing from a suspect store, or what a sound one found damaged when it read itself again; the first of them. */
  findings: z.array(z.string()),
  /** Secret keys of this node lie unencrypted in its folder. */
  plainKeys: z.boolean(),
  keys: z.number().int(),
  /** Content and mutable blocks. */
  blocks: z.number().int(),
  cluster: clusterSummarySchema,
  storage: z.strictObject({
    liveBytes: z.number(),
    diskBytes: z.number(),
    /** Set by the operator; null where only the disk limits. */
    limitBytes: z.number().nullable(),
    diskFreeBytes: z.number(),
    full: z.boolean(),
    /** By the growth of live bytes in the recorded history; null while that is unknown or nothing grows. */
    daysToFull: z.number().nullable(),
  }),
  /** Over the last minute; null where nothing was asked for. */
  latency: z.strictObject({ read: latencySchema, write: latencySchema }),
  /** Bytes of values per second over the last seconds. */
  throughput: z.strictObject({ inBytesPerSecond: z.number(), outBytesPerSecond: z.number() }),
  grpc: z.strictObject({
    address: z.string(),
    tls: z.boolean(),
    auth: z.enum(['none', 'token', 'mtls']),
    clients: z.number().int(),
  }),
})
export type NodeStatus = z.infer<typeof nodeStatusSchema>

/** One value for each step from `fromMs` on; null where nothing was measured. Bytes and calls are per second, times in milliseconds. */
export const metricRangeSchema = z.strictObject({
  fromMs: z.number(),
  stepMs: z.number(),
  series: z.array(z.strictObject({ name: z.enum(metricSeriesNames), values: z.array(z.number().nullable()) })),
})
export type MetricRange = z.infer<typeof metricRangeSchema>

export const clientSchema = z.strictObject({
  id: z.string(),
  /** HOST:PORT of the program. */
  peer: z.string(),
  connectedMs: z.number(),
  calls: z.number().int(),
  callsPerSecond: z.number(),
  lastMethod: z.string().optional(),
  lastCallMs: z.number().optional(),
})
export type Client = z.infer<typeof clientSchema>

export const grpcInfoSchema = z.strictObject({
  address: z.string(),
  host: z.string(),
  port: z.number().int(),
  tls: z.boolean(),
  /** PEM file that clients have to trust, where the certificate is self-made. */
  certificateFile: z.string().optional(),
  auth: z.enum(['none', 'token', 'mtls']),
  tokenFile: z.string().optional(),
  reflection: z.boolean(),
  services: z.array(z.string()),
  /** What a shell on the computer of the node calls the command line of this very memo by, ready to be pasted. */
  command: z.string(),
})
export type GrpcInfo = z.infer<typeof grpcInfoSchema>

/** Steps of one real call through the port, in order; the first that failed is the last. */
export const grpcTestSchema = z.strictObject({
  ok: z.boolean(),
  steps: z.array(
    z.strictObject({ name: z.enum(['connect', 'put', 'get', 'delete']), ok: z.boolean(), ms: z.number(), text: z.string() }),
  ),
})
export type GrpcTest = z.infer<typeof grpcTestSchema>
