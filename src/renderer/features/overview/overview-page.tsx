import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { useHost, useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { ToneIcon } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Failed, Stale } from '../../ui/states.tsx'
import { ActionProblem } from './action-problem.tsx'
import { AttentionPanel } from './attention-panel.tsx'
import type { ChartRange } from './charts.tsx'
import { Charts } from './charts.tsx'
import type { HealthSentence } from './health-sentence.ts'
import { healthSentence } from './health-sentence.ts'
import { JobsPanel } from './jobs-panel.tsx'
import { NodesPanel } from './nodes-panel.tsx'
import css from './overview.module.css'
import { Tiles } from './tiles.tsx'
import { useHostAction } from './use-host-action.ts'

const ranges: readonly ChartRange[] = ['900', '3600', '86400']

/** Is my data safe, is it fast, is it full? In that order. */
export function OverviewPage(): ReactElement {
  const { t } = useTranslation('overview')
  const [range, setRange] = useState<ChartRange>('900')
  const options = ranges.map((value) => ({ value, label: t(`range${value}`) }))
  return (
    <Page title={t('title')} actions={<Segmented label={t('range')} options={options} value={range} onChange={setRange} />}>
      <Health range={range} />
    </Page>
  )
}

function Health({ range }: { readonly range: ChartRange }): ReactElement {
  const { t } = useTranslation('overview')
  const { queries, live } = useNode()
  useNodeEvents(['status'])
  const { data: status, error, refetch } = useQuery(queries.system.status.queryOptions())
  if (status === undefined && error !== null) {
    return <Failed title={t('failed')} failure={failureOf(error)} onRetry={() => void refetch()} />
  }
  if (status === undefined) return <Loading rows={4} text={t('loading')} />
  return (
    <>
      <Sentence status={status} />
      <Stale stale={!live}>
        <Tiles status={status} />
      </Stale>
      <Charts range={range} uptimeMs={status.uptimeMs} />
      <NodesPanel />
      <div className={css.pair}>
        <AttentionPanel status={status} />
        <JobsPanel />
      </div>
    </>
  )
}

function Sentence({ status }: { readonly status: NodeStatus }): ReactElement {
  const { t } = useTranslation('overview')
  const { live } = useNode()
  const { run } = useHost()
  const { tone, title, text, action } = healthSentence({ status, live, run }, t)
  return (
    <section className={css.sentence} data-tone={tone} role="status">
      <span className={css.sentenceIcon}>
        <ToneIcon tone={tone} />
      </span>
      <div className={css.sentenceText}>
        <p className={css.sentenceTitle}>{title}</p>
        <p className={css.facts}>{text}</p>
      </div>
      {action !== undefined && <SentenceAction action={action} />}
    </section>
  )
}

function SentenceAction({ action }: { readonly action: NonNullable<HealthSentence['action']> }): ReactElement {
  const { t } = useTranslation('overview')
  const navigate = useNavigate()
  const { client } = useHost()
  const { run, busy, problem } = useHostAction()
  if (action === 'log') {
    return <Button onClick={() => void navigate({ to: '/activity', search: { tab: 'logs' } })}>{t('showLog')}</Button>
  }
  return (
    <>
      <ActionProblem problem={problem} />
      <Button busy={busy} onClick={() => run(() => (action === 'start' ? client.node.start() : client.node.restart()))}>
        {action === 'start' ? t('startNode') : t('restartNode')}
      </Button>
    </>
  )
}
