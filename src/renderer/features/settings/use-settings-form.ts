import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow, Settings, SettingsResult } from '../../../ipc/contract/setting-schemas.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { formatCount } from '../../ui/format.ts'
import { useToast } from '../../ui/toast.tsx'
import type { SettingValue, Staged } from './staged-values.ts'
import { contested, isUnapplied, parseStaged, stage, stagedText, stagedValues, stillStaged, unstage } from './staged-values.ts'
import { useRowTexts } from './use-row-texts.ts'
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
  readonly error: unknown
  readonly set: (row: SettingRow, value: SettingValue) => void
  readonly drop: (name: string) => void
  readonly reset: () => void
  readonly apply: () => void
}

/** Settings that wait for the next start and are named after a save: the notice goes by itself, and the page lists them all. */
const laterMax = 3

/** Saves settings and lets the cache learn what became of them. */
export function useSaveSettings(onResult: (result: SettingsResult, change: { readonly expect: string }) => void) {
  const { t } = useTranslation('settings')
  const { queries } = useNode()
  const cache = useQueryClient()
  const toast = useToast()
  const { labelOf, titleOf, valueText } = useRowTexts()
  const savedText = ({ restartNeeded, alsoApplied, settings }: Extract<SettingsResult, { kind: 'saved' }>): string => {
    const later = restartNeeded.slice(0, laterMax).map(titleOf).join(', ')
    const count = restartNeeded.length - laterMax
    const names = settings.rows
      .filter(({ name }) => alsoApplied.includes(name))
      .map(({ name, inForce }) => `${labelOf(name)}: ${valueText(inForce)}`)
    return [
      names.length > 0 && t('savedAlso', { names: names.join(', ') }),
      later !== '' &&
        (count > 0
          ? t('savedLaterMore', { count, number: formatCount(count), names: later })
          : t('savedLater', { names: later })),
    ]
      .filter((text) => text !== false)
      .join(' ')
  }
  return useMutation(
    queries.settings.put.mutationOptions({
      onSuccess: (result, change) => {
        if (result.kind !== 'invalid') cache.setQueryData(queries.settings.get.queryKey(), result.settings)
        if (result.kind === 'saved') {
          const description = savedText(result)
          toast({ title: t('saved'), ...(description !== '' && { description }) })
        }
        onResult(result, change)
      },
    }),
  )
}

export function useSettingsForm(settings: Settings): SettingsForm {
  const { draft, keep, drop: dropDraft } = useSettingsDraft('form')
  const [outcome, setOutcome] = useState<Exclude<SettingsResult, { kind: 'saved' }>>()
  const staged = stillStaged(parseStaged(draft?.text), settings.rows)
  const put = (next: Staged): void => {
    if (Object.keys(next).length === 0) dropDraft()
    else keep(stagedText(next), settings.digest)
  }
  const save = useSaveSettings((result) => {
    setOutcome(result.kind === 'saved' ? undefined : result)
    if (result.kind === 'saved') dropDraft()
  })
  const problems = outcome?.kind === 'invalid' ? outcome.problems : []
  const isOfFile = ({ name }: Problem): boolean => !(name in staged) && settings.problems.some((each) => each.name === name)
  const without = (name: string): void => {
    if (outcome?.kind === 'invalid')
      setOutcome({ ...outcome, problems: outcome.problems.filter((problem) => problem.name !== name) })
  }
  return {
    staged,
    contested: contested(staged, settings.rows),
    also: settings.rows.filter((row) => isUnapplied(row) && !(row.name in staged)),
    problems: problems.filter((problem) => !isOfFile(problem)),
    fileProblems: problems.some(isOfFile) ? settings.problems : [],
    changed: outcome?.kind === 'changed',
    saving: save.isPending,
    error: save.error,
    set: (row, value) => {
      without(row.name)
      put(stage(staged, row, value))
    },
    drop: (name) => {
      without(name)
      put(unstage(staged, name))
    },
    reset: () => {
      setOutcome(undefined)
      save.reset()
      dropDraft()
    },
    apply: () => save.mutate({ kind: 'values', values: stagedValues(staged), expect: settings.digest }),
  }
}
