import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { CancelJob } from '../../jobs/cancel-job.tsx'
import { JobView } from '../../jobs/job-view.tsx'
import { useJobSamples } from '../../jobs/use-job-samples.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Failed, Stale } from '../../ui/states.tsx'
import css from './overview.module.css'

export function JobsPanel(): ReactElement {
  const { t } = useTranslation('overview')
  const navigate = useNavigate()
  return (
    <Card
      title={t('runningJobs')}
      actions={
        <Button kind="link" onClick={() => void navigate({ to: '/activity', search: { tab: 'jobs' } })}>
          {t('allJobs')}
        </Button>
      }
    >
      <RunningJobs />
    </Card>
  )
}

function RunningJobs(): ReactElement {
  const { t } = useTranslation('overview')
  const { queries, live } = useNode()
  useNodeEvents(['jobs'])
  const { data, error, refetch } = useQuery(queries.jobs.list.queryOptions())
  const samples = useJobSamples(data)
  if (data === undefined && error !== null) {
    return <Failed title={t('jobsFailed')} failure={failureOf(error)} onRetry={() => void refetch()} />
  }
  if (data === undefined) return <Loading text={t('jobsLoading')} />
  const running = data.filter((job) => job.state === 'running')
  if (running.length === 0) {
    return (
      <div>
        <p>{t('noJobs')}</p>
        <p className={css.facts}>{t('noJobsText')}</p>
      </div>
    )
  }
  return (
    <Stale stale={!live}>
      <ul className={css.cards}>
        {running.map((job) => (
          <li key={job.id}>
            <JobView job={job} samples={samples.get(job.id) ?? []} actions={<CancelJob job={job} />} />
          </li>
        ))}
      </ul>
    </Stale>
  )
}
