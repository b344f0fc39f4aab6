/** What a screen may ask of its node. Contract-first: both sides parse what they get by these schemas. */

import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { metricSeriesNames } from '../../shared/metric-series.ts'
import {
  changedNodesSchema,
  clusterStatusSchema,
  drainRequestSchema,
  evictRequestSchema,
  inviteRequestSchema,
  inviteSchema,
  leaveProgressSchema,
} from './cluster-schemas.ts'
import { bytesSchema, declaredErrors, uint64TextSchema } from './common-schemas.ts'
import { eventTopics, nodeEventSchema } from './event-schemas.ts'
import { jobRequestSchema, jobSchema } from './job-schemas.ts'
import {
  changeResultSchema,
  expectationSchema,
  keyMetadataSchema,
  keyPageSchema,
  keySchema,
  requestIdSchema,
  scanPageSchema,
  valueRangeSchema,
} from './key-schemas.ts'
import { logFilterSchema, logLevels, logPageSchema, logTailSchema } from './log-schemas.ts'
import { settingsChangeSchema, settingsResultSchema, settingsSchema } from './setting-schemas.ts'
import {
  clientSchema,
  grpcInfoSchema,
  grpcTestSchema,
  helloSchema,
  metricRangeSchema,
  nodeStatusSchema,
} from './status-schemas.ts'
import { wireLimits } from './wire-limits.ts'

/** Raised by every change that an older screen or node could not take part in. */
export const contractVersion = 1

export interface ProcedureMeta {
  /** Changes keys or what the node does; refused in read-only mode. */
  readonly mutates: boolean
}

const base = oc.$meta<ProcedureMeta>({ mutates: false }).errors(declaredErrors)
const reads = base
const changes = base.meta({ mutates: true })

const rowLimit = z.number().int().min(1).max(wireLimits.pageRowsMax)
const prefix = z.string().max(wireLimits.keyBytesMax)
const jobId = z.string().max(64)

const kv = {
  list: reads
    .input(
      z.strictObject({
        prefix,
        /** Keys with this text behind the prefix are collapsed; empty: none are. */
        delimiter: z.string().max(16),
        /** `next` of the page before. */
        after: z
          .string()
          .max(wireLimits.keyBytesMax * 2)
          .optional(),
        limit: rowLimit,
      }),
    )
    .output(keyPageSchema),
  /** One bounded step of a search for keys that contain a text, without regard to case. */
  scan: reads
    .input(
      z.strictObject({
        prefix,
        contains: z.string().min(1).max(256),
        after: z
          .string()
          .max(wireLimits.keyBytesMax * 2)
          .optional(),
      }),
    )
    .output(scanPageSchema),
  /** Null when there is no such key. */
  stat: reads.input(z.strictObject({ key: keySchema })).output(keyMetadataSchema.nullable()),
  /** A range of a value, cut at its end; null when there is no such key. With a version it fails as `revision-changed` on another. */
  read: reads
    .input(
      z.strictObject({
        key: keySchema,
        version: uint64TextSchema.optional(),
        offset: z.number().int().nonnegative(),
        length: z.number().int().min(0).max(wireLimits.valueBytesMax),
      }),
    )
    .output(valueRangeSchema.nullable()),
  put: changes
    .input(
      z.strictObject({
        key: keySchema,
        value: bytesSchema,
        contentType: z.string().max(255),
        expect: expectationSchema,
        requestId: requestIdSchema.optional(),
      }),
    )
    .output(changeResultSchema),
  delete: changes
    .input(z.strictObject({ key: keySchema, expect: expectationSchema, requestId: requestIdSchema.optional() }))
    .output(changeResultSchema),
}

