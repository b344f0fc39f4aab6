import { implement } from '@orpc/server'
import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

const serve = implement(nodeContract)

test('the nodes are listed, this one first, with state, place and room', async () => {
  using _app = await renderApp()
  const table = within(await screen.findByRole('table', { name: 'Nodes of the network' }))
  const [, self, second] = table.getAllByRole('row')
  expect(self).toHaveTextContent(/this node.*alive.*192\.0\.2\.11:7072.*attic.*212 GB/)
  expect(second).toHaveTextContent(/alive.*192\.0\.2\.12:7072.*cellar · ssd/)
  expect(await screen.findByText('Quorum: 3 of 3 members, 2 needed.')).toBeVisible()
  await waitFor(() => expect(screen.getByRole('contentinfo')).toHaveTextContent('3 of 3 nodes'))
})

test('a node that goes is seen with the next status, in words and in the bar below', async () => {
  const connection = new AlteredConnection()
  using _app = await renderApp({ connection })
  await screen.findByRole('table', { name: 'Nodes of the network' })
  act(() => {
    connection.world.cluster.lose(1)
    connection.world.events.tell('status')
  })
  expect(await screen.findByText('dead')).toBeVisible()
  await waitFor(() => expect(screen.getByRole('contentinfo')).toHaveTextContent('2 of 3 nodes'))
  expect(await screen.findByText('Degraded. One of 3 nodes does not answer.')).toBeVisible()
  act(() => {
    connection.world.cluster.lose(2)
    connection.world.events.tell('status')
  })
  await waitFor(() => expect(screen.getByRole('contentinfo')).toHaveTextContent('1 of 3 nodes, no quorum'))
  expect(await screen.findByText('Quorum: 1 of 3 members, 2 needed.')).toBeVisible()
})

test('a node that is alone offers to invite another', async () => {
  const connection = new AlteredConnection()
  connection.world.cluster.leaveAlone()
  using _app = await renderApp({ connection })
  expect(await screen.findByText('This node is alone')).toBeVisible()
  expect(await screen.findByText('You are hosting alone. Data is on this machine only.')).toBeVisible()
  await waitFor(() => expect(screen.getByRole('contentinfo')).toHaveTextContent('1 of 1 node'))
  await userEvent.click(screen.getByRole('button', { name: 'Invite a machine…' }))
  expect(await screen.findByRole('dialog', { name: 'Invite a machine' })).toBeVisible()
})

test.each(['left-behind', 'left', 'evicted', 'copied'] as const)(
  'a node that takes no part any more (%s) invites nobody, and says so',
  async (why) => {
    const connection = new AlteredConnection()
    using _app = await renderApp({ connection })
    expect(await screen.findByRole('button', { name: 'Invite a machine…' })).toBeVisible()
    act(() => {
      connection.world.cluster.withdraw(why)
      connection.world.events.tell('status')
    })
    expect(await screen.findByText(/^This node takes no part any more, so it invites nobody\./)).toBeVisible()
    expect(screen.queryByText(/^Quorum:/)).toBeNull()
    expect(screen.queryByRole('button', { name: 'Invite a machine…' })).toBeNull()
    expect(screen.getByRole('contentinfo')).toHaveTextContent('takes no part any more')
    await userEvent.keyboard('{Control>}k{/Control}')
    await userEvent.type(await screen.findByRole('combobox'), 'overview')
    expect(await screen.findByRole('option', { name: /Overview/ })).toBeVisible()
    await userEvent.clear(screen.getByRole('combobox'))
    await userEvent.type(screen.getByRole('combobox'), 'invite')
    await waitFor(() => expect(screen.queryByRole('option', { name: /Invite/ })).toBeNull())
  },
)

test('what could not be read is said in the card, and read again on demand', async () => {
  let broken = true
  const connection = new AlteredConnection((router, world) => ({
    ...router,
    cluster: {
      ...router.cluster,
      status: serve.cluster.status.handler(({ errors }) => {
        if (!broken) return world.cluster.status()
        const data = { code: 'internal' as const, message: 'the list is not there', retryable: false, details: {} }
        throw errors.FAILED({ data })
      }),
    },
  }))
  using _app = await renderApp({ connection })
  expect(await screen.findByText('The nodes could not be read')).toBeVisible()
  broken = false
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByRole('table', { name: 'Nodes of the network' })).toBeVisible()
})

test('what is under way and what is not listed is told', async () => {
  const connection = new AlteredConnection()
  const status = connection.world.cluster.status()
  vi.spyOn(connection.world.cluster, 'status').mockReturnValue({ ...status, more: 40, groupsPending: 1200, copiesPending: null })
  using _app = await renderApp({ connection })
  expect(await screen.findByText(/Being arranged anew: 1,200 of the groups\. 40 more nodes are not listed\.$/)).toBeVisible()
})

test('the card shows texts of the catalogue only', async () => {
  using _app = await renderApp({ catalogue: pseudoCatalogue })
  const table = await screen.findByRole('table')
  const card = table.closest('section')
  expect(card).not.toBeNull()
  if (card !== null) expect(untranslated(card)).toEqual([])
})
