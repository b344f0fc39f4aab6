import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, onTestFinished, test } from 'vitest'
import { useDrafts } from '../../../../src/renderer/app/drafts.ts'
import { usePreferences } from '../../../../src/renderer/app/preferences.ts'
import { DemoConnection } from '../../../../src/renderer/demo/demo-connection.ts'
import { demoHello } from '../../../../src/renderer/demo/demo-figures.ts'
import { useTabs } from '../../../../src/renderer/features/keys/tabs-store.ts'
import { renderApp } from '../support/render-app.tsx'

test('the frame shows the network, the pages and how the node is', async () => {
  using _app = await renderApp({ path: '/connect' })
  const nav = await screen.findByRole('navigation', { name: 'Pages' })
  expect(
    within(nav)
      .getAllByRole('link')
      .map((link) => link.textContent),
  ).toEqual(['Overview', 'Keys', 'Activity', 'Connect', 'Settings'])
  expect(screen.getByText('research')).toBeVisible()
  const status = screen.getByRole('contentinfo')
  expect(status).toHaveTextContent('Running')
  await waitFor(() => expect(status).toHaveTextContent(/1,771 keys/))
  expect(status).toHaveTextContent('gRPC 127.0.0.1:7070')
  expect(status).toHaveTextContent('web console · signed in 12 minutes ago')
})

test('keys go to pages, but not while a text is typed', async () => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await userEvent.keyboard('gs')
  await waitFor(() => expect(app.router.state.location.pathname).toBe('/settings'))
  await userEvent.keyboard('{Control>}k{/Control}')
  await userEvent.type(await screen.findByRole('combobox'), 'go')
  await userEvent.keyboard('{Escape}')
  expect(app.router.state.location.pathname).toBe('/settings')
})

test('single keys can be switched off', async () => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  act(() => usePreferences.getState().change({ singleKeys: false }))
  await userEvent.keyboard('?')
  expect(screen.queryByRole('dialog')).toBeNull()
  act(() => usePreferences.getState().change({ singleKeys: true }))
  await userEvent.keyboard('?')
  expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  expect(app.router.state.location.pathname).toBe('/connect')
})

test('the palette finds keys by how they begin and opens one', async () => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await userEvent.click(screen.getByRole('button', { name: /Search keys/ }))
  await userEvent.type(await screen.findByRole('combobox'), 'feature')
  await userEvent.click(await screen.findByRole('option', { name: /feature-flags/ }))
  await waitFor(() => expect(app.router.state.location).toMatchObject({ pathname: '/keys', search: { key: 'feature-flags' } }))
})

test.each([
  ['feature-flags', { key: 'feature-flags' }],
  ['feature-f', { prefix: 'feature-f' }],
])('Enter before the node has answered for %s opens what bears that name', async (text, search) => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await userEvent.keyboard('{Control>}k{/Control}')
  await userEvent.click(await screen.findByRole('combobox'))
  await userEvent.paste(text)
  expect(screen.queryByRole('option', { name: /feature-flags.*key/ })).toBeNull()
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(app.router.state.location).toMatchObject({ pathname: '/keys', search }))
  expect(app.router.state.location.search).toEqual(search)
})

test('the palette runs commands', async () => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await userEvent.keyboard('{Control>}k{/Control}')
  await userEvent.type(await screen.findByRole('combobox'), 'go to act')
  await screen.findByRole('option', { name: /Go to Activity/ })
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(app.router.state.location.pathname).toBe('/activity'))
})

/** What the palette takes a text for, chosen while the focus is on a link of the navigation. */
async function chooseFromNav(typed: string, option: string | RegExp): Promise<void> {
  act(() => screen.getByRole('link', { name: 'Connect' }).focus())
  await userEvent.keyboard('{Control>}k{/Control}')
  await userEvent.type(await screen.findByRole('combobox'), typed)
  await userEvent.click(await screen.findByRole('option', { name: option }))
}

const focusedField = async (name: string): Promise<HTMLElement> => {
  const field = await screen.findByRole('textbox', { name }, { timeout: 5000 })
  await waitFor(() => expect(field).toHaveFocus())
  return field
}

