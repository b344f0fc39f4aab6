import type { ErrorComponentProps } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { FailedScreen } from '../screens/failed-screens.tsx'

/** Around each page: the others, and the shell, go on. */
export function PageError({ error, reset }: ErrorComponentProps): ReactElement {
  const { t } = useTranslation('shell')
  return <FailedScreen title={t('errorPage')} error={error} onRetry={reset} />
}
