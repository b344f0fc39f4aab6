import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingRow, Settings } from '../../../ipc/contract/setting-schemas.ts'
import { failureOf } from '../../connection/failure.ts'
import { Switch } from '../../ui/switch.tsx'
import { matches } from './matches.ts'
import { RowLock, RowName } from './row-marks.tsx'
import { Section, SettingLine } from './setting-line.tsx'
import css from './settings.module.css'
import { useRowTexts } from './use-row-texts.ts'
import { useSaveSettings } from './use-settings-form.ts'

interface SafetySectionProps {
  readonly settings: Settings
  readonly find: string
  readonly live: boolean
}

export function SafetySection({ settings, find, live }: SafetySectionProps): ReactElement | null {
  const { t } = useTranslation('settings')
  if (!matches(find, t('safety'), t('readOnly'), t('readOnlyHelp'), 'readOnly')) return null
  const row = settings.rows.find(({ name }) => name === 'readOnly')
  return (
    <Section id="safety" title={t('safety')} text={t('safetyText')}>
      <div className={css.lines}>
        <SettingLine
          label={t('readOnly')}
          help={t('readOnlyHelp')}
          facts={row !== undefined && <ReadOnlyFacts row={row} />}
          control={<ReadOnlySwitch row={row} digest={settings.digest} live={live} />}
        />
      </div>
    </Section>
  )
}

function ReadOnlyFacts({ row }: { readonly row: SettingRow }) {
  const { t } = useTranslation('settings')
  const { sourceText, valueText } = useRowTexts()
  return (
    <>
      <RowName row={row} />
      <p className={css.facts}>
        <span>{sourceText(row)}</span>
        {row.source !== 'default' && <span>{t('defaultIs', { value: valueText(row.default) })}</span>}
      </p>
      <RowLock row={row} />
    </>
  )
}

interface ReadOnlySwitchProps {
  readonly row: SettingRow | undefined
  readonly digest: string
  readonly live: boolean
}

/** Takes effect at once: it is meant for the moment in which one wants to be safe. */
function ReadOnlySwitch({ row, digest, live }: ReadOnlySwitchProps) {
  const { t } = useTranslation('settings')
  const { lockText } = useRowTexts()
  const [problem, setProblem] = useState<string>()
  const save = useSaveSettings((result) => {
    if (result.kind === 'saved') setProblem(undefined)
    else if (result.kind === 'changed') setProblem(t('readOnlyChanged'))
    else setProblem(t('readOnlyNotSaved', { reason: result.problems.map(({ message }) => message).join(' ') }))
  })
  if (row === undefined) return <p className={css.muted}>{t('readOnlyUnknown')}</p>
  const failed = save.error === null ? problem : t('readOnlyNotSaved', { reason: failureOf(save.error).message })
  return (
    <>
      <Switch
        label={t('readOnly')}
        labelHidden
        checked={row.value === true}
        onChange={(next) => save.mutate({ kind: 'values', values: { readOnly: next }, expect: digest })}
        disabledReason={row.locked ? lockText(row) : live ? undefined : t('notLive')}
      />
      {failed !== undefined && (
        <p className={css.problem} role="alert">
          {failed}
        </p>
      )}
    </>
  )
}
