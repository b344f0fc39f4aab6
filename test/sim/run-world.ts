import { HostTrap } from './host-trap.ts'
import { Violation } from './violation.ts'
import type { WorldOptions } from './world.ts'
import { World } from './world.ts'
import type { WorldReport } from './world-report.ts'

/** One world from its beginning to its end, under the trap. What rejects and is caught by nobody fails it. */
export async function runWorld(seed: number, options: WorldOptions = {}): Promise<WorldReport> {
  using trap = new HostTrap()
  const floating: unknown[] = []
  const float = (reason: unknown) => void floating.push(reason)
  process.on('unhandledRejection', float)
  try {
    const report = await new World(seed, trap, options).run()
    await trap.drain()
    if (report.failure !== undefined) return report
    const [first] = floating
    if (floating.length > 0)
      return failed(report, new Violation(`a promise floats: ${first instanceof Error ? first.stack : first}`))
    if (trap.touched.size > 0) return failed(report, new Violation(`the world touched the host: ${[...trap.touched].join(', ')}`))
    return report
  } finally {
    process.off('unhandledRejection', float)
  }
}

function failed(report: WorldReport, { message }: Violation): WorldReport {
  return { ...report, failure: { message, profile: '', trace: [] } }
}
