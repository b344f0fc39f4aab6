import type { Command } from 'commander'
import { Option } from 'commander'
import { defaultDataDirectory } from '../../config/default-data-directory.ts'
import { hostPortText } from '../../config/host-port.ts'
import type { ConfigInput } from '../../config/load-node-config.ts'
import type { SettingName } from '../../config/node-config-schema.ts'
import { nodeConfigSchema, settingFacts, settingFlag, settingNames } from '../../config/node-config-schema.ts'
import type { CliIo } from '../cli-io.ts'
import { optionOf } from './option-values.ts'

export interface RunFlags extends Readonly<Partial<Record<SettingName, string | boolean>>> {
  readonly config?: string
}

export interface DoctorFlags extends RunFlags {
  readonly json?: boolean
  readonly verify?: boolean
}

/** One flag for each setting of the schema, and --config. */
export function withSettingOptions(
  command: Command,
  io: Pick<CliIo, 'environment'>,
  names: readonly SettingName[] = settingNames,
): Command {
  for (const name of names) {
    const { argument, help: meaning, values } = settingFacts(name)
    const fallback = settingDefault(name, io)
    const help = fallback === undefined ? meaning : `${meaning} (default: ${fallback})`
    const flag = argument === undefined ? settingFlag(name) : `${settingFlag(name)} <${argument}>`
    command.addOption(values === undefined ? new Option(flag, help) : optionOf(flag, help, values))
  }
  return command.option('--config <FILE>', 'read this JSON file instead of memo.json in the data directory (MEMO_CONFIG)')
}

/** Only told: commander must not take it for given, because file and environment come first. */
function settingDefault(name: SettingName, { environment }: Pick<CliIo, 'environment'>): string | undefined {
  if (name === 'data') return defaultDataDirectory({ platform: process.platform, environment })
  const { data: value } = nodeConfigSchema.shape[name].safeParse(undefined)
  if (value === undefined || typeof value === 'boolean') return undefined
  return typeof value === 'object' ? hostPortText(value) : String(value)
}

export function configInput(flags: RunFlags, io: CliIo): ConfigInput {
  return { flags, configFile: flags.config, environment: io.environment }
}
