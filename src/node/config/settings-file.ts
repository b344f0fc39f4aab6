import { CodedError } from '../../shared/coded-error.ts'
import type { ConfigProblem, LoadedConfig } from './load-node-config.ts'
import { InvalidConfigError, joinConfig, parseObject } from './load-node-config.ts'
import type { NodeConfig, SettingName } from './node-config-schema.ts'
import { settingNames } from './node-config-schema.ts'
import { replaceFile } from './replace-file.ts'
import type { SettingRow, SettingValue } from './setting-rows.ts'
import { isLocked, settingRows } from './setting-rows.ts'
import { assertStandsAlone, assertTextFits, readSettingsText, settingsText } from './settings-text.ts'

const noFile = 'absent'

export interface SettingsView {
  readonly rows: SettingRow[]
  readonly file: string
  readonly text: string
  /** Names the file's content. */
  readonly digest: string
  /** Why the next start would refuse what the file says; the rows then are those in force. */
  readonly problems: SettingProblem[]
}

export type SettingsChange =
  | { readonly kind: 'values'; readonly values: Readonly<Record<string, SettingValue>>; readonly expect: string }
  | { readonly kind: 'text'; readonly text: string; readonly expect: string }

export type SettingProblem = Pick<ConfigProblem, 'name' | 'message'>

export type SettingsOutcome =
  | {
      readonly kind: 'saved'
      readonly settings: SettingsView
      readonly restartNeeded: string[]
      /** What took effect at once, without the values that the change named. */
      readonly alsoApplied: string[]
    }
  | { readonly kind: 'invalid'; readonly problems: SettingProblem[] }
  | { readonly kind: 'changed'; readonly settings: SettingsView }

export interface SettingsFileParts {
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  /**
   * Throws CodedError for a configuration that a start would refuse although each value is valid. `before` has what stays as it is:
   * what the next start would have had without a change or, for a file as it lies there, what is in force.
   */
  readonly assertStartable: (config: NodeConfig, before: NodeConfig) => Promise<void>
  /** Settings that are live took effect. */
  readonly applied: (config: Pick<NodeConfig, 'readOnly' | 'logLevel'>) => void
  /** Told after each saved change. */
  readonly changed: () => void
}

interface NextStart {
  readonly next: LoadedConfig
  readonly problems: readonly ConfigProblem[]
}

/**
 * The settings of a running node and the file that holds them. What is written is what the next start would accept: a change is
 * joined with environment and flags and checked by the same rules first.
 */
export class SettingsFile {
  readonly #loaded: LoadedConfig
  readonly #parts: SettingsFileParts
  #inForce: NodeConfig
  #last: Promise<unknown> = Promise.resolve()

  constructor(loaded: LoadedConfig, parts: SettingsFileParts) {
    this.#loaded = loaded
    this.#parts = parts
    this.#inForce = loaded.config
  }

  isReadOnly(): boolean {
    return this.#inForce.readOnly
  }

  read(): Promise<SettingsView> {
    return this.#inTurn(() => this.#viewOf(this.#readText()))
  }

  put(change: SettingsChange): Promise<SettingsOutcome> {
    return this.#inTurn(() => this.#put(change))
  }

