/** Labels come from closed unions, so that a metric's cardinality is bounded. */
export type MetricLabels = Readonly<Record<string, string>>

export interface MetricDescription {
  /** Prometheus name with its unit last, for example memo_commit_duration_seconds. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

export interface Counter {
  add(amount: number, labels?: MetricLabels): void
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void
}

export interface Meter {
  counter(description: MetricDescription): Counter
  histogram(description: MetricDescription & { readonly buckets: readonly number[] }): Histogram
  /** The function is asked when the metrics are read. */
  gauge(
    description: MetricDescription,
    read: () => number | readonly { readonly labels: MetricLabels; readonly value: number }[],
  ): void
  /** Everything in Prometheus text format. */
  render(): Promise<string>
}
