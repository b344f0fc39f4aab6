import { z } from 'zod'
import { jobSchema } from './job-schemas.ts'
import { nodeStatusSchema } from './status-schemas.ts'

export const eventTopics = ['status', 'keys', 'jobs', 'clients', 'settings'] as const
export type EventTopic = (typeof eventTopics)[number]

/** Small facts, at most one of a topic in `eventIntervalMs`. `sequence` grows by one for each event of the subscription. */
export const nodeEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), sequence: z.number().int(), status: nodeStatusSchema }),
  /** Keys that changed, whoever changed them; `more`: others did too. */
  z.strictObject({
    kind: z.literal('keys'),
    sequence: z.number().int(),
    changed: z.array(z.string()),
    more: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('jobs'), sequence: z.number().int(), jobs: z.array(jobSchema) }),
  z.strictObject({ kind: z.literal('clients'), sequence: z.number().int() }),
  z.strictObject({ kind: z.literal('settings'), sequence: z.number().int() }),
  /** Events were dropped because they were not taken in time: everything that was learned from events is to be asked for again. */
  z.strictObject({ kind: z.literal('gap'), sequence: z.number().int() }),
])
export type NodeEvent = z.infer<typeof nodeEventSchema>
