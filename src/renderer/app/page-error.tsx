import type { ErrorComponentProps } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnectionSnapshot } from '../connection/connection-provider.tsx'
import { FailedScreen } from '../screens/failed-screens.tsx'
import { PageNotLoaded } from '../screens/page-not-loaded.tsx'
import { PageLoadError } from './lazy-page.tsx'

/** Around each page: the others, and the shell, go on. */
export function PageError({ error, reset }: ErrorComponentProps): ReactElement {
  const { t } = useTranslation('shell')
  if (error instanceof PageLoadError) return <NotLoaded error={error} onLoaded={reset} />
  return <FailedScreen title={t('errorPage')} error={error} onRetry={reset} />
}

interface NotLoadedProps {
  readonly error: PageLoadError
  readonly onLoaded: () => void
}

/** Tries again by itself whenever the node is back. */
function NotLoaded({ error, onLoaded }: NotLoadedProps) {
  const { link, session } = useConnectionSnapshot()
  const [busy, setBusy] = useState(false)
  const [failedAgain, setFailedAgain] = useState(false)
  const presence = link.state === 'open' ? session?.epoch : undefined
  const retry = async (): Promise<void> => {
    setBusy(true)
    const loaded = await error.retry()
    setBusy(false)
    if (loaded) onLoaded()
    else setFailedAgain(true)
  }
  const latest = useRef(retry)
  useEffect(() => {
    latest.current = retry
  })
  useEffect(() => {
    if (presence !== undefined) void latest.current()
  }, [presence])
  const live = presence !== undefined
  return <PageNotLoaded error={error} live={live} busy={busy} reloads={failedAgain && live} onRetry={() => void retry()} />
}
