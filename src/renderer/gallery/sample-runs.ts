import type { NodeRun, StartPhase } from '../../ipc/contract/host-contract.ts'
import { startPhases } from '../../ipc/contract/host-contract.ts'

export const sampleNowMs = Date.UTC(2026, 10, 22, 14, 2, 11)

const logTail = [
  '14:01:58 INFO  node: starting, version 0.1.0',
  '14:01:58 INFO  store: lock taken',
  '14:01:59 WARN  store: the index is rebuilt from the journal, 48 segments',
  '14:02:07 INFO  store: 31 of 48 segments read',
]

function phasesUpTo(name: StartPhase, state: 'running' | 'slow' | 'failed', startedMs: number): NodeRun['phases'] {
  const present = startPhases.indexOf(name)
  return startPhases.map((phase, index) => ({
    name: phase,
    state: index < present ? 'done' : index === present ? state : 'waiting',
    ...(index <= present && { startedMs }),
    budgetMs: phase === 'store' ? 5000 : 1000,
  }))
}

const base: NodeRun = { state: 'starting', epoch: 1, safeMode: false, phases: [], logTail }

export const startingRun: NodeRun = { ...base, phases: phasesUpTo('store', 'running', sampleNowMs - 1200) }
export const slowRun: NodeRun = { ...base, phases: phasesUpTo('store', 'slow', sampleNowMs - 14_000) }

export const sampleCrash: NonNullable<NodeRun['crash']> = {
  reason: 'out of memory',
  exitCode: 134,
  atMs: sampleNowMs,
  recent: 3,
}
export const sampleLog = logTail

type StartFailure = NonNullable<NodeRun['failure']>

export const sampleFailures: Readonly<Record<StartFailure['kind'], StartFailure>> = {
  'port-in-use': {
    kind: 'port-in-use',
    code: 'port-in-use',
    message: '127.0.0.1:7070 is taken by “memo”, process 4711',
    details: { port: '7070' },
  },
  'storage-full': {
    kind: 'storage-full',
    code: 'storage-full',
    message: 'the disk of /var/lib/memo has 0 bytes left, 64 MiB are needed',
    details: {},
  },
  'store-locked': {
    kind: 'store-locked',
    code: 'store-locked',
    message: 'process 4711 has the store in /var/lib/memo open',
    details: {},
  },
  'store-newer-format': {
    kind: 'store-newer-format',
    code: 'store-newer-format',
    message: 'the store has format 3, this memo reads up to 1: install memo 0.4.0 or newer',
    details: {},
  },
  other: {
    kind: 'other',
    code: 'key-unavailable',
    message: 'the key of this node cannot be read: permission denied',
    details: {},
  },
}
