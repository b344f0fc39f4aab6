import type { LogFilter, LogPage } from '../../../ipc/contract/log-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import type { LogLevelGate } from '../../observe/log-level-gate.ts'
import type { LogRing } from '../../observe/log-ring.ts'
import type { Clock } from '../../ports/clock.ts'
import { controlBase } from './control-base.ts'
import { tailLog } from './log-tail.ts'

export interface LogsParts {
  readonly logRing: LogRing
  readonly logGate: Pick<LogLevelGate, 'level' | 'guarded' | 'linesPerSecond' | 'setLevel'>
  readonly clock: Pick<Clock, 'sleep'>
}

export function logsHandlers(parts: LogsParts) {
  const { logs } = controlBase
  return {
    page: logs.page.handler(({ input, context }) => pageOf(parts, input, context.call.signal)),
    tail: logs.tail.handler(({ input, context }) => tailLog(parts, input.filter, context.call.signal)),
    setLevel: logs.setLevel.handler(({ input }) => {
      parts.logGate.setLevel(input.level)
      return null
    }),
  }
}

interface PageInput {
  readonly filter: LogFilter
  readonly before?: number | undefined
  readonly limit: number
}

async function pageOf({ logRing, logGate }: LogsParts, asked: PageInput, signal: AbortSignal): Promise<LogPage> {
  const { filter, before, limit } = asked
  const query = { search: filter, before, limit, charactersMax: wireLimits.pageBytesMax }
  const { lines, more } = await logRing.page(query, signal)
  return {
    lines,
    more,
    subsystems: logRing.subsystems,
    level: logGate.level,
    rate: { perSecond: logGate.linesPerSecond, guarded: logGate.guarded },
  }
}
