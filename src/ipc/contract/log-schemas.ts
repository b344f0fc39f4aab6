import { z } from 'zod'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export const logLineSchema = z.strictObject({
  /** Grows by one for each line of this run of the node. */
  sequence: z.number().int(),
  timeMs: z.number(),
  level: z.enum(logLevels),
  subsystem: z.string(),
  message: z.string(),
  /** The facts as JSON; empty where there are none. */
  facts: z.string(),
})
export type LogLine = z.infer<typeof logLineSchema>

export const logFilterSchema = z.strictObject({
  /** This level and those above it. */
  level: z.enum(logLevels).optional(),
  subsystem: z.string().max(64).optional(),
  /** Text in message or facts, without regard to case. */
  text: z.string().max(256).optional(),
})
export type LogFilter = z.infer<typeof logFilterSchema>

export const logPageSchema = z.strictObject({
  /** Newest last. */
  lines: z.array(logLineSchema),
  /** Lines of the filter's kind that were kept before the first of these may exist. */
  more: z.boolean(),
  subsystems: z.array(z.string()),
  /** In force now; lower than what was set while the rate guard holds. */
  level: z.enum(logLevels),
  /** Lines per second over the last seconds, and whether the guard raised the level because of it. */
  rate: z.strictObject({ perSecond: z.number(), guarded: z.boolean() }),
})
export type LogPage = z.infer<typeof logPageSchema>

export const logTailSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lines'), lines: z.array(logLineSchema) }),
  /** Lines were dropped because they were not taken in time: ask for a page. */
  z.strictObject({ kind: z.literal('gap'), dropped: z.number().int() }),
])
