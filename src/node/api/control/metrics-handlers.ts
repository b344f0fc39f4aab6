import type { MetricHistory } from '../../observe/metric-history.ts'
import { controlBase } from './control-base.ts'

export interface MetricsParts {
  readonly history: Pick<MetricHistory, 'range'>
}

export function metricsHandlers({ history }: MetricsParts) {
  const { metrics } = controlBase
  return { range: metrics.range.handler(({ input }) => history.range(input.series, input.seconds)) }
}
