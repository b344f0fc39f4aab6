import { CirclePause } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { HostClient } from '../connection/clients.ts'
import { HostButtons } from './host-buttons.tsx'
import { ScreenCard } from './screen-card.tsx'

export function StoppedScreen({ host }: { readonly host: HostClient }): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <ScreenCard icon={<CirclePause size={20} aria-hidden="true" />} tone="info" title={t('stoppedTitle')}>
      <p>{t('stoppedText')}</p>
      <HostButtons host={host} actions={['startNode', 'showData']} />
    </ScreenCard>
  )
}
