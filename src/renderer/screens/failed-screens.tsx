import { OctagonAlert } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import css from './screen.module.css'
import { ScreenCard } from './screen-card.tsx'

interface FailedScreenProps {
  readonly title: string
  readonly error: unknown
  readonly onRetry: () => void
}

/** A fault of the screens themselves: the page, or all of them. How the node is, is not known here. */
export function FailedScreen({ title, error, onRetry }: FailedScreenProps): ReactElement {
  const { t } = useTranslation('shell')
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const report = error instanceof Error ? (error.stack ?? message) : message
  return (
    <ScreenCard
      icon={<OctagonAlert size={20} aria-hidden="true" />}
      tone="danger"
      title={title}
      actions={
        <>
          <Button kind="primary" onClick={onRetry}>
            {t('retry')}
          </Button>
          <Button onClick={() => location.reload()}>{t('reload')}</Button>
        </>
      }
    >
      <p>{t('errorText')}</p>
      <div className={css.command}>
        <code>{message}</code>
        <CopyButton text={report} label={t('copyReport')} />
      </div>
    </ScreenCard>
  )
}
