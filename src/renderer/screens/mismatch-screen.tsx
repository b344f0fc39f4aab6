import { Unplug } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { contractVersion } from '../../ipc/contract/node-contract.ts'
import { Button } from '../ui/button.tsx'
import { ScreenCard } from './screen-card.tsx'

interface MismatchScreenProps {
  readonly nodeVersion: string
  readonly nodeContract: number
}

export function MismatchScreen({ nodeVersion, nodeContract }: MismatchScreenProps): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <ScreenCard
      icon={<Unplug size={20} aria-hidden="true" />}
      tone="warn"
      title={t('mismatchTitle')}
      actions={
        <Button kind="primary" onClick={() => location.reload()}>
          {t('reload')}
        </Button>
      }
    >
      <p>{t('mismatchText', { own: contractVersion, nodeVersion, other: nodeContract })}</p>
    </ScreenCard>
  )
}