test.each([
  ['Export', 'Export keys…', 'Keys that begin with'],
  ['Import', 'Import keys…', 'Put in front of each name'],
  ['New', /^New key/, 'Key'],
])('the palette leads to %s from a page that has none, with the focus in its first field', async (typed, option, name) => {
  onTestFinished(() => useTabs.setState({ tabs: [], active: undefined }))
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await chooseFromNav(typed, option)
  await focusedField(name)
  expect(app.router.state.location.pathname).toBe('/keys')
  // Also where it is open already.
  await chooseFromNav(typed, option)
  await focusedField(name)
  act(() => useTabs.setState({ tabs: [], active: undefined }))
  await act(() => app.router.navigate({ to: '/connect' }))
  await act(() => app.router.navigate({ to: '/keys' }))
  expect(screen.queryByRole('textbox', { name })).toBeNull()
  await chooseFromNav(typed, option)
  await focusedField(name)
})

test('the palette leads to the keys under a prefix, with the focus in their filter', async () => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await chooseFromNav('orders/', 'Show keys under orders/')
  expect(await focusedField('Beginning of the keys that are listed')).toHaveValue('orders/')
  await chooseFromNav('templates/', 'Show keys under templates/')
  await waitFor(() => expect(app.router.state.location.search).toMatchObject({ prefix: 'templates/' }))
  expect(await focusedField('Beginning of the keys that are listed')).toHaveValue('templates/')
})

test('the palette leads to a page without the focus staying on the link of another one', async () => {
  using app = await renderApp({ path: '/connect' })
  await screen.findByRole('navigation', { name: 'Pages' })
  await chooseFromNav('go to act', /^Go to Activity/)
  await waitFor(() => expect(app.router.state.location.pathname).toBe('/activity'))
  expect(screen.getByRole('main')).toHaveFocus()
})

