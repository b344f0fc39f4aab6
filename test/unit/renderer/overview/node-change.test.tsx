import { implement } from '@orpc/server'
import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

const serve = implement(nodeContract)

const rowAt = async (at: number): Promise<HTMLElement> => {
  const table = within(await screen.findByRole('table', { name: 'Nodes of the network' }))
  const row = table.getAllByRole('row')[at]
  if (row === undefined) throw new Error(`the table has no row ${at}`)
  return row
}

async function choose(at: number, entry: string): Promise<void> {
  await userEvent.click(within(await rowAt(at)).getByRole('button', { name: /^Actions for node/ }))
  await userEvent.click(await screen.findByRole('menuitem', { name: entry }))
}

/** A node that evicts, and whether each time it was told to do so by force. */
function evictions(): { readonly connection: AlteredConnection; readonly forced: readonly boolean[] } {
  const forced: boolean[] = []
  const connection = new AlteredConnection((router, world) => ({
    ...router,
    cluster: {
      ...router.cluster,
      evict: serve.cluster.evict.handler(({ input: { nodeId, force } }) => {
        forced.push(force)
        const changed = world.cluster.evict(nodeId)
        world.events.tell('status')
        return changed
      }),
    },
  }))
  return { connection, forced }
}

test('a node is drained once that is confirmed, and takes its share again', async () => {
  using _app = await renderApp({ connection: new AlteredConnection() })
  await choose(2, 'Drain…')
  const dialog = await screen.findByRole('dialog', { name: 'Drain node 8c02f1b7…4200?' })
  expect(dialog).toHaveTextContent('Then only 2 nodes take blocks, so there are 2 copies of everything instead of 3.')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }))
  expect(await rowAt(2)).not.toHaveTextContent('draining')

  await choose(2, 'Drain…')
  await userEvent.click(await screen.findByRole('button', { name: 'Drain the node' }))
  await waitFor(async () => expect(await rowAt(2)).toHaveTextContent('draining, 1,240 blocks left'))
  await choose(2, 'Take blocks again')
  await waitFor(async () => expect(await rowAt(2)).not.toHaveTextContent('draining'))
  expect(await screen.findByText('Node 8c02f1b7…4200 takes blocks again')).toBeVisible()
})

test('a node is evicted once its id is typed; that it answers is said, and told to the node', async () => {
  const { connection, forced } = evictions()
  connection.world.cluster.lose(1)
  using _app = await renderApp({ connection })
  for (const [id, text] of [
    ['8c02f1b7', /switched off needs no eviction/],
    ['c75de90a', /still answers/],
  ] as const) {
    await choose(2, 'Evict…')
    const dialog = await screen.findByRole('dialog', { name: new RegExp(`^Evict node ${id}`) })
    expect(dialog).toHaveTextContent(text)
    const act = within(dialog).getByRole('button', { name: 'Evict the node' })
    await userEvent.click(act)
    await userEvent.type(within(dialog).getByRole('textbox'), id)
    await userEvent.click(act)
    await waitFor(() => expect(screen.queryByText(new RegExp(`^${id}`))).toBeNull())
  }
  expect(forced).toEqual([false, true])
})

test('a node that has not answered for some seconds is evicted although it may only be slow', async () => {
  const { connection, forced } = evictions()
  const status = connection.world.cluster.status()
  const nodes = status.nodes.map((node) => (node.isSelf ? node : { ...node, state: 'suspect' as const }))
  vi.spyOn(connection.world.cluster, 'status').mockReturnValue({ ...status, nodes })
  using _app = await renderApp({ connection })
  await choose(2, 'Evict…')
  const dialog = await screen.findByRole('dialog')
  expect(dialog).toHaveTextContent(/may only be slow.*Then only 2 nodes take blocks/)
  await userEvent.type(within(dialog).getByRole('textbox'), '8c02f1b7')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Evict the node' }))
  await waitFor(() => expect(forced).toEqual([true]))
})

