import { useQuery } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import type { ReactElement } from 'react'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { MetricRange } from '../../../ipc/contract/status-schemas.ts'
import type { MetricSeriesName } from '../../../shared/metric-series.ts'
import { useConnectionSnapshot, useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { Card } from '../../ui/card.tsx'
import { formatMs, formatRate, formatSpan } from '../../ui/format.ts'
import type { ChartSeries } from '../../ui/line-chart.tsx'
import { LineChart } from '../../ui/line-chart.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Empty, Failed, Stale } from '../../ui/states.tsx'
import css from './overview.module.css'

export type ChartRange = '900' | '3600' | '86400'

const seconds = { '900': 900, '3600': 3600, '86400': 86_400 } as const
/** No oftener than a step of the range gains a point worth drawing. */
const refetchMs = { '900': 3_000, '3600': 12_000, '86400': 60_000 } as const
const chartHeight = 164
/** Of the throughput: a node at rest is not drawn as one that is busy. */
const leastTopBytes = 1000

const series: MetricSeriesName[] = ['in-bytes', 'out-bytes', 'write-p50', 'write-p99']

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const formatClock = (ms: number): string => clock.format(ms)

/** Below it a node that has measured nothing is not idle: it has only just begun. */
const youngMs = 60_000

export function Charts({ range, uptimeMs }: { readonly range: ChartRange; readonly uptimeMs: number }): ReactElement {
  const { t } = useTranslation('overview')
  const { queries, live } = useNode()
  const { visible } = useConnectionSnapshot()
  const query = useQuery(
    queries.metrics.range.queryOptions({
      input: { series, seconds: seconds[range] },
      refetchInterval: live && visible ? refetchMs[range] : false,
      // What is kept of an earlier visit is minutes old.
      staleTime: refetchMs[range],
    }),
  )
  const { throughput, latency } = useMemo(() => linesOf(t), [t])
  const begun = uptimeMs < youngMs ? t('chartYoung', { time: formatSpan(uptimeMs) }) : undefined
  const noWrites = uptimeMs < seconds[range] * 1000 ? t('chartNoWrites') : t('chartEmptyWrites')
  return (
    <div className={css.pair}>
      <ChartCard
        title={t('throughput')}
        empty={begun ?? t('chartEmpty')}
        query={query}
        lines={throughput}
        formatValue={formatRate}
        leastTop={leastTopBytes}
        live={live}
      />
      <ChartCard title={t('writeLatency')} empty={noWrites} query={query} lines={latency} formatValue={formatMs} live={live} />
    </div>
  )
}

type Line = Omit<ChartSeries, 'values'> & { readonly name: MetricSeriesName }

function linesOf(t: TFunction<'overview'>): { readonly throughput: readonly Line[]; readonly latency: readonly Line[] } {
  return {
    throughput: [
      { name: 'in-bytes', label: t('inBytes'), colour: 1, area: true },
      { name: 'out-bytes', label: t('outBytes'), colour: 2, dashed: true },
    ],
    latency: [
      { name: 'write-p99', label: t('writeP99'), colour: 3, area: true },
      { name: 'write-p50', label: t('writeP50'), colour: 1, dashed: true },
    ],
  }
}

interface ChartCardProps {
  readonly title: string
  readonly empty: string
  readonly query: {
    readonly data: MetricRange | undefined
    readonly error: unknown
    readonly refetch: () => Promise<unknown>
  }
  readonly lines: readonly Line[]
  readonly formatValue: (value: number) => string
  readonly leastTop?: number
  readonly live: boolean
}

function ChartCard(props: ChartCardProps): ReactElement {
  return (
    <Card title={props.title} className={css.chart}>
      <ChartBody {...props} />
    </Card>
  )
}

function ChartBody({ title, empty, query, lines, formatValue, leastTop, live }: ChartCardProps): ReactElement {
  const { t } = useTranslation('overview')
  const { data, error } = query
  const drawn = useMemo(() => (data === undefined ? [] : withValues(lines, data)), [data, lines])
  const stepMs = data?.stepMs ?? 0
  const formatNewest = useCallback(
    (ms: number) => t('chartNewest', { span: formatSpan(stepMs), time: formatClock(ms) }),
    [t, stepMs],
  )
  if (data === undefined && error !== null) {
    return <Failed title={t('chartFailed')} failure={failureOf(error)} onRetry={() => void query.refetch()} />
  }
  if (data === undefined)
    return (
      <div className={css.plot}>
        <Loading text={t('chartLoading')} />
      </div>
    )
  if (drawn.every(({ values }) => values.every((value) => value === null))) {
    return (
      <div className={css.plot}>
        <Empty title={empty} text={t('chartEmptyText')} />
      </div>
    )
  }
  return (
    <Stale stale={!live || error !== null}>
      <LineChart
        label={title}
        fromMs={data.fromMs}
        stepMs={data.stepMs}
        series={drawn}
        formatValue={formatValue}
        {...(leastTop !== undefined && { leastTop })}
        formatTime={formatClock}
        formatNewest={formatNewest}
        cursor="overview"
        height={chartHeight}
      />
    </Stale>
  )
}

function withValues(lines: readonly Line[], data: MetricRange): ChartSeries[] {
  return lines.map((line) => ({ ...line, values: data.series.find(({ name }) => name === line.name)?.values ?? [] }))
}
