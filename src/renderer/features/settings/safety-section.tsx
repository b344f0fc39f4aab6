import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings } from '../../../ipc/contract/setting-schemas.ts'
import { failureOf } from '../../connection/failure.ts'
import { Switch } from '../../ui/switch.tsx'
import { matches } from './matches.ts'
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
  return (
    <Section id="safety" title={t('safety')} text={t('safetyText')}>
      <div className={css.lines}>
        <SettingLine
          label={t('readOnly')}
          help={t('readOnlyHelp')}
          control={<ReadOnlySwitch settings={settings} live={live} />}
        />
      </div>
    </Section>
  )
}

/** Takes effect at once: it is meant for the moment in which one wants to be safe. */
function ReadOnlySwitch({ settings, live }: Omit<SafetySectionProps, 'find'>) {
  const { t } = useTranslation('settings')
  const { lockText } = useRowTexts()
  const [problem, setProblem] = useState<string>()
  const save = useSaveSettings((result) => {
    if (result.kind === 'saved') setProblem(undefined)
    else if (result.kind === 'changed') setProblem(t('readOnlyChanged'))
    else setProblem(t('readOnlyNotSaved', { reason: result.problems.map(({ message }) => message).join(' ') }))
  })
  const row = settings.rows.find(({ name }) => name === 'readOnly')
  if (row === undefined) return <p className={css.muted}>{t('readOnlyUnknown')}</p>
  const failed = save.error === null ? problem : t('readOnlyNotSaved', { reason: failureOf(save.error).message })
  return (
    <>
      <Switch
        label={t('readOnly')}
        labelHidden
        checked={row.value === true}
        onChange={(next) => save.mutate({ kind: 'values', values: { readOnly: next }, expect: settings.digest })}
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
