import { Command } from 'commander'
import { settingFlag } from '../../../shared/setting-flag.ts'
import { hostPortText } from '../../config/host-port.ts'
import type { ConfigSource, LoadedConfig } from '../../config/load-node-config.ts'
import { loadNodeConfig, sourceText } from '../../config/load-node-config.ts'
import type { NodeConfig, SettingName } from '../../config/node-config-schema.ts'
import { settingNames, settingVariable } from '../../config/node-config-schema.ts'
import { isList } from '../../config/setting-rows.ts'
import type { CliIo } from '../cli-io.ts'
import type { JsonValue } from '../cli-output.ts'
import { createOutput } from '../cli-output.ts'
import { examples } from './kv-commands.ts'
import type { RunFlags } from './setting-options.ts'
import { configInput, withSettingOptions } from './setting-options.ts'

/** `memo config show`: what a node would run with, and where each value comes from. */
export function configCommand(io: CliIo): Command {
  const show = withSettingOptions(new Command('show'), io)
    .description('show every setting with its value and its origin')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
These are the settings of a node. Commands that call one take its address from --grpc or MEMO_NODE.
${examples('memo config show', 'MEMO_LOG_LEVEL=debug memo config show --json', 'memo config show --config memo.json')}`,
    )
    .action(async (flags: RunFlags & { readonly json?: boolean }) =>
      showConfig(loadNodeConfig(configInput(flags, io)), flags.json === true, io),
    )
  return new Command('config').description('the configuration of a node').addCommand(show)
}

async function showConfig({ config, sources, warnings }: LoadedConfig, json: boolean, io: CliIo): Promise<void> {
  const output = createOutput(io, json)
  for (const warning of warnings) output.remark(`memo: ${warning}`)
  const settings = settingNames.map((name) => ({ name, value: valueJson(config[name]), source: sourceJson(sources[name], name) }))
  const width = Math.max(...settings.map(({ value }) => valueText(value).length))
  const lines = settings.map(({ name, value, source }) => `${name.padEnd(13)} ${valueText(value).padEnd(width)}  ${source}`)
  const flags = settingNames.map((name) => ({ name, flag: settingFlag(name), variable: settingVariable(name) }))
  const byName = Object.fromEntries(
    settings.map(({ name, ...rest }) => [name, { ...rest, ...flags.find((each) => each.name === name) }]),
  )
  await output.result(lines.join('\n'), byName)
}

function valueJson(value: NodeConfig[SettingName]): JsonValue {
  if (value === undefined) return null
  if (isList(value)) return value
  return typeof value === 'object' ? hostPortText(value) : value
}

function valueText(value: JsonValue): string {
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(',')
  return String(value ?? '-')
}

function sourceJson(source: ConfigSource, name: SettingName): string {
  return source.kind === 'file' ? source.path : sourceText(source, name)
}
