import type { SettingRow } from '../../../ipc/contract/setting-schemas.ts'
import type { SettingValue, Staged } from './staged-values.ts'
import { contested, isUnapplied, parseStaged, stage, stagedText, stagedValues, stillStaged, unstage } from './staged-values.ts'
import type { KnownFile } from './use-save-settings.ts'
import { useSaveSettings } from './use-save-settings.ts'
import { useSettingsDraft } from './use-settings-draft.ts'

export interface Problem {
  readonly name: string
  readonly message: string
}

export interface SettingsForm {
  readonly staged: Staged
  readonly contested: readonly string[]
  /** What was changed in the file by hand and comes into force with whatever is applied. */
  readonly also: readonly SettingRow[]
  /** Of what the person changed. */
  readonly problems: readonly Problem[]
  /** The last attempt failed by what the file says already. */
  readonly fileProblems: readonly Problem[]
  /** The last attempt met a file that somebody else had changed. */
  readonly changed: boolean
  readonly saving: boolean
  /** Null: the last attempt did not fail by one. */
  readonly error: unknown
  readonly set: (row: SettingRow, value: SettingValue) => void
  readonly drop: (name: string) => void
  readonly reset: () => void
  readonly apply: () => void
}

export function useSettingsForm(file: KnownFile): SettingsForm {
  const { settings } = file
  const { draft, keep, drop: dropDraft } = useSettingsDraft('form')
  const staged = stillStaged(parseStaged(draft?.text), settings.rows)
  const put = (next: Staged): void => {
    if (Object.keys(next).length === 0) dropDraft()
    else keep(stagedText(next), settings.digest)
  }
  const { put: save, saving, refusal, refuse } = useSaveSettings(file, dropDraft)
  const problems = refusal?.kind === 'invalid' ? refusal.problems : []
  const isOfFile = ({ name }: Problem): boolean => !(name in staged) && settings.problems.some((each) => each.name === name)
  const without = (name: string): void => {
    if (refusal?.kind === 'invalid') refuse({ ...refusal, problems: refusal.problems.filter((problem) => problem.name !== name) })
  }
  return {
    staged,
    contested: contested(staged, settings.rows),
    also: settings.rows.filter((row) => isUnapplied(row) && !(row.name in staged)),
    problems: problems.filter((problem) => !isOfFile(problem)),
    fileProblems: problems.some(isOfFile) ? settings.problems : [],
    changed: refusal?.kind === 'changed',
    saving,
    error: refusal?.kind === 'failed' ? refusal.error : null,
    set: (row, value) => {
      without(row.name)
      put(stage(staged, row, value))
    },
    drop: (name) => {
      without(name)
      put(unstage(staged, name))
    },
    reset: () => {
      refuse(undefined)
      dropDraft()
    },
    apply: () => save({ kind: 'values', values: stagedValues(staged), expect: settings.digest }),
  }
}