test('a departure that ends before the node has left has failed', async () => {
  const connection = new AlteredConnection((router) => ({
    ...router,
    cluster: {
      ...router.cluster,
      leave: serve.cluster.leave.handler(async function* () {
        yield { phase: 'draining' as const, groupsPending: 1, copiesPending: null, openEpochs: 2 }
      }),
    },
  }))
  using _app = await renderApp({ connection })
  await choose(1, 'Leave the network…')
  await userEvent.click(await screen.findByRole('button', { name: 'Leave the network' }))
  expect(await screen.findByText('The node has not left')).toBeVisible()
  expect(screen.getByText('The node ended the call before it had left; it stays draining')).toBeVisible()
})

test('what the node refuses is said above the list', async () => {
  const connection = new AlteredConnection((router) => ({
    ...router,
    cluster: {
      ...router.cluster,
      drain: serve.cluster.drain.handler(({ errors }) => {
        const data = { code: 'permission-denied' as const, message: 'ask the founder', retryable: false, details: {} }
        throw errors.FAILED({ data })
      }),
    },
  }))
  using _app = await renderApp({ connection })
  await choose(3, 'Drain…')
  await userEvent.click(await screen.findByRole('button', { name: 'Drain the node' }))
  expect(await screen.findByText('The node was not drained')).toBeVisible()
  expect(screen.getByText('Ask the founder')).toBeVisible()
  await userEvent.click(screen.getByRole('button', { name: 'Close' }))
  expect(screen.queryByText('The node was not drained')).toBeNull()
})

test('this node leaves, says how far it is, and offers nothing more once it has left', async () => {
  using _app = await renderApp({ connection: new AlteredConnection() })
  await choose(1, 'Leave the network…')
  await screen.findByRole('dialog', { name: 'Leave the network?' })
  await userEvent.click(screen.getByRole('button', { name: 'Leave the network' }))
  const dialog = await screen.findByRole('dialog', { name: 'Leaving the network' })
  expect(await within(dialog).findByText('still to go: 31 of the groups, 1,240 of the copies')).toBeVisible()
  expect(await within(dialog).findByText(/^This node has left the network\./, {}, { timeout: 8000 })).toBeVisible()
  await userEvent.click(within(dialog).getAllByRole('button', { name: 'Close' }).at(-1) ?? dialog)
  expect(await screen.findByText(/^This node takes no part any more, so it invites nobody\./)).toBeVisible()
  expect(screen.queryByRole('button', { name: /^Actions for node/ })).toBeNull()
}, 20_000)

test('who stops waiting leaves the node draining', async () => {
  using _app = await renderApp({ connection: new AlteredConnection() })
  await choose(1, 'Leave the network…')
  await userEvent.click(await screen.findByRole('button', { name: 'Leave the network' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Stop waiting' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  await waitFor(async () => expect(await rowAt(1)).toHaveTextContent('draining'))
})

test('a node whose screens change nothing says why in the menu', async () => {
  const connection = new AlteredConnection()
  connection.world.settings.putValues({ readOnly: true }, connection.world.settings.get().digest)
  using _app = await renderApp({ connection })
  await userEvent.click(within(await rowAt(2)).getByRole('button', { name: /^Actions for node/ }))
  expect(await screen.findByRole('menuitem', { name: 'Drain…' })).toHaveAttribute('aria-disabled', 'true')
})

test('the dialogs show texts of the catalogue only', async () => {
  using _app = await renderApp({ connection: new AlteredConnection(), catalogue: pseudoCatalogue })
  const row = await screen.findAllByRole('row')
  const [button] = within(row[1] ?? document.body)
    .getAllByRole('button')
    .slice(-1)
  await userEvent.click(button ?? document.body)
  const [, leave] = await screen.findAllByRole('menuitem')
  await userEvent.click(leave ?? document.body)
  expect(untranslated(await screen.findByRole('dialog'))).toEqual([])
})
