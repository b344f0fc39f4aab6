import { implement } from '@orpc/server'
import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

const serve = implement(nodeContract)

async function openFromPalette() {
  await screen.findByRole('navigation', { name: 'Pages' })
  await userEvent.keyboard('{Control>}k{/Control}')
  await userEvent.type(await screen.findByRole('combobox'), 'invite')
  await userEvent.click(await screen.findByRole('option', { name: /Invite a machine/ }))
  return within(await screen.findByRole('dialog', { name: 'Invite a machine' }))
}

/** Every invite that is asked for, and its link. */
function recording() {
  const asked: { uses: number; validityMs: number }[] = []
  const connection = new AlteredConnection((router) => ({
    ...router,
    cluster: {
      ...router.cluster,
      invite: serve.cluster.invite.handler(({ input }) => {
        asked.push(input)
        return { link: `memo://join/secret-${asked.length}`, expiresMs: Date.UTC(2031, 0, 2, 12) }
      }),
    },
  }))
  return { asked, connection }
}

test('the palette leads to it on every page; the link can be copied and is gone with the dialog', async () => {
  const { asked, connection } = recording()
  using _app = await renderApp({ path: '/connect', connection })
  const dialog = await openFromPalette()
  const uses = await dialog.findByRole('textbox', { name: 'How many machines may join by it' })
  await userEvent.clear(uses)
  await userEvent.type(uses, '2')
  await userEvent.click(dialog.getByRole('button', { name: 'Make a link' }))
  expect(await dialog.findByRole('textbox', { name: 'Link' })).toHaveValue('memo://join/secret-1')
  expect(asked).toEqual([{ uses: 2, validityMs: 86_400_000 }])
  expect(dialog.getByText(/^It lets 2 machines join until Jan 2, 2031.*shown once\.$/)).toBeVisible()
  expect(dialog.getByText(/^memo cluster join memo:\/\/join\/secret-1 --data /)).toBeVisible()
  await userEvent.click(dialog.getByRole('button', { name: 'Copy the link' }))
  expect(await navigator.clipboard.readText()).toBe('memo://join/secret-1')
  await userEvent.keyboard('{Escape}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  const again = await openFromPalette()
  expect(await again.findByRole('button', { name: 'Make a link' })).toBeVisible()
  expect(document.body).not.toHaveTextContent('secret-1')
})

test('a number that no invite has is refused before it is sent', async () => {
  const { asked, connection } = recording()
  using _app = await renderApp({ path: '/connect', connection })
  const dialog = await openFromPalette()
  const uses = await dialog.findByRole('textbox', { name: 'How many machines may join by it' })
  await userEvent.clear(uses)
  await userEvent.tab()
  expect(await dialog.findByText('A number from 1 to 1,024.')).toBeVisible()
  expect(dialog.getByRole('button', { name: 'Make a link' })).toHaveAttribute('aria-disabled', 'true')
  await userEvent.click(dialog.getByRole('button', { name: 'Make a link' }))
  expect(asked).toEqual([])
})

test('a node that listens for no others says what it needs', async () => {
  const connection = new AlteredConnection()
  connection.world.cluster.leaveAlone()
  using app = await renderApp({ path: '/connect', connection })
  const dialog = await openFromPalette()
  expect(await dialog.findByText('No other machine can reach this node yet')).toBeVisible()
  await userEvent.click(dialog.getByRole('button', { name: 'Open settings' }))
  await waitFor(() => expect(app.router.state.location).toMatchObject({ pathname: '/settings', search: { find: 'listen' } }))
  expect(screen.queryByRole('dialog')).toBeNull()
})

test('a node that reaches no majority says so in the dialog, and can be asked again', async () => {
  let quorate = false
  const connection = new AlteredConnection((router, world) => ({
    ...router,
    cluster: {
      ...router.cluster,
      invite: serve.cluster.invite.handler(({ input, errors }) => {
        if (quorate) return world.cluster.invite(input.validityMs)
        const data = { code: 'unavailable' as const, message: 'no majority of the network answers', retryable: true, details: {} }
        throw errors.FAILED({ data })
      }),
    },
  }))
  using _app = await renderApp({ path: '/connect', connection })
  const dialog = await openFromPalette()
  await userEvent.click(await dialog.findByRole('button', { name: 'Make a link' }))
  expect(await dialog.findByText('The link was not made')).toBeVisible()
  expect(dialog.getByText('No majority of the network answers')).toBeVisible()
  quorate = true
  await userEvent.click(dialog.getByRole('button', { name: 'Make a link' }))
  expect(await dialog.findByDisplayValue(/^memo:\/\/join\//)).toBeVisible()
})

test('screens that are read-only make no link, and say why', async () => {
  const connection = new AlteredConnection()
  connection.world.settings.putValues({ readOnly: true }, connection.world.settings.get().digest)
  using _app = await renderApp({ path: '/connect', connection })
  const dialog = await openFromPalette()
  const make = await dialog.findByRole('button', { name: 'Make a link' })
  expect(make).toHaveAttribute('aria-description', expect.stringContaining('Read-only'))
})

test('a node that leaves its network while the dialog is open makes no link, and says why', async () => {
  const connection = new AlteredConnection()
  using _app = await renderApp({ path: '/connect', connection })
  const dialog = await openFromPalette()
  const make = await dialog.findByRole('button', { name: 'Make a link' })
  act(() => {
    connection.world.cluster.withdraw('copied')
    connection.world.events.tell('status')
  })
  await waitFor(() => expect(make).toHaveAttribute('aria-description', expect.stringContaining('takes no part')))
})

test('the dialog shows texts of the catalogue only', async () => {
  using _app = await renderApp({ path: '/overview', catalogue: pseudoCatalogue })
  const table = await screen.findByRole('table')
  const invite = table.closest('section')?.querySelector('button')
  expect(invite).toBeTruthy()
  if (invite) await userEvent.click(invite)
  const dialog = await screen.findByRole('dialog')
  await waitFor(() => expect(dialog.querySelector('form')).not.toBeNull())
  expect(untranslated(dialog)).toEqual([])
})
