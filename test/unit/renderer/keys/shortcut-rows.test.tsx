import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { openKey, useTabs } from '../../../../src/renderer/features/keys/tabs-store.ts'
import { keysOf, shortcutNames, shortcuts } from '../../../../src/renderer/shortcuts/registry.ts'
import { ShortcutHub } from '../../../../src/renderer/shortcuts/shortcut-hub.ts'
import { leaveNetworks } from '../support/leave-networks.ts'
import { renderApp } from '../support/render-app.tsx'
import { stubLayout } from '../support/stub-layout.ts'

const opened = Array.from({ length: 9 }, (_, index) => `many/${index}`)

beforeEach(() => {
  localStorage.clear()
  stubLayout({ width: () => 1100, height: () => 700 })
})

afterEach(() => act(() => leaveNetworks()))

async function show(path = '/keys?key=schema') {
  const connection = new AlteredConnection()
  const app = await renderApp({ path, connection })
  await screen.findByRole('button', { name: /^Edit/ })
  return app
}

test('every row that is listed is handled somewhere', async () => {
  const handled = new Set<string>()
  const handle = ShortcutHub.prototype.handle
  vi.spyOn(ShortcutHub.prototype, 'handle').mockImplementation(function (this: ShortcutHub, name, handler) {
    handled.add(name)
    return handle.call(this, name, handler)
  })
  using _app = await show('/keys?key=schema&prefix=s')
  act(() => opened.forEach(openKey))
  act(() => useTabs.setState({ active: 'key schema' }))
  await userEvent.click(await screen.findByRole('button', { name: /^Edit/ }))
  await waitFor(() => expect(document.querySelector('.cm-editor [contenteditable="true"]')).not.toBeNull())
  // What was deleted can be taken back while its notice is there.
  await userEvent.click(screen.getByRole('button', { name: 'End edit' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Delete key' }))
  await screen.findByRole('button', { name: 'Undo' })
  expect(shortcutNames.filter((name) => shortcuts[name].group !== 'lists' && !handled.has(name))).toEqual([])
})

function pressOf(keys: string) {
  return { key: keys.replace('shift+', ''), shiftKey: keys.includes('shift+') }
}

test('every row of the group of lists does something in a list', async () => {
  using _app = await show()
  const tree = await screen.findByRole('tree')
  await screen.findByRole('treeitem', { name: /schema/ })
  fireEvent.keyDown(tree, { key: 'End' })
  const names = shortcutNames.filter((name) => shortcuts[name].group === 'lists')
  expect(names.length).toBeGreaterThan(3)
  // An event whose default is prevented gives false.
  expect(names.filter((name) => fireEvent.keyDown(tree, pressOf(keysOf(name) ?? '')))).toEqual([])
})

test('tabs are gone to by keys and by the palette, which offers only those that are there', async () => {
  using _app = await show()
  act(() => openKey('many/0'))
  fireEvent.keyDown(window, { key: '1', code: 'Digit1', ctrlKey: true })
  expect(useTabs.getState().active).toBe('key schema')
  fireEvent.keyDown(window, { key: 'k', code: 'KeyK', ctrlKey: true })
  await userEvent.type(await screen.findByRole('combobox', { name: /./ }), 'open tab')
  expect(await screen.findByText('Go to open tab 2')).toBeVisible()
  expect(screen.queryByText('Go to open tab 3')).toBeNull()
  await userEvent.click(screen.getByText('Go to open tab 2'))
  await waitFor(() => expect(useTabs.getState().active).toBe('key many/0'))
})
