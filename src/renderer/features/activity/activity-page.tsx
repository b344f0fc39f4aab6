import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { formatCount } from '../../ui/format.ts'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import css from './activity.module.css'
import { JobsTab } from './jobs-tab.tsx'
import { LogsTab } from './logs-tab.tsx'

export function ActivityPage(): ReactElement {
  const { t } = useTranslation('activity')
  const { tab = 'logs' } = useSearch({ from: '/shell/activity' })
  const navigate = useNavigate()
  const { queries } = useNode()
  useNodeEvents(['jobs'])
  const running = useQuery(queries.jobs.list.queryOptions()).data?.filter((job) => job.state === 'running').length ?? 0
  return (
    <Page title={t('title')} bare>
      <div className={css.tabs}>
        <Tabs
          label={t('tabs')}
          value={tab}
          onChange={(next) => void navigate({ to: '/activity', search: { tab: next }, replace: true })}
          tabs={[
            { name: 'logs', label: t('logs'), content: <LogsTab /> },
            {
              name: 'jobs',
              label: running > 0 ? t('jobsRunning', { number: formatCount(running) }) : t('jobs'),
              content: <JobsTab />,
            },
          ]}
        />
      </div>
    </Page>
  )
}