const jobs = {
  list: reads.output(z.array(jobSchema)),
  /** An export reads only. */
  create: changes.input(jobRequestSchema).output(jobSchema),
  export: reads.input(z.strictObject({ prefix })).output(jobSchema),
  /**
   * A piece of an import: of the file `path`, in order; `last` ends the file. A job that has ended takes nothing, which its `state`
   * says.
   */
  feed: changes
    .input(
      z.strictObject({
        id: jobId,
        path: z.string().min(1).max(wireLimits.keyBytesMax),
        bytes: bytesSchema.refine((bytes) => bytes.length <= wireLimits.jobPieceBytesMax, 'a piece is at most 1 MiB'),
        last: z.boolean(),
      }),
    )
    .output(jobSchema),
  /** All files of an import were fed. */
  finish: changes.input(z.strictObject({ id: jobId })).output(jobSchema),
  /** The next piece of an export; the last one has `done`. A job that failed gives nothing more, which its `state` says. */
  take: reads
    .input(z.strictObject({ id: jobId }))
    .output(z.strictObject({ bytes: bytesSchema, done: z.boolean(), job: jobSchema })),
  cancel: reads.input(z.strictObject({ id: jobId })).output(jobSchema),
  /** Forgets a job that has ended. */
  dismiss: reads.input(z.strictObject({ id: jobId })).output(z.null()),
}

export const nodeContract = {
  system: {
    /** The first call on every connection. */
    hello: reads.input(z.strictObject({ contractVersion: z.number().int() })).output(helloSchema),
    status: reads.output(nodeStatusSchema),
  },
  kv,
  jobs,
  events: {
    /** `prefix` narrows the topic `keys`. */
    watch: reads
      .input(z.strictObject({ topics: z.array(z.enum(eventTopics)).min(1), prefix: prefix.optional() }))
      .output(eventIterator(nodeEventSchema)),
  },
  metrics: {
    /** The last `seconds`, from what the node keeps in memory. */
    range: reads
      .input(
        z.strictObject({
          series: z.array(z.enum(metricSeriesNames)).min(1),
          seconds: z.union([z.literal(900), z.literal(3600), z.literal(86_400)]),
        }),
      )
      .output(metricRangeSchema),
  },
  cluster: {
    /** As this node sees the network, without asking others. */
    status: reads.output(clusterStatusSchema),
    /** A link by which other nodes join. `unavailable` where this node listens for none or reaches no majority. */
    invite: changes.input(inviteRequestSchema).output(inviteSchema),
    /** The node takes no blocks from now on, and what it has moves to the others. */
    drain: changes.input(drainRequestSchema).output(changedNodesSchema),
    /** This node drains and then leaves, for good. Says how far it is; who stops listening leaves it draining. */
    leave: changes.output(eventIterator(leaveProgressSchema)),
    /** Takes out a node that is gone for good. `invalid-argument` while it answers unless `force` is given. */
    evict: changes.input(evictRequestSchema).output(changedNodesSchema),
  },
  clients: {
    list: reads.output(z.array(clientSchema)),
    disconnect: changes.input(z.strictObject({ id: z.string().max(128) })).output(z.null()),
  },
  grpc: {
    info: reads.output(grpcInfoSchema),
    /** A real call through the port, with its timing: writes and removes one key of its own under `.memo/test/`. */
    test: changes.output(grpcTestSchema),
  },
  logs: {
    /** The newest lines, or those before a sequence number. */
    page: reads
      .input(z.strictObject({ filter: logFilterSchema, before: z.number().int().optional(), limit: rowLimit }))
      .output(logPageSchema),
    tail: reads.input(z.strictObject({ filter: logFilterSchema })).output(eventIterator(logTailSchema)),
    /** Until the node stops. */
    setLevel: reads.input(z.strictObject({ level: z.enum(logLevels) })).output(z.null()),
  },
  settings: {
    get: reads.output(settingsSchema),
    /** Allowed in read-only mode: that is a setting too. */
    put: reads.input(settingsChangeSchema).output(settingsResultSchema),
  },
}

export type NodeContract = typeof nodeContract
