import type { LogFilter, LogLevel, LogLine, LogPage } from '../../ipc/contract/log-schemas.ts'
import { logLevels } from '../../ipc/contract/log-schemas.ts'

const samples: readonly (readonly [LogLevel, string, string, object])[] = [
  ['info', 'grpc', 'client connected', { peer: '127.0.0.1:51882' }],
  ['debug', 'store', 'segment synced', { segment: 18, bytes: 65_536, ms: 1.4 }],
  ['info', 'kv', 'listing served', { items: 500, ms: 2.1 }],
  ['warn', 'store', 'a sync took long', { ms: 214, limitMs: 200 }],
  ['debug', 'kv', 'key written', { version: '17' }],
  ['info', 'store', 'checkpoint written', { ms: 12 }],
  ['error', 'grpc', 'a call failed', { method: 'memo.v1.KeyValue/Put', code: 'queue-full' }],
]

/** Lines that a node would write, one more every second or so. */
export class DemoLogs {
  readonly #lines: LogLine[] = []
  level: LogLevel = 'info'

  constructor(nowMs: number) {
    for (let index = 0; index < 2_000; index += 1) this.add(nowMs - (2_000 - index) * 700)
  }

  add(timeMs: number): LogLine {
    const sequence = this.#lines.length + 1
    const [level, subsystem, message, facts] = samples[(sequence * 7 + (sequence >> 3)) % samples.length] ?? [
      'info',
      'node',
      'ready',
      {},
    ]
    const line = { sequence, timeMs, level, subsystem, message, facts: JSON.stringify(facts) }
    this.#lines.push(line)
    return line
  }

  page(filter: LogFilter, before: number | undefined, limit: number): LogPage {
    const found = this.#lines.filter((line) => passes(line, filter) && (before === undefined || line.sequence < before))
    return {
      lines: found.slice(-limit),
      more: found.length > limit,
      subsystems: ['grpc', 'kv', 'node', 'store'],
      level: this.level,
      rate: { perSecond: 1.4, guarded: false },
    }
  }
}

export function passes(line: LogLine, { level, subsystem, text }: LogFilter): boolean {
  if (level !== undefined && logLevels.indexOf(line.level) < logLevels.indexOf(level)) return false
  if (subsystem !== undefined && line.subsystem !== subsystem) return false
  return text === undefined || `${line.message} ${line.facts}`.toLowerCase().includes(text.toLowerCase())
}
