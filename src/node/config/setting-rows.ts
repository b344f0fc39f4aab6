import { byteSizeText } from './byte-size.ts'
import { defaultDataDirectory } from './default-data-directory.ts'
import { hostPortText } from './host-port.ts'
import type { ConfigOrigin, ConfigSource, LoadedConfig } from './load-node-config.ts'
import type { NodeConfig, SettingName } from './node-config-schema.ts'
import { nodeConfigSchema, settingFacts, settingNames } from './node-config-schema.ts'

/** Null: it has no value. */
export type SettingValue = string | boolean | null
export type SettingKind = 'path' | 'address' | 'size' | 'choice' | 'switch' | 'text'

/** One setting as a form shows it. */
export interface SettingRow {
  readonly name: SettingName
  readonly kind: SettingKind
  readonly values: string[]
  readonly help: string
  /** What holds from the next start on, which is what is in force unless it is pending. */
  readonly value: SettingValue
  readonly inForce: SettingValue
  readonly default: SettingValue
  readonly source: ConfigSource['kind']
  /** The file has no say: a flag or variable decides, or the file lies where the setting says. */
  readonly locked: boolean
  readonly needsRestart: boolean
  /** `value` waits for a start or, where it needs none, for the next change that is saved here. */
  readonly pending: boolean
}

/** `next`: as a start would load it. `inForce`: what the process runs with. */
export function settingRows(next: LoadedConfig, inForce: NodeConfig): SettingRow[] {
  const defaults = defaultConfig(next.origin)
  return settingNames.map((name) => {
    const facts = settingFacts(name)
    const value = settingValue(name, next.config)
    const present = settingValue(name, inForce)
    const source = next.sources[name].kind
    return {
      name,
      kind: settingKind(name),
      values: [...(facts.values ?? [])],
      help: facts.help,
      value,
      inForce: present,
      default: settingValue(name, defaults),
      source,
      locked: isLocked(name, next),
      needsRestart: facts.live !== true,
      pending: value !== present,
    }
  })
}

export function isLocked(name: SettingName, { sources, origin }: LoadedConfig): boolean {
  return ['flag', 'environment'].includes(sources[name].kind) || (name === 'data' && !origin.named)
}

function settingKind(name: SettingName): SettingKind {
  const { argument, values } = settingFacts(name)
  if (values !== undefined) return 'choice'
  switch (argument) {
    case undefined:
      return 'switch'
    case 'DIR':
    case 'FILE':
      return 'path'
    case 'HOST:PORT':
      return settingFacts(name).list === true ? 'text' : 'address'
    case 'SIZE':
      return 'size'
    default:
      return 'text'
  }
}

/** As the file may say it. */
export function settingValue(name: SettingName, config: NodeConfig): SettingValue {
  const value = config[name]
  if (value === undefined) return null
  if (isList(value)) return value.length === 0 ? null : value.join(',')
  if (typeof value === 'object') return hostPortText(value)
  return typeof value === 'number' ? byteSizeText(value) : value
}

export function isList(value: NodeConfig[SettingName]): value is readonly string[] {
  return Array.isArray(value)
}

function defaultConfig({ input: { platform = process.platform, environment } }: ConfigOrigin): NodeConfig {
  return nodeConfigSchema.parse({ data: defaultDataDirectory({ platform, environment }) })
}
