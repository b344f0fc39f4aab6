import type { ConnectionSnapshot } from '../connection/connection-store.ts'

interface NodeStateView {
  readonly tone: 'ok' | 'warn' | 'danger' | 'idle'
  readonly text:
    | 'running'
    | 'safeMode'
    | 'stateAway'
    | 'stateCrashed'
    | 'stateNotResponding'
    | 'stateStarting'
    | 'stateStopped'
    | 'stateStopping'
}

const runViews: Readonly<Record<NonNullable<ConnectionSnapshot['run']>['state'], NodeStateView | undefined>> = {
  running: undefined,
  'not-responding': { tone: 'warn', text: 'stateNotResponding' },
  starting: { tone: 'warn', text: 'stateStarting' },
  stopping: { tone: 'warn', text: 'stateStopping' },
  stopped: { tone: 'idle', text: 'stateStopped' },
  crashed: { tone: 'danger', text: 'stateCrashed' },
  failed: { tone: 'danger', text: 'stateCrashed' },
}

/** One word for how the node is, from what its supervisor and the connection say. */
export function nodeStateOf({ run, link }: ConnectionSnapshot): NodeStateView {
  const byRun = run === undefined ? undefined : runViews[run.state]
  if (byRun !== undefined) return byRun
  if (link.state === 'silent') return { tone: 'warn', text: 'stateNotResponding' }
  if (link.state !== 'open') return { tone: 'warn', text: 'stateAway' }
  return run?.safeMode ? { tone: 'warn', text: 'safeMode' } : { tone: 'ok', text: 'running' }
}
