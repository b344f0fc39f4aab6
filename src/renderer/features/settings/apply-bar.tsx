import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf } from '../../connection/failure.ts'
import { Button } from '../../ui/button.tsx'
import { formatCount } from '../../ui/format.ts'
import css from './settings.module.css'
import { useRowTexts } from './use-row-texts.ts'
import type { SettingsForm } from './use-settings-form.ts'

interface ApplyBarProps {
  readonly form: SettingsForm
  readonly live: boolean
}

/** Stands at the foot of the page while there is something to apply. */
export function ApplyBar({ form, live }: ApplyBarProps): ReactElement | null {
  const { t } = useTranslation('settings')
  const { withAlso } = useRowTexts()
  const count = Object.keys(form.staged).length
  if (count === 0) return null
  return (
    <div className={css.applyBar} role="status">
      <div className={css.applyText}>
        <p>{withAlso(t('stagedCount', { count, number: formatCount(count) }), form.also)}</p>
        <Outcome form={form} />
      </div>
      <Button onClick={form.reset}>{t('reset')}</Button>
      <Button kind="primary" busy={form.saving} disabledReason={live ? undefined : t('notLive')} onClick={form.apply}>
        {t('apply')}
      </Button>
    </div>
  )
}

function Outcome({ form }: Pick<ApplyBarProps, 'form'>) {
  const { t } = useTranslation('settings')
  const { problemText, reasonsText } = useRowTexts()
  const { problems, fileProblems } = form
  if (form.error !== null) return <p className={css.problem}>{`${t('notSaved')}: ${failureOf(form.error).message}`}</p>
  if (form.changed) return <p className={css.problem}>{t('changed')}</p>
  if (fileProblems.length > 0) return <p className={css.problem}>{t('fileRefused', { reason: reasonsText(fileProblems) })}</p>
  if (problems.length === 0) return null
  return (
    <p className={css.problem}>
      {[
        t('invalid', { count: problems.length, number: formatCount(problems.length) }),
        // Each stands at its row too, which may lie far up.
        ...problems.map(problemText),
      ].join(' ')}
    </p>
  )
}
