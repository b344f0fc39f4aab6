import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings } from '../../../ipc/contract/setting-schemas.ts'
import { failureOf } from '../../connection/failure.ts'
import { Button } from '../../ui/button.tsx'
import { formatCount } from '../../ui/format.ts'
import css from './settings.module.css'
import type { SettingsForm } from './use-settings-form.ts'

interface ApplyBarProps {
  readonly settings: Settings
  readonly form: SettingsForm
  readonly live: boolean
}

/** Stands at the foot of the page while there is something to apply. */
export function ApplyBar({ settings, form, live }: ApplyBarProps): ReactElement | null {
  const { t } = useTranslation('settings')
  const count = Object.keys(form.staged).length
  if (count === 0) return null
  return (
    <div className={css.applyBar} role="status">
      <div className={css.applyText}>
        <p>{t('stagedCount', { count, number: formatCount(count) })}</p>
        <Outcome settings={settings} form={form} />
      </div>
      <Button onClick={form.reset}>{t('reset')}</Button>
      <Button kind="primary" busy={form.saving} disabledReason={live ? undefined : t('notLive')} onClick={form.apply}>
        {t('apply')}
      </Button>
    </div>
  )
}

function Outcome({ settings, form }: Omit<ApplyBarProps, 'live'>) {
  const { t } = useTranslation('settings')
  const { problems } = form
  if (form.error !== null) return <p className={css.problem}>{`${t('notSaved')}: ${failureOf(form.error).message}`}</p>
  if (form.changed) return <p className={css.problem}>{t('changed')}</p>
  if (problems.length === 0) return null
  // A problem of a row stands at the row; one that belongs to none is told here.
  const others = problems.filter(({ name }) => !settings.rows.some((row) => row.name === name))
  return (
    <p className={css.problem}>
      {[
        t('invalid', { count: problems.length, number: formatCount(problems.length) }),
        ...others.map(({ name, message }) => (name === '' ? message : t('invalidOther', { name, message }))),
      ].join(' ')}
    </p>
  )
}
