import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection, useConnectionSnapshot } from '../connection/connection-provider.tsx'
import type { ConnectionSnapshot } from '../connection/connection-store.ts'
import { useNodeStatus } from '../connection/use-node-status.ts'
import { useReadOnlyEnd } from '../connection/use-read-only-end.ts'
import { useHostCall } from '../screens/use-host-call.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { formatTime } from '../ui/format.ts'
import { DraftsElsewhere } from './drafts-elsewhere.tsx'
import css from './shell.module.css'
import { useSecondsUntil } from './use-seconds-until.ts'

/** What holds for the whole window, most urgent first; one of absence, of restriction and of drafts at most. */
export function Banners(): ReactElement {
  const snapshot = useConnectionSnapshot()
  return (
    <div className={css.banners}>
      <AbsenceBanner snapshot={snapshot} />
      <RestrictionBanner />
      <DraftsElsewhere />
    </div>
  )
}

function AbsenceBanner({ snapshot }: { readonly snapshot: ConnectionSnapshot }) {
  const { t } = useTranslation('shell')
  const connection = useConnection()
  const since = useLastAnswer()
  const { run, link, host } = snapshot
  const { running, run: call } = useHostCall()
  if (run?.state === 'crashed' && run.restartAtMs !== undefined) {
    return <Banner tone="danger">{t('crashedAgain', { time: formatTime(run.restartAtMs) })}</Banner>
  }
  if (link.state === 'silent') {
    const restarts = host?.capabilities.supervises === true
    return (
      <Banner
        tone="warn"
        actions={
          restarts && (
            <Button busy={running !== undefined} onClick={() => call('restart', () => host.client.node.restart())}>
              {t('restartNode')}
            </Button>
          )
        }
      >
        {t(restarts ? 'notResponding' : 'notRespondingFar', { time: formatTime(link.sinceMs) })}
      </Banner>
    )
  }
  if (run?.state === 'stopped' && host !== undefined) {
    return (
      <Banner
        tone="info"
        actions={
          <Button busy={running !== undefined} onClick={() => call('start', () => host.client.node.start())}>
            {t('startNode')}
          </Button>
        }
      >
        {t('staleStopped', { time: formatTime(since) })}
      </Banner>
    )
  }
  if (link.state !== 'lost') return null
  const retries = link.retryAtMs !== undefined
  return (
    <Banner tone="warn" actions={retries && <Button onClick={connection.retry}>{t('retryNow')}</Button>}>
      {t('staleBanner', { time: formatTime(since) })}
      <NextTry atMs={link.retryAtMs} />
    </Banner>
  )
}

/** Not read out: a number that changes each second would leave no room for anything else. */
function NextTry({ atMs }: { readonly atMs: number | undefined }) {
  const { t } = useTranslation('shell')
  const seconds = useSecondsUntil(atMs)
  return seconds === undefined ? null : <span aria-hidden="true"> {t('nextTry', { seconds })}</span>
}

function RestrictionBanner() {
  const { t } = useTranslation('shell')
  const { host } = useConnectionSnapshot()
  const status = useNodeStatus()
  const { running, run: call } = useHostCall()
  if (status?.condition === 'suspect') return <Banner tone="danger">{t('suspectBanner')}</Banner>
  if (status?.safeMode !== true) return status?.readOnly === true ? <ReadOnlyBanner /> : null
  const restarts = host?.capabilities.supervises === true
  return (
    <Banner
      tone="warn"
      actions={
        restarts && (
          <Button busy={running !== undefined} onClick={() => call('restart', () => host.client.node.restart())}>
            {t('restartNode')}
          </Button>
        )
      }
    >
      {t('safeModeBanner')}
    </Banner>
  )
}

function ReadOnlyBanner() {
  const { t } = useTranslation('shell')
  const end = useReadOnlyEnd(true)
  return (
    <Banner tone="info" actions={end?.by === 'settings' && <Link to="/settings">{t('settings')}</Link>}>
      {t('readOnlyBanner')}
      {end?.by === 'start' && ` ${t('readOnlyByStart', { cause: end.cause })}`}
    </Banner>
  )
}

/** When the newest of what is shown was learnt. */
function useLastAnswer(): number {
  const queries = useQueryClient().getQueryCache().getAll()
  return Math.max(0, ...queries.map((query) => query.state.dataUpdatedAt)) || Date.now()
}
