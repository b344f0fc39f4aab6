import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ListTodo } from 'lucide-react'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job } from '../../../ipc/contract/job-schemas.ts'
import { useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { CancelJob } from '../../jobs/cancel-job.tsx'
import type { JobSample } from '../../jobs/job-progress.ts'
import { JobView, jobTitle } from '../../jobs/job-view.tsx'
import { useJobSamples } from '../../jobs/use-job-samples.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { formatCount } from '../../ui/format.ts'
import { Loading } from '../../ui/loading.tsx'
import { Empty, Failed, Stale } from '../../ui/states.tsx'
import css from './jobs.module.css'
import { orderJobs } from './order-jobs.ts'

export function JobsTab(): ReactElement {
  const { t } = useTranslation('activity')
  const navigate = useNavigate()
  const { queries, live } = useNode()
  useNodeEvents(['jobs'])
  const { data, error, refetch } = useQuery(queries.jobs.list.queryOptions())
  const samples = useJobSamples(data)
  if (data === undefined && error !== null) {
    return <Failed title={t('jobsFailed')} failure={failureOf(error)} onRetry={() => void refetch()} />
  }
  if (data === undefined && !live) return <Empty title={t('jobsAway')} text={t('awayText')} />
  if (data === undefined) return <Loading rows={3} text={t('jobsLoading')} />
  if (data.length === 0) {
    return (
      <Empty
        icon={<ListTodo size={24} aria-hidden="true" />}
        title={t('jobsEmpty')}
        text={t('jobsEmptyText')}
        actions={<Button onClick={() => void navigate({ to: '/keys' })}>{t('openKeys')}</Button>}
      />
    )
  }
  return (
    <Stale stale={!live}>
      <div className={css.jobs}>
        <ul className={css.list}>
          {orderJobs(data).map((job) => (
            <li key={job.id}>
              <JobCard job={job} samples={samples.get(job.id) ?? []} />
            </li>
          ))}
        </ul>
        <DismissEnded jobs={data} />
      </div>
    </Stale>
  )
}

function useDismiss() {
  const { queries } = useNode()
  const cache = useQueryClient()
  return useMutation(
    queries.jobs.dismiss.mutationOptions({
      onSettled: () => void cache.invalidateQueries({ queryKey: queries.jobs.key() }),
    }),
  )
}

function DismissEnded({ jobs }: { readonly jobs: readonly Job[] }) {
  const { t } = useTranslation('activity')
  const { live } = useNode()
  const dismiss = useDismiss()
  const ended = jobs.filter((job) => job.state !== 'running')
  if (ended.length < 2) return null
  return (
    <div>
      <Button
        kind="quiet"
        busy={dismiss.isPending}
        disabledReason={live ? undefined : t('notLive')}
        onClick={() => {
          for (const { id } of ended) dismiss.mutate({ id })
        }}
      >
        {t('dismissAll')}
      </Button>
    </div>
  )
}

function JobCard({ job, samples }: { readonly job: Job; readonly samples: readonly JobSample[] }) {
  const { t } = useTranslation('activity')
  return (
    <Card>
      <JobView job={job} samples={samples} actions={job.state === 'running' ? <CancelJob job={job} /> : <DismissJob job={job} />}>
        {job.failures.length > 0 && <Failures job={job} label={t('failuresOf', { job: jobTitle(job, t) })} />}
      </JobView>
    </Card>
  )
}

function DismissJob({ job }: { readonly job: Job }) {
  const { t } = useTranslation('activity')
  const { live } = useNode()
  const dismiss = useDismiss()
  return (
    <>
      {dismiss.error !== null && (
        <span role="alert" className={css.problem}>
          {t('jobActionFailed', { reason: failureOf(dismiss.error).message })}
        </span>
      )}
      <Button
        kind="quiet"
        busy={dismiss.isPending}
        disabledReason={live ? undefined : t('notLive')}
        onClick={() => dismiss.mutate({ id: job.id })}
        aria-label={`${t('dismiss')}: ${jobTitle(job, t)}`}
      >
        {t('dismiss')}
      </Button>
    </>
  )
}

function Failures({ job, label }: { readonly job: Job; readonly label: string }) {
  const { t } = useTranslation('activity')
  const [open, setOpen] = useState(false)
  const { failures, failed } = job
  const number = formatCount(failed)
  return (
    <div className={css.failures}>
      <div className={css.failuresHead}>
        <Button kind="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('hideFailures') : t('showFailures', { count: failed, number })}
        </Button>
        {open && (
          <CopyButton text={failures.map(({ item, reason }) => `${item}\t${reason}`).join('\n')} label={t('copyFailures')} />
        )}
      </div>
      {open && (
        <>
          <ul className={css.failureList} aria-label={label}>
            {failures.map(({ item, reason }) => (
              <li key={`${item} ${reason}`} className={css.failure}>
                <code>{item}</code>
                <span>{reason}</span>
              </li>
            ))}
          </ul>
          {failed > failures.length && (
            <p className={css.cut}>{t('failuresCut', { shown: formatCount(failures.length), number })}</p>
          )}
        </>
      )}
    </div>
  )
}
