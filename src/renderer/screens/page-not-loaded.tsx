import { Unplug } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import css from './screen.module.css'
import { ScreenCard } from './screen-card.tsx'

interface PageNotLoadedProps {
  readonly error: Error
  /** Whether the node answers. */
  readonly live: boolean
  readonly busy: boolean
  /** Nothing else has helped. */
  readonly reloads: boolean
  readonly onRetry: () => void
}

/** The code of a page did not come; it is fetched again by itself when the node is back. */
export function PageNotLoaded({ error, live, busy, reloads, onRetry }: PageNotLoadedProps): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <ScreenCard
      icon={<Unplug size={20} aria-hidden="true" />}
      tone="warn"
      title={t('pageNotLoaded')}
      actions={
        <>
          <Button kind="primary" busy={busy} onClick={onRetry}>
            {t('retry')}
          </Button>
          {reloads && <Button onClick={() => location.reload()}>{t('reload')}</Button>}
        </>
      }
    >
      <p>{live ? t('pageNotLoadedText') : t('pageNotLoadedAway')}</p>
      {reloads && <p>{t('reloadLoses')}</p>}
      <div className={css.command}>
        <code>{error.message}</code>
      </div>
    </ScreenCard>
  )
}