test.each(['Dark colours', 'Narrow or widen the navigation'])(
  'the palette gives the focus back to the page: %s',
  async (command) => {
    using _app = await renderApp({ path: '/connect' })
    const main = await screen.findByRole('main')
    await screen.findByRole('heading', { level: 1, name: 'Connect' })
    act(() => main.focus())
    await userEvent.keyboard('{Control>}k{/Control}')
    await userEvent.type(await screen.findByRole('combobox'), command)
    await userEvent.click(await screen.findByRole('option', { name: new RegExp(`^${command}`) }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await waitFor(() => expect(main).toHaveFocus())
    act(() => main.blur())
    await userEvent.keyboard('{Control>}k{/Control}')
    await screen.findByRole('combobox')
    await userEvent.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(document.body).toHaveFocus()
  },
)

test('commands of the menu run as keys do', async () => {
  const connection = new DemoConnection()
  using app = await renderApp({ path: '/connect', connection })
  await screen.findByRole('navigation', { name: 'Pages' })
  act(() => connection.command('go.overview'))
  await waitFor(() => expect(app.router.state.location.pathname).toBe('/overview'))
})

test('while the node is away a banner says since when, the content pales, and it is back with the next epoch', async () => {
  const connection = new DemoConnection()
  using _app = await renderApp({ path: '/connect', connection })
  const status = await screen.findByRole('contentinfo')
  await waitFor(() => expect(status).toHaveTextContent(/keys/))
  act(() => connection.lose())
  expect(await screen.findByText(/^Showing data from .*Reconnecting/)).toBeVisible()
  expect(screen.getByText('Next try in 5 s.')).toHaveAttribute('aria-hidden', 'true')
  expect(await screen.findByText('Next try in 4 s.', {}, { timeout: 3000 })).toBeVisible()
  expect(status).toHaveTextContent('Reconnecting')
  expect(document.querySelector('[data-stale]')).not.toBeNull()
  await userEvent.click(screen.getByRole('button', { name: 'Try now' }))
  await waitFor(() => expect(status).toHaveTextContent('Running'))
  expect(status).toHaveTextContent(/keys/)
  expect(connection.snapshot().session?.epoch).toBe(2)
  expect(document.querySelector('[data-stale]')).toBeNull()
})

test('an address that names no page leads to the overview', async () => {
  using app = await renderApp({ path: '/no/such/page' })
  await waitFor(() => expect(app.router.state.location.pathname).toBe('/overview'))
})

test('F6 goes from one part of the window to the next', async () => {
  using _app = await renderApp({ path: '/connect' })
  const nav = await screen.findByRole('navigation', { name: 'Pages' })
  await userEvent.keyboard('{F6}')
  expect(nav).toHaveFocus()
  await userEvent.keyboard('{F6}')
  expect(screen.getByRole('main')).toHaveFocus()
})

test('read-only is said across the window, with the way to end it', async () => {
  const connection = new DemoConnection()
  const { digest } = connection.world.settings.get()
  connection.world.settings.putValues({ readOnly: true }, digest)
  using app = await renderApp({ path: '/connect', connection })
  const banner = (await screen.findByText(/changes to keys by these screens are refused/)).closest('[role="status"]')
  await userEvent.click(await within(banner as HTMLElement).findByRole('link', { name: 'Settings' }))
  await waitFor(() => expect(app.router.state.location.pathname).toBe('/settings'))
})

test.each([
  ['flag', '--read-only'],
  ['environment', 'MEMO_READ_ONLY'],
] as const)('read-only by %s leads to no switch that cannot end it, and says what can', async (source, cause) => {
  using _app = await renderApp({ path: '/connect', connection: readOnlyBy(source) })
  const end = `To allow them, start the node again without ${cause}.`
  const text = await screen.findByText(`Read-only: changes to keys by these screens are refused. ${end}`)
  const banner = text.closest<HTMLElement>('[role="status"]')
  expect(banner).not.toBeNull()
  expect(within(banner ?? document.body).queryByRole('link')).toBeNull()
  const button = await screen.findByRole('button', { name: 'Test connection' })
  await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'))
  expect(
    screen.getByText(`Read-only: changes by these screens are refused. ${end}`, { exact: false, selector: 'p' }),
  ).toBeVisible()
  expect(screen.queryByText(/Settings can end that/)).toBeNull()
})

/** A node whose start said so, which no switch of the page Settings can change. */
function readOnlyBy(source: 'flag' | 'environment'): DemoConnection {
  const connection = new DemoConnection()
  const { settings } = connection.world
  settings.putValues({ readOnly: true }, settings.get().digest)
  const get = settings.get.bind(settings)
  settings.get = () => {
    const { rows, ...rest } = get()
    return { ...rest, rows: rows.map((row) => (row.name === 'readOnly' ? { ...row, source, locked: true } : row)) }
  }
  return connection
}

test('a node that stands still is a state of its own, and back to normal by itself', async () => {
  const connection = new DemoConnection()
  using _app = await renderApp({ path: '/overview', connection })
  const status = await screen.findByRole('contentinfo')
  await waitFor(() => expect(status).toHaveTextContent('Running'))
  expect(await screen.findByText('Healthy', { exact: false })).toBeVisible()
  act(() => connection.update({ link: { state: 'silent', sinceMs: Date.now() } }))
  expect(status).toHaveTextContent('Not responding')
  expect(screen.getByText(/^The node has not answered since .*what is shown is from then/)).toBeVisible()
  expect(document.querySelector('[data-stale]')).not.toBeNull()
  expect(screen.queryByText('Healthy', { exact: false })).toBeNull()
  act(() => connection.update({ link: { state: 'open' } }))
  expect(status).toHaveTextContent('Running')
  expect(document.querySelector('[data-stale]')).toBeNull()
})

test('text of another network is told of with its keys, and can be put out of the way', async () => {
  const other = { text: 'x', base: '1', home: { networkId: 'f'.repeat(64), networkName: 'field' } }
  const own = { networkId: demoHello.networkId, networkName: demoHello.networkName }
  for (const title of ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6', 'a/7']) {
    useDrafts.getState().keep(`${other.home.networkId} key ${title}`, { ...other, title })
  }
  useDrafts.getState().keep('own', { ...other, home: own, title: 'of this node' })
  onTestFinished(() => useDrafts.setState({ drafts: {} }))
  using _app = await renderApp({ path: '/connect' })
  const banner = await screen.findByText(/^This is another node: research \(b1946ac9…6d3e\)/)
  expect(banner).toHaveTextContent('in a/1, a/2, a/3, a/4, a/5 and 2 more belongs to field (ffffffff…ffff)')
  expect(banner).not.toHaveTextContent('of this node')
  await userEvent.click(screen.getByRole('button', { name: 'Hide' }))
  expect(screen.queryByText(/^This is another node/)).toBeNull()
})

test('text of this very network needs no word', async () => {
  const own = { networkId: demoHello.networkId, networkName: demoHello.networkName }
  useDrafts.getState().keep('own', { text: 'x', base: '1', home: own, title: 'a' })
  onTestFinished(() => useDrafts.setState({ drafts: {} }))
  using _app = await renderApp({ path: '/connect' })
  await screen.findByRole('contentinfo')
  expect(screen.queryByText(/another node/)).toBeNull()
})
