import { describe, expect, test } from 'vitest'
import type { NodeRun } from '../../../src/ipc/contract/host-contract.ts'
import type { Connection, ConnectionSnapshot } from '../../../src/renderer/connection/connection-store.ts'
import { DemoConnection } from '../../../src/renderer/demo/demo-connection.ts'
import { sampleCrash, sampleFailures, startingRun } from '../../../src/renderer/gallery/sample-runs.ts'
import { chooseScreen } from '../../../src/renderer/screens/choose-screen.tsx'

const connection: Connection = new DemoConnection()
const desktop = {
  client: {},
  capabilities: { host: 'desktop', supervises: true },
} as unknown as NonNullable<ConnectionSnapshot['host']>
const session = { epoch: 1 } as unknown as NonNullable<ConnectionSnapshot['session']>

function shown(change: Partial<ConnectionSnapshot>): string | undefined {
  const snapshot = { link: { state: 'connecting' }, session: undefined, host: desktop, run: undefined, visible: true, ...change }
  const element = chooseScreen(snapshot as ConnectionSnapshot, connection)
  return element === undefined ? undefined : (element.type as { name: string }).name
}

function run(change: Partial<NodeRun>): NodeRun {
  return { ...startingRun, ...change }
}

describe('before the first session', () => {
  test.each([
    ['a start under way', { run: run({}) }, 'StartUpScreen'],
    ['a start that was refused', { run: run({ state: 'failed', failure: sampleFailures['port-in-use'] }) }, 'StartFailureScreen'],
    ['a node that is stopped', { run: run({ state: 'stopped' }) }, 'StoppedScreen'],
    ['a node that runs and is being connected', { run: run({ state: 'running' }) }, 'Connecting'],
    ['a browser that finds no node', { link: { state: 'lost' as const, sinceMs: 0 } }, 'UnreachableScreen'],
    ['nothing known', {}, 'Connecting'],
  ])('%s', (_name, change, screen) => {
    expect(shown(change)).toBe(screen)
  })
})

describe('with a session', () => {
  const lost = { link: { state: 'lost' as const, sinceMs: 0 }, session }
  test.each([
    ['pages stay while the node is away', lost, undefined],
    ['pages stay while the node is started again', { ...lost, run: run({ state: 'starting' }) }, undefined],
    [
      'pages stay while a restart is due',
      { ...lost, run: run({ state: 'crashed', crash: sampleCrash, restartAtMs: 5 }) },
      undefined,
    ],
    ['pages stay while the node is stopped', { ...lost, run: run({ state: 'stopped' }) }, undefined],
    ['a crash without a restart takes their place', { ...lost, run: run({ state: 'crashed', crash: sampleCrash }) }, 'CrashCard'],
    ['a mismatch', { session, link: { state: 'mismatch' as const, nodeVersion: '1', contractVersion: 2 } }, 'MismatchScreen'],
    ['a session that ended', { session, link: { state: 'signed-out' as const, reason: 'ended' as const } }, 'SignInCard'],
  ])('%s', (_name, change, screen) => {
    expect(shown(change)).toBe(screen)
  })
})
