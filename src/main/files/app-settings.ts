import { z } from 'zod'

/** What the app remembers of its node, beside the settings that the node keeps in its data directory. */
export const appSettingsSchema = z.strictObject({
  /** Picked when another data directory was wanted; absent: the node's own default. */
  dataDirectory: z.string().min(1).max(4096).optional(),
  /** Where gRPC is served since its usual port was taken. */
  grpcAddress: z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/)
    .optional(),
  /** Allows the developer tools in an installed app too. */
  developerTools: z.boolean().optional(),
})
export type AppSettings = z.output<typeof appSettingsSchema>

/** Flags of the node: what the app remembers, then what its own command line says, which is the stronger. */
export function nodeArguments(settings: AppSettings, commandLine: readonly string[]): readonly string[] {
  return [
    ...(settings.dataDirectory === undefined ? [] : ['--data', settings.dataDirectory]),
    ...(settings.grpcAddress === undefined ? [] : ['--grpc', settings.grpcAddress]),
    ...commandLine,
  ]
}

/** What stands behind the first `--` of a command line: everything before is for Electron and Chromium. */
export function ownArguments(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--')
  return at === -1 ? [] : argv.slice(at + 1)
}
