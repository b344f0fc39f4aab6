import type { TFunction } from 'i18next'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../ipc/contract/job-schemas.ts'
import { sentenceOf } from '../text/sentence-of.ts'
import { Badge } from '../ui/badge.tsx'
import { formatAgo, formatBytes, formatCount, formatRate } from '../ui/format.ts'
import { Progress } from '../ui/meter.tsx'
import { etaText } from './eta-text.ts'
import type { JobProgress, JobSample } from './job-progress.ts'
import { jobProgress } from './job-progress.ts'
import css from './job-view.module.css'

const badgeTones = { running: 'info', done: 'ok', failed: 'danger', cancelled: 'info' } as const

export function jobTitle(job: Job, t: TFunction<'activity'>): string {
  const { source, prefix } = job
  if (job.kind === 'import' && source !== undefined) {
    return prefix === '' ? t('importSource', { source }) : t('importSourceInto', { source, prefix })
  }
  if (prefix === '') return t(`${job.kind}All`)
  return t(`${job.kind}Title`, { prefix })
}

interface JobViewProps {
  readonly job: Job
  readonly samples: readonly JobSample[]
  readonly actions?: ReactNode
  readonly children?: ReactNode
}

/** One job: what it does, how far it is, how fast, and when it may be over. */
export function JobView({ job, samples, actions, children }: JobViewProps): ReactElement {
  const { t } = useTranslation('activity')
  const running = job.state === 'running'
  const progress = jobProgress(job, samples, Date.now())
  const stateText = { running: t('jobRunning'), done: t('jobDone'), failed: t('jobFailed'), cancelled: t('jobCancelled') }[
    job.state
  ]
  return (
    <article className={css.job} aria-label={jobTitle(job, t)}>
      <div className={css.head}>
        <h3 className={css.title}>{jobTitle(job, t)}</h3>
        {!running && <Badge tone={badgeTones[job.state]}>{stateText}</Badge>}
        <div className={css.actions}>{actions}</div>
      </div>
      {running ? (
        <Progress label={doneText(job, progress, t)} detail={leftText(progress, t)} value={progress.fraction} />
      ) : (
        <p className={css.facts}>
          {endedFacts(job, t)}
          {job.endedMs !== undefined && ` · ${formatAgo(job.endedMs)}`}
        </p>
      )}
      {job.error !== undefined && <p className={css.error}>{sentenceOf(job.error)}</p>}
      {children}
    </article>
  )
}

/** `1.9 of 2.4 GB · 12 of 340 keys · 38 MB/s` */
function doneText(job: Job, progress: JobProgress, t: TFunction<'activity'>): string {
  const parts = [
    job.bytesTotal === undefined
      ? job.bytesDone > 0 && formatBytes(job.bytesDone)
      : t('of', { done: formatBytes(job.bytesDone), total: formatBytes(job.bytesTotal) }),
    job.itemsTotal === undefined
      ? t('jobItems', { count: job.itemsDone, number: formatCount(job.itemsDone) })
      : t('jobItemsOf', { count: job.itemsTotal, done: formatCount(job.itemsDone), total: formatCount(job.itemsTotal) }),
    speedText(progress, t),
    job.failed > 0 && t('jobFailures', { count: job.failed, number: formatCount(job.failed) }),
  ]
  return parts.filter((part) => typeof part === 'string').join(' · ')
}

function speedText({ bytesPerSecond, itemsPerSecond }: JobProgress, t: TFunction<'activity'>): string | false {
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) return formatRate(bytesPerSecond)
  if (itemsPerSecond !== undefined && itemsPerSecond > 0) return t('perSecond', { number: formatCount(itemsPerSecond) })
  return false
}

function leftText({ eta, stalled, bytesLeft }: JobProgress, t: TFunction<'activity'>): string | undefined {
  if (stalled) return t('jobStalled')
  if (eta !== undefined) return etaText(eta, t)
  return bytesLeft === undefined ? undefined : t('bytesLeft', { bytes: formatBytes(bytesLeft) })
}

/** Of keys only those that were carried out: the others are counted behind them, and their bytes say nothing of what was stored. */
function endedFacts(job: Job, t: TFunction<'activity'>): string {
  const done = job.itemsDone - job.skipped - job.failed
  const parts = [
    t('jobItems', { count: done, number: formatCount(done) }),
    done > 0 && job.bytesDone > 0 && formatBytes(job.bytesDone),
    job.skipped > 0 && t('jobSkipped', { count: job.skipped, number: formatCount(job.skipped) }),
    job.failed > 0 && t('jobFailures', { count: job.failed, number: formatCount(job.failed) }),
  ]
  return parts.filter((part) => typeof part === 'string').join(' · ')
}