  /** One after another: each sees what the one before wrote, and none takes an address for taken that another tries at that moment. */
  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(action)
    this.#last = result.catch(() => undefined)
    return result
  }

  async #put(change: SettingsChange): Promise<SettingsOutcome> {
    const before = this.#readText()
    if (change.expect !== this.#digestOf(before)) return { kind: 'changed', settings: await this.#viewOf(before) }
    try {
      const text = change.kind === 'text' ? change.text : this.#textWith(change.values, before)
      const next = await this.#checked(text, before)
      await replaceFile(this.#loaded.origin.file, text)
      const applied = this.#apply(next.config)
      const settings = await this.#viewOf(text)
      this.#parts.changed()
      return {
        kind: 'saved',
        settings,
        restartNeeded: settings.rows.filter(({ pending }) => pending).map(({ name }) => name),
        alsoApplied: applied.filter((name) => change.kind === 'text' || !Object.hasOwn(change.values, name)),
      }
    } catch (error) {
      if (error instanceof InvalidConfigError) return { kind: 'invalid', problems: error.problems.map(shownProblem) }
      throw error
    }
  }

  async #checked(text: string, before: string | undefined): Promise<LoadedConfig> {
    assertTextFits(text)
    const next = joinConfig(this.#loaded.origin, text)
    assertStandsAlone(this.#loaded, text, before)
    const faults = await this.#startFaults(next.config, this.#nextOr(before).next.config)
    if (faults.length > 0) throw new InvalidConfigError(faults)
    return next
  }

  async #startFaults(next: NodeConfig, before: NodeConfig): Promise<readonly ConfigProblem[]> {
    try {
      await this.#parts.assertStartable(next, before)
      return []
    } catch (error) {
      if (error instanceof InvalidConfigError) return error.problems
      if (!(error instanceof CodedError)) throw error
      return [{ name: settingNames.find((name) => name === error.details.key) ?? '', message: error.message }]
    }
  }

  #textWith(values: Readonly<Record<string, SettingValue>>, before: string | undefined): string {
    const { origin } = this.#loaded
    const object: Record<string, unknown> = before === undefined ? {} : { ...parseObject(origin.file, before) }
    const problems: ConfigProblem[] = []
    for (const [key, value] of Object.entries(values)) {
      const name = settingNames.find((candidate) => candidate === key)
      if (name === undefined) problems.push({ name: key, message: `there is no setting "${key}"` })
      else if (isLocked(name, this.#loaded)) problems.push({ name, message: lockedText(name, this.#loaded) })
      else if (value === null) delete object[name]
      else object[name] = value
    }
    if (problems.length > 0) throw new InvalidConfigError(problems)
    return settingsText(object)
  }

  /** Returns the names of what took effect. */
  #apply(next: NodeConfig): SettingName[] {
    const { readOnly, logLevel } = next
    const differing = (['readOnly', 'logLevel'] as const).filter((name) => next[name] !== this.#inForce[name])
    this.#inForce = { ...this.#inForce, readOnly, logLevel }
    if (differing.length > 0) this.#parts.applied({ readOnly, logLevel })
    return differing
  }

  async #viewOf(text: string | undefined): Promise<SettingsView> {
    const { origin } = this.#loaded
    const { next, problems } = await this.#nextOrFaults(text)
    return {
      rows: settingRows(next, this.#inForce),
      file: origin.file,
      text: text ?? '',
      digest: this.#digestOf(text),
      problems: problems.map(({ name, message }) => ({ name, message })),
    }
  }

  /** What somebody wrote into the file by hand may be anything; then what is in force stands for it. */
  #nextOr(text: string | undefined): NextStart {
    try {
      return { next: joinConfig(this.#loaded.origin, text), problems: [] }
    } catch (error) {
      if (!(error instanceof InvalidConfigError)) throw error
      return this.#refused(error.problems)
    }
  }

  /** As #nextOr, for valid values that a start would refuse as well. What this process was started with is not asked for again. */
  async #nextOrFaults(text: string | undefined): Promise<NextStart> {
    const { next, problems } = this.#nextOr(text)
    if (!settingRows(next, this.#inForce).some(({ pending, needsRestart }) => pending && needsRestart)) return { next, problems }
    const faults = await this.#startFaults(next.config, this.#inForce)
    return faults.length === 0 ? { next, problems } : this.#refused(faults)
  }

  #refused(problems: readonly ConfigProblem[]): NextStart {
    return { next: { ...this.#loaded, config: this.#inForce }, problems }
  }

  #digestOf(text: string | undefined): string {
    if (text === undefined) return noFile
    return Buffer.from(this.#parts.sha256(new TextEncoder().encode(text))).toString('hex')
  }

  #readText(): string | undefined {
    return readSettingsText(this.#loaded.origin.file)
  }
}

/** Nothing of it is in the file yet. */
function shownProblem({ name, message, reason }: ConfigProblem): SettingProblem {
  return { name, message: reason ?? message }
}

function lockedText(name: string, { sources, origin }: LoadedConfig): string {
  const source = Object.entries(sources).find(([each]) => each === name)?.[1]
  if (source?.kind === 'flag') return `${source.flag} decides, the file is not asked`
  if (source?.kind === 'environment') return `${source.variable} decides, the file is not asked`
  return `${origin.file} is in the data directory and cannot say where that is`
}
