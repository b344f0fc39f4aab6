import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import { CodedError } from '../../shared/coded-error.ts'
import { settingFlag } from '../../shared/setting-flag.ts'
import { defaultDataDirectory } from './default-data-directory.ts'
import { meetingText, meets } from './host-port.ts'
import { editDistance, nearestName } from './nearest-name.ts'
import type { NodeConfig, SettingName } from './node-config-schema.ts'
import { nodeConfigSchema, settingFacts, settingNames, settingVariable } from './node-config-schema.ts'
import type { Environment } from './process-environment.ts'
import { readNamedFile } from './read-named-file.ts'
import { repeatedMember } from './repeated-member.ts'

/** What a value came from, in the order of their strength: a later kind replaces an earlier one. */
export type ConfigSource =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string }

export interface LoadedConfig {
  readonly config: NodeConfig
  readonly sources: Readonly<Record<SettingName, ConfigSource>>
  /** Facts that do not prevent a start but that a person should know. */
  readonly warnings: readonly string[]
  readonly origin: ConfigOrigin
}

/** What a configuration is joined from, so that it can be joined again with another text of its file. */
export interface ConfigOrigin {
  readonly input: ConfigInput
  /** Path of the file, which may be absent unless it was named. */
  readonly file: string
  readonly named: boolean
}

/** `name` is empty where the whole file is meant. */
export interface ConfigProblem {
  readonly name: string
  readonly message: string
  /** The message without where the value stands: for who has just typed it into a form. */
  readonly reason?: string
}

export class InvalidConfigError extends CodedError {
  readonly problems: readonly ConfigProblem[]
  /** Where each value is valid and only their rules are broken: for who looks at a node and does not start it. */
  readonly config: NodeConfig | undefined

  constructor(problems: readonly ConfigProblem[], { cause, config }: { cause?: unknown; config?: NodeConfig } = {}) {
    const [first] = problems
    const message = first?.message ?? 'the configuration is not valid'
    super('config-invalid', message, { details: { key: first?.name ?? '' }, ...(cause !== undefined && { cause }) })
    this.problems = problems
    this.config = config
  }
}

export interface ConfigInput {
  /** Values of flags by the name of their setting; a switch is true. */
  readonly flags: Readonly<Partial<Record<SettingName, string | boolean | readonly string[]>>>
  /** --config: read instead of memo.json in the data directory, and must exist. */
  readonly configFile?: string | undefined
  readonly environment: Environment
  readonly platform?: NodeJS.Platform
}

/** Variables with the prefix of memo that are not settings of a node. */
const otherVariables = ['MEMO_CONFIG', 'MEMO_NODE', 'MEMO_TOKEN_FILE', 'MEMO_TLS_CA'] as const

/** Editors of Windows begin a text with it; it shows nowhere, and JSON knows none. */
const byteOrderMark = '\uFEFF'

type RawValue = { readonly value: unknown; readonly source: ConfigSource }
type RawValues = Map<SettingName, RawValue>

/** Joins file, environment and flags, checks them by the one schema and freezes the result. Throws CodedError `config-invalid`. */
export function loadNodeConfig(input: ConfigInput): LoadedConfig {
  const origin = originOf(input)
  return joinConfig(origin, readOptional(origin.file, origin.named))
}

/** Where the data directory is, for who needs nothing else: whatever is wrong with other settings has no say in it. */
export function locateDataDirectory(input: ConfigInput): string {
  const { file, named } = originOf(input)
  const given = input.flags.data ?? input.environment[settingVariable('data')]
  const own = given === undefined && named ? parseObject(file, readOptional(file, named) ?? '{}').data : given
  const result = nodeConfigSchema.shape.data.safeParse(own ?? fallbackDirectory(input))
  if (!result.success) throw invalid(`data: ${result.error.issues[0]?.message ?? 'is not valid'}`, 'data')
  return resolve(result.data)
}

function originOf(input: ConfigInput): ConfigOrigin {
  const given = input.configFile ?? input.environment.MEMO_CONFIG
  if (given !== undefined) return { input, file: resolve(given), named: true }
  const data = input.flags.data ?? input.environment[settingVariable('data')] ?? fallbackDirectory(input)
  return { input, file: resolve(String(data), 'memo.json'), named: false }
}

function fallbackDirectory({ platform = process.platform, environment }: ConfigInput): string {
  return defaultDataDirectory({ platform, environment })
}

