import { CodedError } from '../../shared/coded-error.ts'
import type { ConfigProblem, LoadedConfig } from './load-node-config.ts'
import { InvalidConfigError, joinConfig } from './load-node-config.ts'
import { readNamedFile } from './read-named-file.ts'

/** Characters of a configuration file that is read or written here. */
const fileCharactersMax = 65_536

/** The file as it lies there; undefined where there is none. Throws CodedError `config-invalid` or `limit-exceeded`. */
export function readSettingsText(file: string): string | undefined {
  let text: string
  try {
    text = readNamedFile(file).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CodedError('config-invalid', `${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  if (text.length <= fileCharactersMax) return text
  throw new CodedError('limit-exceeded', `${file} has more than ${fileCharactersMax} characters, edit it outside`)
}

/** As a person would lay it out. */
export function settingsText(object: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(object, null, 2)}\n`
}

/** Throws InvalidConfigError. */
export function assertTextFits(text: string): void {
  if (text.length <= fileCharactersMax) return
  throw new InvalidConfigError([{ name: '', message: `the file would have more than ${fileCharactersMax} characters` }])
}

/**
 * Throws InvalidConfigError where a text cannot stand without the flags and variables of this run: commands and starts without them
 * read the file too. A file that was written for a start with flags stays one.
 */
export function assertStandsAlone(loaded: LoadedConfig, text: string, before: string | undefined): void {
  const alone = problemsAlone(loaded, text)
  if (alone.length > 0 && problemsAlone(loaded, before).length === 0) throw new InvalidConfigError(alone)
}

function problemsAlone({ origin, config }: LoadedConfig, text: string | undefined): readonly ConfigProblem[] {
  try {
    joinConfig({ ...origin, input: { ...origin.input, flags: { data: config.data }, environment: {} } }, text)
    return []
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error
    return error.problems.map(({ name, message, reason = message }) => {
      return { name, message: `${reason}, and the file has to hold without the flags and variables of this run` }
    })
  }
}
