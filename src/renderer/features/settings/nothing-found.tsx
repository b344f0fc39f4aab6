import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/states.tsx'
import css from './settings.module.css'

interface NothingFoundProps {
  readonly find: string
  readonly onClear: () => void
}

/** Seen only where no section stands beside it, see the style sheet. */
export function NothingFound({ find, onClear }: NothingFoundProps): ReactElement | null {
  const { t } = useTranslation('settings')
  if (find === '') return null
  return (
    <div className={css.nothing}>
      <Empty title={t('nothingFound', { text: find })} actions={<Button onClick={onClear}>{t('clearFind')}</Button>} />
    </div>
  )
}