/** As loadNodeConfig, with this text as that of the file; undefined: there is no file. */
export function joinConfig(origin: ConfigOrigin, text: string | undefined): LoadedConfig {
  const { input } = origin
  const values: RawValues = new Map()
  const warnings: string[] = []
  values.set('data', { value: fallbackDirectory(input), source: { kind: 'default' } })
  for (const source of [fileValues(origin, text), environmentValues(input.environment, warnings), flagValues(input.flags)]) {
    for (const [name, value] of source) {
      warnings.push(...hiddenFault(name, values.get(name)))
      values.set(name, value)
    }
  }
  return { ...check(values, origin.file), warnings, origin }
}

/** A value that would be refused if a stronger one did not stand in for it: it would be noticed only on the day that this one goes. */
function hiddenFault(name: SettingName, hidden: RawValue | undefined): readonly string[] {
  if (hidden === undefined || hidden.source.kind === 'default') return []
  const result = nodeConfigSchema.shape[name].safeParse(hidden.value)
  const message = result.error?.issues[0]?.message
  return message === undefined
    ? []
    : [`${sourceText(hidden.source, name)} has no effect at present, and is not valid: ${message}`]
}

function flagValues(flags: ConfigInput['flags']): RawValues {
  const values: RawValues = new Map()
  for (const name of settingNames) {
    const value = flags[name]
    if (value !== undefined) values.set(name, { value, source: { kind: 'flag', flag: settingFlag(name) } })
  }
  return values
}

/**
 * A variable that nearly spells a setting is refused, because a protection that was asked for must not be silently absent. Others
 * only warn: container platforms put variables such as MEMO_SERVICE_HOST in the environment of whatever runs beside a service.
 */
function environmentValues(environment: Environment, warnings: string[]): RawValues {
  const values: RawValues = new Map()
  const byVariable = new Map(settingNames.map((name) => [settingVariable(name), name]))
  const known = [...byVariable.keys(), ...otherVariables]
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('MEMO_') || text === undefined) continue
    const name = byVariable.get(variable)
    if (name !== undefined)
      values.set(name, { value: variableValue(name, variable, text), source: { kind: 'environment', variable } })
    else if (!known.includes(variable)) {
      const near = known.find((candidate) => editDistance(candidate, variable) <= 2)
      if (near !== undefined) throw invalid(`unknown environment variable ${variable}, did you mean ${near}?`, variable)
      warnings.push(`environment variable ${variable} is not one that memo knows and has no effect`)
    }
  }
  return values
}

function variableValue(name: SettingName, variable: string, text: string): unknown {
  if (settingFacts(name).argument !== undefined) return text
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['0', 'false', 'no', 'off', ''].includes(text.toLowerCase())) return false
  throw invalid(`${variable} is "${text}", it must be true or false`, variable)
}

function fileValues({ file: path, named }: ConfigOrigin, text: string | undefined): RawValues {
  const values: RawValues = new Map()
  if (text === undefined) return values
  for (const [key, value] of Object.entries(parseObject(path, text))) {
    const name = settingNames.find((candidate) => candidate === key)
    if (name === undefined) {
      const near = nearestName(key, settingNames)
      const hint = near === undefined ? `known are: ${settingNames.join(', ')}` : `did you mean "${near}"?`
      throw invalid(`unknown key "${key}" in ${path}, ${hint}`, key)
    }
    if (name === 'data' && !named)
      throw invalid(`${path} is in the data directory and cannot say where that is: remove "data"`, key)
    values.set(name, { value, source: { kind: 'file', path } })
  }
  return values
}

function readOptional(path: string, required: boolean): string | undefined {
  try {
    return readNamedFile(path).toString('utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined
    // A directory that may not even be entered: what is wrong is the directory, whether or not it holds the file.
    if (!required && code === 'EACCES' && isClosed(dirname(path))) {
      throw new CodedError('store-unwritable', `the data directory ${dirname(path)} cannot be used: ${reason(error)}`, {
        cause: error,
      })
    }
    throw new CodedError('config-invalid', `the configuration file ${path} cannot be read: ${reason(error)}`, { cause: error })
  }
}

function isClosed(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK)
    return false
  } catch {
    return true
  }
}

