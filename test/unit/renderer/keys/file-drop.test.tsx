import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { useTabs } from '../../../../src/renderer/features/keys/tabs-store.ts'
import { leaveNetworks } from '../support/leave-networks.ts'
import { renderApp } from '../support/render-app.tsx'

beforeEach(() => {
  localStorage.clear()
  // Nothing is laid out here; the list needs a height to know which rows are in sight.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(700)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1100)
  Element.prototype.scrollIntoView = () => undefined
})

afterEach(() => act(() => leaveNetworks()))

function filesOf(...names: string[]) {
  const items = names.map((name) => ({
    webkitGetAsEntry: () => ({
      name,
      isFile: true,
      isDirectory: false,
      file: (done: (file: File) => void) => done(new File(['x'], name)),
    }),
  }))
  return { dataTransfer: { types: ['Files'], items } }
}

async function show(connection = new AlteredConnection()) {
  const app = await renderApp({ path: '/keys', connection })
  return { app, folder: await screen.findByRole('treeitem', { name: /^orders\// }) }
}

test('files that are dropped on a folder are looked at below it, and none is written yet', async () => {
  const connection = new AlteredConnection()
  const before = connection.world.keys.count
  const { folder } = await show(connection)
  fireEvent.dragOver(folder, filesOf())
  expect(screen.getByText('Drop the files to import them under orders/')).toBeVisible()
  fireEvent.drop(folder, filesOf('a.txt', 'b.txt'))
  expect(await screen.findByText('orders/a.txt')).toBeVisible()
  expect(screen.queryByText(/^Drop the files to import/)).toBeNull()
  expect(screen.getByRole('textbox', { name: 'Put in front of each name' })).toHaveValue('orders/')
  expect(connection.world.keys.count).toBe(before)
})

test('beside the folders they go to what the list shows', async () => {
  await show()
  fireEvent.drop(screen.getByRole('treeitem', { name: /^schema/ }), filesOf('a.txt'))
  expect(await screen.findByText('a.txt')).toBeVisible()
  expect(screen.getByRole('textbox', { name: 'Put in front of each name' })).toHaveValue('')
})

test('a node that may not be changed takes none and says why', async () => {
  const connection = new AlteredConnection()
  connection.world.settings.putValues({ readOnly: true }, connection.world.settings.get().digest)
  const { folder } = await show(connection)
  fireEvent.drop(folder, filesOf('a.txt'))
  await waitFor(() => expect(screen.getByText('Nothing can be imported now.')).toBeVisible())
  expect(screen.queryByText('orders/a.txt')).toBeNull()
})

test('a text that is dragged is none of its business', async () => {
  const { folder } = await show()
  expect(fireEvent.dragOver(folder, { dataTransfer: { types: ['text/plain'], items: [] } })).toBe(true)
})

test.each([
  ['orders/', 'orders/'],
  ['templates/wel', ''],
  ['ord', ''],
])('the filter %s is the place of an import only where it is a folder', async (prefix, expected) => {
  await renderApp({ path: `/keys?prefix=${encodeURIComponent(prefix)}`, connection: new AlteredConnection() })
  const field = () => screen.findByRole('textbox', { name: 'Put in front of each name' })
  fireEvent.drop(await screen.findByRole('tree'), filesOf('a.txt'))
  expect(await field()).toHaveValue(expected)
  act(() => useTabs.setState({ tabs: [], active: undefined }))
  fireEvent.click(screen.getByRole('button', { name: 'Import' }))
  expect(await field()).toHaveValue(expected)
})
