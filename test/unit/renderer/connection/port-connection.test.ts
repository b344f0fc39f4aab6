import { implement } from '@orpc/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { HostEvent, NodeRun } from '../../../../src/ipc/contract/host-contract.ts'
import { hostContract } from '../../../../src/ipc/contract/host-contract.ts'
import { servePort } from '../../../../src/ipc/wire/wire-server.ts'
import { PortConnection } from '../../../../src/renderer/connection/port-connection.ts'
import { DemoWorld, demoRouter } from '../../../../src/renderer/demo/demo-router.ts'

function start() {
  const offer = vi.fn()
  const connection = new PortConnection(offer)
  connection.start()
  onTestFinished(() => connection.stop())
  return { connection, offer }
}

function post(data: unknown, port: MessagePort, { origin = location.origin, source = window as Window | null } = {}): void {
  const event = new MessageEvent('message', { data, origin })
  Object.defineProperties(event, { ports: { value: [port] }, source: { value: source } })
  window.dispatchEvent(event)
}

function nodePort() {
  const { port1, port2 } = new MessageChannel()
  const server = servePort(port1, { router: demoRouter(new DemoWorld()), context: {} })
  onTestFinished(() => server.close())
  return { port: port2, server }
}

/** A host that tells all of these. */
function hostPort(events: readonly HostEvent[]): MessagePort {
  const serve = implement(hostContract)
  const nothing = async () => null
  const router = serve.router({
    capabilities: serve.capabilities.handler(() => ({
      host: 'desktop' as const,
      platform: 'linux',
      appVersion: '0.1.0',
      supervises: true,
      showsFiles: true,
      signsOut: false,
    })),
    watch: serve.watch.handler(async function* ({ signal }) {
      yield* events
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    }),
    node: {
      start: serve.node.start.handler(nothing),
      stop: serve.node.stop.handler(nothing),
      restart: serve.node.restart.handler(nothing),
      startSafely: serve.node.startSafely.handler(nothing),
      startOnFreePort: serve.node.startOnFreePort.handler(nothing),
      startElsewhere: serve.node.startElsewhere.handler(async () => false),
    },
    files: { show: serve.files.show.handler(nothing) },
    openExternal: serve.openExternal.handler(nothing),
    signOut: serve.signOut.handler(nothing),
  })
  const { port1, port2 } = new MessageChannel()
  const server = servePort(port1, { router, context: {} })
  onTestFinished(() => server.close())
  return port2
}

test('the preload is asked once, and a node port opens a session', async () => {
  const { connection, offer } = start()
  expect(offer).toHaveBeenCalledTimes(1)
  post({ kind: 'node', epoch: 1 }, nodePort().port)
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  expect(connection.snapshot().session).toMatchObject({ epoch: 1, hello: { networkName: 'research' } })
})

test.each([
  ['another origin', { origin: 'https://example.org' }],
  ['another window', { source: null }],
])('a port from %s is not taken', async (_name, foreign) => {
  const { connection } = start()
  post({ kind: 'node', epoch: 1 }, nodePort().port, foreign)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(connection.snapshot().session).toBeUndefined()
})

test('one port for each kind and epoch, and never an older one', async () => {
  const { connection } = start()
  post({ kind: 'node', epoch: 2 }, nodePort().port)
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  const { session } = connection.snapshot()
  post({ kind: 'node', epoch: 2 }, nodePort().port)
  post({ kind: 'node', epoch: 1 }, nodePort().port)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(connection.snapshot().session).toBe(session)
})

test('a node that goes leaves its session behind as lost, and the next epoch opens another', async () => {
  const { connection } = start()
  const first = nodePort()
  post({ kind: 'node', epoch: 1 }, first.port)
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  first.server.close()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('lost'))
  expect(connection.snapshot().session?.epoch).toBe(1)
  post({ kind: 'node', epoch: 2 }, nodePort().port)
  await vi.waitFor(() => expect(connection.snapshot().session?.epoch).toBe(2))
  expect(connection.snapshot().link.state).toBe('open')
})

test('a node whose heartbeats stay away is silent and not lost, and open again when it responds', async () => {
  const { connection } = start()
  post({ kind: 'node', epoch: 1 }, nodePort().port)
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  const run = { epoch: 1, safeMode: false, phases: [], logTail: [] }
  const states: NodeRun['state'][] = ['running', 'not-responding', 'running', 'not-responding', 'stopping']
  const links: string[] = []
  for (const [index, state] of states.entries()) {
    post({ kind: 'host', epoch: index }, hostPort([{ kind: 'node', run: { ...run, state } }]))
    await vi.waitFor(() => expect(connection.snapshot().run?.state).toBe(state))
    links.push(connection.snapshot().link.state)
  }
  expect(links).toEqual(['open', 'silent', 'open', 'silent', 'lost'])
})

test('the host tells of the node, the window and the menu', async () => {
  const { connection } = start()
  const commands: string[] = []
  connection.onCommand((name) => commands.push(name))
  const run: NodeRun = { state: 'starting', epoch: 1, safeMode: false, phases: [], logTail: ['a line'] }
  const port = hostPort([
    { kind: 'node', run },
    { kind: 'window', visible: false },
    { kind: 'command', command: 'palette.open' },
  ])
  post({ kind: 'host', epoch: 0 }, port)
  await vi.waitFor(() => expect(commands).toEqual(['palette.open']))
  expect(connection.snapshot()).toMatchObject({ run, visible: false, host: { capabilities: { host: 'desktop' } } })
})
