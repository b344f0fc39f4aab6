import { expect, test } from 'vitest'
import type { NodeRun } from '../../../src/ipc/contract/host-contract.ts'
import type { MainMessage } from '../../../src/ipc/supervision/node-messages.ts'
import { supervisionVersion } from '../../../src/ipc/supervision/node-messages.ts'
import type { ProcessEvents } from '../../../src/main/supervisor/node-supervisor.ts'
import { NodeSupervisor } from '../../../src/main/supervisor/node-supervisor.ts'

class SupervisorBed {
  nowMs = 0
  readonly timers: { atMs: number; run: () => void }[] = []
  readonly sent: { message: MainMessage; ports: readonly string[] }[] = []
  readonly runs: NodeRun[] = []
  readonly logged: string[] = []
  readonly served: number[] = []
  readonly told: string[] = []
  processes: ProcessEvents[] = []
  kills = 0
  readonly supervisor = new NodeSupervisor<string>({
    fork: (events) => {
      this.processes.push(events)
      return {
        send: (message, ports = []) => void this.sent.push({ message, ports }),
        kill: () => {
          this.kills += 1
        },
      }
    },
    nowMs: () => this.nowMs,
    after: (durationMs, run) => {
      const timer = { atMs: this.nowMs + durationMs, run }
      this.timers.push(timer)
      return () => void this.timers.splice(this.timers.indexOf(timer), 1)
    },
    linesIntervalMs: 250,
    arguments: () => ['--data', 'folder'],
    log: {
      state: ({ state }) => void this.logged.push(state),
      killed: () => void this.logged.push('killed'),
      crashed: ({ reason }) => void this.logged.push(`crashed: ${reason}`),
      refused: ({ code }) => void this.logged.push(`refused: ${code}`),
      line: (line) => void this.logged.push(`line: ${line}`),
    },
    changed: (run) => void this.runs.push(run),
    serving: (epoch) => void this.served.push(epoch),
    told: (message) => void this.told.push(message.kind),
  })

  get process(): ProcessEvents {
    const last = this.processes.at(-1)
    if (last === undefined) throw new Error('nothing was forked')
    return last
  }

  pass(durationMs: number): void {
    const untilMs = this.nowMs + durationMs
    for (;;) {
      const next = this.timers.filter(({ atMs }) => atMs <= untilMs).sort((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined) break
      this.nowMs = next.atMs
      this.timers.splice(this.timers.indexOf(next), 1)
      next.run()
    }
    this.nowMs = untilMs
  }

  serve(): void {
    this.process.message({ kind: 'hello', protocolVersion: supervisionVersion, pid: 1 })
    this.process.message({ kind: 'phase', phase: 'ready' })
  }
}

test('starts with the flags of the moment, hands ports over and keeps its word about the state', () => {
  const bed = new SupervisorBed()
  bed.supervisor.start()
  bed.process.message({ kind: 'configured', dataDirectory: 'folder' })
  bed.serve()
  bed.process.message({ kind: 'serving', grpc: '127.0.0.1:7070' })
  expect(bed.sent).toEqual([{ message: { kind: 'start', arguments: ['--data', 'folder'], safeMode: false }, ports: [] }])
  expect(bed.served).toEqual([1])
  expect(bed.told).toEqual(['configured', 'serving'])
  bed.supervisor.sendPort('a port')
  expect(bed.sent.at(-1)).toEqual({ message: { kind: 'port' }, ports: ['a port'] })
  expect(bed.logged).toEqual(['starting', 'running'])
})

test('drops what is no message of the supervision', () => {
  const bed = new SupervisorBed()
  bed.supervisor.start()
  for (const message of [
    undefined,
    'ready',
    { kind: 'phase', phase: 'unknown' },
    { kind: 'hello' },
    { kind: 'closed', more: 1 },
  ]) {
    bed.process.message(message)
  }
  expect(bed.sent).toEqual([])
  expect(bed.supervisor.run.state).toBe('starting')
})

test('shows lines of the log while the node does not serve, in intervals, and keeps the last fifty', () => {
  const bed = new SupervisorBed()
  bed.supervisor.start()
  const before = bed.runs.length
  for (let line = 1; line <= 80; line += 1) bed.process.output(`line ${line}\n`)
  expect(bed.runs).toHaveLength(before)
  bed.pass(250)
  expect(bed.runs).toHaveLength(before + 1)
  expect(bed.runs.at(-1)?.logTail).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 31}`))
  bed.serve()
  const serving = bed.runs.length
  bed.process.output('more\n')
  bed.pass(1_000)
  expect(bed.runs).toHaveLength(serving)
})

test('the lines of a run that crashed are there for the one who asks why', () => {
  const bed = new SupervisorBed()
  bed.supervisor.start()
  bed.serve()
  bed.process.output('the last words\nhalf a li')
  bed.process.exited(1)
  expect(bed.supervisor.run).toMatchObject({ state: 'crashed', logTail: ['the last words', 'half a li'] })
  bed.pass(1_000)
  expect(bed.processes).toHaveLength(2)
  expect(bed.supervisor.run).toMatchObject({ state: 'starting', epoch: 2 })
  bed.process.output('new\n')
  expect(bed.supervisor.run.logTail).toContain('the last words')
})

test('any number of stops share one, which is over when the process is gone', async () => {
  const bed = new SupervisorBed()
  bed.supervisor.start()
  bed.serve()
  let stopped = 0
  const stops = [1, 2, 3].map(() => bed.supervisor.stop().then(() => (stopped += 1)))
  expect(bed.sent.filter(({ message }) => message.kind === 'shutdown')).toHaveLength(1)
  await Promise.resolve()
  expect(stopped).toBe(0)
  bed.process.message({ kind: 'closed' })
  bed.process.exited(0)
  await Promise.all(stops)
  expect(stopped).toBe(3)
  expect(bed.kills).toBe(0)
  await bed.supervisor.stop()
})

test('a node that does not stop is ended at the deadline', async () => {
  const bed = new SupervisorBed()
  bed.supervisor.start()
  bed.serve()
  const stopped = bed.supervisor.stop()
  bed.pass(9_999)
  expect(bed.kills).toBe(0)
  bed.pass(1)
  expect(bed.kills).toBe(1)
  bed.process.exited(null)
  await stopped
  expect(bed.supervisor.run.state).toBe('stopped')
  expect(bed.timers).toEqual([])
})
