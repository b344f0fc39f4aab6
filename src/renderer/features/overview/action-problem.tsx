import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import css from './overview.module.css'

/** Why what a button was to do was not done, beside the button. */
export function ActionProblem({ problem }: { readonly problem: string | undefined }): ReactElement | null {
  const { t } = useTranslation('overview')
  if (problem === undefined) return null
  return (
    <span className={css.problem} role="alert">
      {t('actionFailed', { reason: problem })}
    </span>
  )
}
