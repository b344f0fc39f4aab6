import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client'
import type { Counter, Histogram, Meter, MetricDescription, MetricLabels } from '../../ports/meter.ts'

/**
 * Metrics in a registry of the node's own, so that several nodes in one process do not mix. `processMetrics` adds those of the whole
 * process (memory, CPU, garbage collection, delay of the event loop), whose observers live as long as the process: once per process.
 */
export class PromMeter implements Meter {
  readonly #registry = new Registry()

  constructor(options: { readonly processMetrics: boolean }) {
    if (options.processMetrics) collectDefaultMetrics({ register: this.#registry, prefix: 'memo_' })
  }

  counter(description: MetricDescription): Counter {
    const counter = new PromCounter(this.#configOf(description))
    return { add: (amount, labels) => counter.inc(labels ?? {}, amount) }
  }

  histogram(description: MetricDescription & { readonly buckets: readonly number[] }): Histogram {
    const histogram = new PromHistogram({ ...this.#configOf(description), buckets: [...description.buckets] })
    return { observe: (value, labels) => histogram.observe(labels ?? {}, value) }
  }

  gauge(
    description: MetricDescription,
    read: () => number | readonly { readonly labels: MetricLabels; readonly value: number }[],
  ): void {
    const { labels = [] } = description
    const gauge: PromGauge = new PromGauge({
      ...this.#configOf(description),
      collect: () => {
        const now = read()
        gauge.reset()
        // To the library one without labels has the value 0 until it is told: what is not known is absent.
        if (labels.length === 0) gauge.remove()
        if (typeof now === 'number') gauge.set(now)
        else for (const { labels, value } of now) gauge.set(labels, value)
      },
    })
  }

  render(): Promise<string> {
    return this.#registry.metrics()
  }

  #configOf({ name, help, labels = [] }: MetricDescription) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] }
  }
}
