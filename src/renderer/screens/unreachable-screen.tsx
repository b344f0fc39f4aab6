import { Unplug } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { ScreenCard } from './screen-card.tsx'

export function UnreachableScreen({ onRetry }: { readonly onRetry: () => void }): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <ScreenCard
      icon={<Unplug size={20} aria-hidden="true" />}
      tone="warn"
      title={t('browserUnreachable')}
      actions={
        <Button kind="primary" onClick={onRetry}>
          {t('retryNow')}
        </Button>
      }
    >
      <p>{t('browserUnreachableText')}</p>
    </ScreenCard>
  )
}
