import { implement } from '@orpc/server'
import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import type { GrpcInfo } from '../../../../src/ipc/contract/status-schemas.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { demoClients, demoGrpcInfo } from '../../../../src/renderer/demo/demo-figures.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

const serve = implement(nodeContract)

function withGrpc(change: Partial<GrpcInfo>) {
  return new AlteredConnection((router) => ({
    ...router,
    grpc: { ...router.grpc, info: serve.grpc.info.handler(() => ({ ...demoGrpcInfo, ...change })) },
  }))
}

describe('Connect', () => {
  it('says where the node serves, and for whom', async () => {
    using _app = await renderApp({ path: '/connect' })
    expect(await screen.findByText('127.0.0.1:7070', { selector: 'code' })).toBeVisible()
    expect(screen.getByText('TLS is off. Calls do not leave this computer.')).toBeVisible()
    expect(screen.getByText('gRPC, for programs on this computer; no other one can reach this address')).toBeVisible()
    expect(screen.getByText(/^Every program on this computer, without a token/)).toBeVisible()
    expect(screen.getByText('On: tools such as grpcurl need no .proto files.')).toBeVisible()
  })

  it('names the dangers of an open address, and the files of a guarded one', async () => {
    {
      using app = await renderApp({ path: '/connect', connection: withGrpc({ host: '0.0.0.0', address: '0.0.0.0:7070' }) })
      expect(await screen.findByText('Everyone who reaches the address may read and change all keys.')).toBeVisible()
      expect(screen.getByText(/on this computer and wherever this address can be reached/)).toBeVisible()
      expect(screen.getByText(/everything can be read on the way/)).toBeVisible()
      expect(screen.getByText(/put its name in place of 127\.0\.0\.1/)).toBeVisible()
      app.unmount()
    }
    const guarded = { tls: true, certificateFile: '/d/grpc-cert.pem', auth: 'token', tokenFile: '/d/grpc-token' } as const
    using _app = await renderApp({ path: '/connect', connection: withGrpc(guarded) })
    expect(await screen.findByText('/d/grpc-cert.pem')).toBeVisible()
    expect(screen.getByText('/d/grpc-token')).toBeVisible()
  })

  it('writes the example for the language and key that are chosen', async () => {
    using _app = await renderApp({ path: '/connect' })
    const key = await screen.findByRole('textbox', { name: 'Key' })
    await userEvent.clear(key)
    await userEvent.type(key, "it's")
    expect(within(screen.getByRole('region', { name: 'Example for CLI' })).getByText(/kv get .* 'it'\\''s'/)).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Python' }))
    expect(within(screen.getByRole('region', { name: 'Example for Python' })).getByText(/key='it\\'s'/)).toBeVisible()
  })

  it('tries the connection and shows each step with its time', async () => {
    using _app = await renderApp({ path: '/connect' })
    await userEvent.click(await screen.findByRole('button', { name: 'Test connection' }))
    expect(await screen.findByText('It works: all steps in 5.2 ms.')).toBeVisible()
    const steps = within(screen.getByRole('list', { name: 'Steps of the test' })).getAllByRole('listitem')
    expect(steps.map((step) => step.textContent)).toEqual([
      'Connect0.7 ms',
      'Write a key1.1 ms',
      'Read it back1.5 ms',
      'Remove it1.9 ms',
    ])
  })

  it('names the step that failed with its reason', async () => {
    const connection = new AlteredConnection((router) => ({
      ...router,
      grpc: {
        ...router.grpc,
        test: serve.grpc.test.handler(() => ({
          ok: false,
          steps: [
            { name: 'connect' as const, ok: true, ms: 1, text: '' },
            { name: 'put' as const, ok: false, ms: 3, text: 'the disk is full (storage-full)' },
          ],
        })),
      },
    }))
    using _app = await renderApp({ path: '/connect', connection })
    await userEvent.click(await screen.findByRole('button', { name: 'Test connection' }))
    expect(await screen.findByText('It does not work. The step “Write a key” failed.')).toBeVisible()
    expect(screen.getByText('the disk is full (storage-full)')).toBeVisible()
  })

  it('writes nothing to a node that takes no changes, and says why', async () => {
    const connection = new AlteredConnection()
    connection.world.settings.putValues({ readOnly: true }, connection.world.settings.get().digest)
    using _app = await renderApp({ path: '/connect', connection })
    const button = await screen.findByRole('button', { name: 'Test connection' })
    expect(
      await screen.findByText(
        /^Read-only: .* Settings can end that\. The test writes a key, so it has to wait; programs that call the port are not concerned/,
      ),
    ).toBeVisible()
    await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'))
    await userEvent.click(button)
    expect(screen.queryByRole('list', { name: 'Steps of the test' })).toBeNull()
  })

  it('tries nothing at a node that takes no part any more, and still disconnects programs', async () => {
    const connection = new AlteredConnection()
    connection.world.cluster.withdraw('copied')
    using _app = await renderApp({ path: '/connect', connection })
    expect(
      await screen.findByText(/takes no part in its network any more.* The test writes a key, so it would fail\.$/),
    ).toBeVisible()
    expect(screen.getByRole('button', { name: 'Test connection' })).toHaveAttribute('aria-disabled', 'true')
    const disconnect = await screen.findByRole('button', { name: 'Disconnect 127.0.0.1:51882' })
    expect(disconnect).not.toHaveAttribute('aria-disabled')
  })

  it('says of a node that does not answer nothing about the programs at its port', async () => {
    const connection = new AlteredConnection()
    using _app = await renderApp({ path: '/connect', connection })
    await screen.findByRole('button', { name: 'Test connection' })
    act(() => connection.update({ link: { state: 'silent', sinceMs: Date.now() } }))
    const text = await screen.findByText(/The test writes a key, so it has to wait/)
    expect(text).not.toHaveTextContent('not concerned')
    act(() => connection.lose())
    expect(screen.getByText(/The test writes a key, so it has to wait/)).not.toHaveTextContent('not concerned')
  })

  it('disconnects a program only after asking', async () => {
    const gone: string[] = []
    const connection = new AlteredConnection((router) => ({
      ...router,
      clients: {
        list: serve.clients.list.handler(() => demoClients().filter(({ id }) => !gone.includes(id))),
        disconnect: serve.clients.disconnect.handler(({ input }) => {
          gone.push(input.id)
          return null
        }),
      },
    }))
    using _app = await renderApp({ path: '/connect', connection })
    const row = await screen.findByRole('row', { name: /127\.0\.0\.1:51882/ })
    expect(within(row).getByText('48,211')).toBeVisible()
    await userEvent.click(within(row).getByRole('button', { name: 'Disconnect 127.0.0.1:51882' }))
    expect(gone).toEqual([])
    await userEvent.click(await screen.findByRole('button', { name: 'Disconnect' }))
    await waitFor(() => expect(screen.queryByRole('row', { name: /127\.0\.0\.1:51882/ })).toBeNull())
    expect(gone).toEqual(['c1'])
    expect(screen.getByRole('row', { name: /127\.0\.0\.1:52010/ })).toBeVisible()
  })

  it('tells no programs at all from none that match', async () => {
    const many = Array.from({ length: 7 }, (_, index) => ({
      id: `c${index}`,
      peer: `10.0.0.${index}:5`,
      connectedMs: 1,
      calls: 0,
      callsPerSecond: 0,
    }))
    let clients = many
    const connection = new AlteredConnection((router) => ({
      ...router,
      clients: { ...router.clients, list: serve.clients.list.handler(() => clients) },
    }))
    using app = await renderApp({ path: '/connect', connection })
    await userEvent.type(await screen.findByRole('textbox', { name: 'Look for a program' }), '10.0.0.3')
    await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(2))
    await userEvent.type(screen.getByRole('textbox', { name: 'Look for a program' }), 'x')
    expect(screen.getByText('No connected program has “10.0.0.3x” in its address or last call')).toBeVisible()
    app.unmount()
    clients = []
    using _app = await renderApp({ path: '/connect', connection })
    expect(await screen.findByText('No program is connected')).toBeVisible()
  })

  it('has texts of the catalogue only', async () => {
    using _app = await renderApp({ path: '/connect', catalogue: pseudoCatalogue })
    await screen.findByText('127.0.0.1:7070', { selector: 'main code' })
    await screen.findByText('127.0.0.1:51882')
    // Times are written by the language of the system, addresses stand in labels.
    const elsewhere = /^(now| ?\d+ (hour|minute|second)s? ago|last .*)$/
    expect(untranslated(document.querySelector('main') as HTMLElement).filter((text) => !elsewhere.test(text.trim()))).toEqual([])
  })
})
