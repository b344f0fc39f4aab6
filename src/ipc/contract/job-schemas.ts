import { z } from 'zod'
import { wireLimits } from './wire-limits.ts'

export const jobKinds = ['import', 'export', 'delete'] as const
export type JobKind = (typeof jobKinds)[number]

const sourceSchema = z.string().min(1).max(wireLimits.jobSourceMax)

export const jobSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(jobKinds),
  prefix: z.string(),
  /** What an import is made from, as the screens that began it call it: a file, a folder. */
  source: sourceSchema.optional(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedMs: z.number(),
  endedMs: z.number().optional(),
  /** Handled, the skipped and failed ones among them. */
  itemsDone: z.number().int(),
  /** Absent while it is not known. */
  itemsTotal: z.number().int().optional(),
  /** Of what was fed to an import; of values for the others. */
  bytesDone: z.number(),
  bytesTotal: z.number().optional(),
  skipped: z.number().int(),
  failed: z.number().int(),
  failures: z.array(z.strictObject({ item: z.string(), reason: z.string() })).max(wireLimits.jobFailuresMax),
  /** Why it failed as a whole. */
  error: z.string().optional(),
})
export type Job = z.infer<typeof jobSchema>

/** `skip`: a key that exists stays as it is; `replace`: it gets the new value. An equal value is never written again. */
export const importModes = ['skip', 'replace'] as const

export const jobRequestSchema = z.discriminatedUnion('kind', [
  /** Values arrive by `jobs.feed`: files one by one, or one NDJSON file of {key, value in base64, contentType}. */
  z.strictObject({
    kind: z.literal('import'),
    format: z.enum(['files', 'ndjson']),
    prefix: z.string(),
    mode: z.enum(importModes),
    source: sourceSchema.optional(),
    itemsTotal: z.number().int().nonnegative().optional(),
    bytesTotal: z.number().nonnegative().optional(),
  }),
  /** NDJSON that is fetched by `jobs.take`. */
  z.strictObject({ kind: z.literal('export'), prefix: z.string() }),
  /** Removes every key under a prefix that is not empty. */
  z.strictObject({ kind: z.literal('delete'), prefix: z.string().min(1) }),
])
export type JobRequest = z.infer<typeof jobRequestSchema>
