import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Loading } from '../ui/loading.tsx'
import css from './screen.module.css'

export function Connecting(): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <main className={css.screen}>
      <Loading text={t('connecting')} />
    </main>
  )
}
