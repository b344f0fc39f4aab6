import { z } from 'zod'

export const settingValueSchema = z.union([z.string(), z.boolean(), z.null()])

export const settingRowSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['text', 'path', 'address', 'size', 'choice', 'switch']),
  /** Of a choice. */
  values: z.array(z.string()),
  help: z.string(),
  /** What holds from the next start on: in force already unless it is `pending`. */
  value: settingValueSchema,
  inForce: settingValueSchema,
  default: settingValueSchema,
  source: z.enum(['default', 'file', 'environment', 'flag']),
  /** A flag or the environment decides, or the file cannot say it (`data` in the data directory): the file is not asked. */
  locked: z.boolean(),
  /** A change of it takes effect at the next start. */
  needsRestart: z.boolean(),
  /** `value` differs from what is in force: it takes effect at the next start or, without `needsRestart`, with the next saved change. */
  pending: z.boolean(),
})
export type SettingRow = z.infer<typeof settingRowSchema>

const settingProblemsSchema = z.array(z.strictObject({ name: z.string(), message: z.string() }))

export const settingsSchema = z.strictObject({
  rows: z.array(settingRowSchema),
  /** Path of the file, and its text; empty where it does not exist. */
  file: z.string(),
  text: z.string(),
  /** Names the file's content for `expect`. */
  digest: z.string(),
  /** Why the next start would refuse the file; `rows` then say what is in force. */
  problems: settingProblemsSchema,
})
export type Settings = z.infer<typeof settingsSchema>

export const settingsChangeSchema = z.discriminatedUnion('kind', [
  /** Single values; null goes back to the default. */
  z.strictObject({
    kind: z.literal('values'),
    values: z.record(z.string(), settingValueSchema),
    expect: z.string(),
  }),
  /** The whole file. */
  z.strictObject({ kind: z.literal('text'), text: z.string().max(65_536), expect: z.string() }),
])

export const settingsResultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('saved'),
    settings: settingsSchema,
    restartNeeded: z.array(z.string()),
    /** Names of what took effect at once, without those that the change gave values: they stood in the file, or stand in the text. */
    alsoApplied: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('invalid'), problems: settingProblemsSchema }),
  /** Somebody else changed the file meanwhile. */
  z.strictObject({ kind: z.literal('changed'), settings: settingsSchema }),
])
export type SettingsResult = z.infer<typeof settingsResultSchema>
