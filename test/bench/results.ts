import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { median } from './percentiles.ts'

/** One measured figure of one subject in one round. */
export interface Sample {
  readonly suite: string
  readonly cell: string
  readonly subject: string
  readonly metric: string
  readonly value: number
}

export class Results {
  readonly #samples: Sample[] = []

  add(sample: Sample): void {
    this.#samples.push(sample)
    console.error(`  ${sample.cell} · ${sample.subject} · ${sample.metric}: ${format(sample.value)}`)
  }

  /** Medians over the rounds, one row for each cell and metric, with the ratio of memo to etcd where both were measured. */
  markdown(): string {
    const rows = new Map<string, Map<string, number[]>>()
    for (const { suite, cell, subject, metric, value } of this.#samples) {
      const row = `${suite} | ${cell} | ${metric}`
      const subjects = rows.get(row) ?? new Map<string, number[]>()
      subjects.set(subject, [...(subjects.get(subject) ?? []), value])
      rows.set(row, subjects)
    }
    const show = (values: readonly number[] | undefined) => (values === undefined ? '' : format(median(values)))
    const lines = [...rows].map(([row, subjects]) => {
      const [memo, etcd] = [subjects.get('memo'), subjects.get('etcd')]
      const ratio = memo !== undefined && etcd !== undefined ? `${(median(memo) / median(etcd)).toFixed(2)}x` : ''
      return `| ${row} | ${show(memo)} | ${show(etcd)} | ${ratio} | ${show(subjects.get('box'))} |`
    })
    return ['| suite | cell | metric | memo | etcd | ratio | box |', '|---|---|---|---:|---:|---:|---:|', ...lines].join('\n')
  }

  write(path: string | undefined): string {
    const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD']).stdout.toString().trim()
    const time = new Date().toISOString()
    const target = path ?? join('bench-results', `${time.replaceAll(':', '-')}.json`)
    mkdirSync(dirname(target), { recursive: true })
    const box = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), kernel: release(), node: process.version }
    writeFileSync(target, JSON.stringify({ commit, time, box, samples: this.#samples }, null, 2))
    return target
  }
}

function format(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value >= 10 ? value.toFixed(1) : value.toFixed(3)
}
