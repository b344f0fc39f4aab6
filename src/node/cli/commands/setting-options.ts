import type { Command } from 'commander'
import { Option } from 'commander'
import { settingFlag } from '../../../shared/setting-flag.ts'
import { defaultDataDirectory } from '../../config/default-data-directory.ts'
import type { HostPort } from '../../config/host-port.ts'
import { hostPortText } from '../../config/host-port.ts'
import type { ConfigInput } from '../../config/load-node-config.ts'
import type { SettingName } from '../../config/node-config-schema.ts'
import { nodeConfigSchema, settingFacts, settingNames } from '../../config/node-config-schema.ts'
import type { CliIo } from '../cli-io.ts'
import { optionOf } from './option-values.ts'

export interface RunFlags extends Readonly<Partial<Record<SettingName, string | boolean | readonly string[]>>> {
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
    const { argument, help: meaning, values, list } = settingFacts(name)
    const fallback = settingDefault(name, io)
    const help = fallback === undefined ? meaning : `${meaning} (default: ${fallback})`
    const flag = argument === undefined ? settingFlag(name) : `${settingFlag(name)} <${argument}>`
    const option = list === true ? new ListOption(flag, help, name) : new Option(flag, help)
    command.addOption(values === undefined ? option : optionOf(flag, help, values))
  }
  return command.option('--config <FILE>', 'read this JSON file instead of memo.json in the data directory (MEMO_CONFIG)')
}

/** A flag that gives one entry each time; the command knows the list by the name of the setting. */
class ListOption extends Option {
  readonly #name: SettingName

  constructor(flag: string, help: string, name: SettingName) {
    super(flag, help)
    this.#name = name
    this.argParser((entry: string, before: readonly string[] = []) => [...before, entry])
  }

  override attributeName(): string {
    return this.#name
  }
}

/** Only told: commander must not take it for given, because file and environment come first. */
function settingDefault(name: SettingName, { environment }: Pick<CliIo, 'environment'>): string | undefined {
  if (name === 'data') return defaultDataDirectory({ platform: process.platform, environment })
  const { data: value } = nodeConfigSchema.shape[name].safeParse(undefined)
  if (value === undefined || typeof value === 'boolean' || Array.isArray(value)) return undefined
  return typeof value === 'object' ? hostPortText(value as HostPort) : String(value)
}

export function configInput(flags: RunFlags, io: CliIo): ConfigInput {
  return { flags, configFile: flags.config, environment: io.environment }
}