export function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  const json = text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new InvalidConfigError([{ name: '', message: `${path} is not JSON: ${reason(error)}` }], { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${path} must hold one JSON object`, '')
  const twice = repeatedMember(json)
  if (twice !== undefined) throw invalid(`"${twice}" stands twice in ${path}: only one of them could have an effect`, twice)
  return value as Readonly<Record<string, unknown>>
}

function check(values: RawValues, file: string): Pick<LoadedConfig, 'config' | 'sources'> {
  const raw = Object.fromEntries([...values].map(([name, { value }]) => [name, value]))
  const result = nodeConfigSchema.safeParse(raw)
  if (!result.success) throw new InvalidConfigError(result.error.issues.map((issue) => explain(issue, values)))
  const config = { ...result.data, ...absolutePaths(result.data) }
  const problems = brokenRules(config, file).map(({ name, rule }) => {
    const where = sourceText(values.get(name)?.source ?? { kind: 'default' }, name)
    return { name, message: rule(where), reason: rule(settingFlag(name)) }
  })
  if (problems.length > 0) throw new InvalidConfigError(problems, { config: Object.freeze(config) })
  const sources = Object.fromEntries(settingNames.map((name) => [name, values.get(name)?.source ?? { kind: 'default' }]))
  for (const address of [config.grpc, config.console, config.listen]) Object.freeze(address)
  return { config: Object.freeze(config), sources: Object.freeze(sources) as LoadedConfig['sources'] }
}

/** A relative path means the same thing later on, wherever the process has moved to by then. */
function absolutePaths(config: NodeConfig): Partial<NodeConfig> {
  const tls = ['grpcCert', 'grpcKey', 'grpcClientCa', 'consoleCert', 'consoleKey'] as const
  const names = ['data', 'readyFile', 'grpcTokenFile', 'keyFile', ...tls] as const
  return Object.fromEntries(names.flatMap((name) => (config[name] === undefined ? [] : [[name, resolve(config[name])]])))
}

/** Settings that name a port of this process; the later one of a pair is told of. */
export const portPairs = [
  ['grpc', 'console'],
  ['grpc', 'listen'],
  ['console', 'listen'],
] as const

interface BrokenRule {
  readonly name: SettingName
  /** `setting`: how the reader knows it. */
  readonly rule: (setting: string) => string
}

/** What each value by itself cannot be blamed for. */
function brokenRules(config: NodeConfig, file: string): readonly BrokenRule[] {
  const broken: BrokenRule[] = []
  for (const pair of [['grpcCert', 'grpcKey'] as const, ['consoleCert', 'consoleKey'] as const]) {
    const [alone, ...both] = pair.filter((name) => config[name] !== undefined)
    const missing = pair.find((name) => name !== alone)
    if (alone !== undefined && missing !== undefined && both.length === 0)
      broken.push({ name: alone, rule: (setting) => `${setting} and ${settingFlag(missing)} belong together` })
  }
  for (const [needed, text, names] of [
    [config.grpcTls, '--grpc-tls', ['grpcCert', 'grpcKey', 'grpcClientCa']] as const,
    [config.consoleTls, '--console-tls', ['consoleCert', 'consoleKey']] as const,
    [config.grpcAuth === 'token', '--grpc-auth token', ['grpcTokenFile']] as const,
  ]) {
    for (const name of names) {
      if (config[name] !== undefined && !needed)
        broken.push({ name, rule: (setting) => `${setting} has a meaning only with ${text}` })
    }
  }
  for (const name of ['readyFile', 'grpcTokenFile', 'keyFile'] as const)
    if (config[name] === file) broken.push({ name, rule: (setting) => `${setting} may not be ${file}, which holds the settings` })
  for (const [one, other] of portPairs) {
    const [left, right] = [config[one], config[other]]
    if (left === undefined || right === undefined || !meets(left, right)) continue
    broken.push({ name: other, rule: () => meetingText(settingFlag(one), settingFlag(other)) })
  }
  if (config.advertise.length > 0 && config.listen === undefined)
    broken.push({ name: 'advertise', rule: (setting) => `${setting} has a meaning only with --listen` })
  return broken
}

function explain(issue: z.core.$ZodIssue, values: RawValues): ConfigProblem {
  const name = settingNames.find((candidate) => candidate === issue.path[0])
  if (name === undefined) return { name: '', message: `the configuration is not valid: ${issue.message}` }
  const where = sourceText(values.get(name)?.source ?? { kind: 'default' }, name)
  return { name, message: `${where}: ${issue.message}`, reason: issue.message }
}

/** Names a value's origin in the words that a person would look for. */
export function sourceText(source: ConfigSource, name: SettingName): string {
  switch (source.kind) {
    case 'default':
      return 'default'
    case 'file':
      return `"${name}" in ${source.path}`
    case 'environment':
      return source.variable
    case 'flag':
      return source.flag
  }
}

function invalid(message: string, name: string): InvalidConfigError {
  return new InvalidConfigError([{ name, message }])
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
