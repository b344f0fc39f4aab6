import { act, screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { keysBed } from '../support/keys-bed.tsx'

const bed = keysBed()
const { user } = bed
const utf8 = (text: string) => new TextEncoder().encode(text)

/** An edit with a change in it. */
async function editOf(key: string): Promise<void> {
  bed.connection.world.keys.put(key, utf8('{"a":1,"b":1}'), 'application/json')
  await bed.edit(key)
  bed.type('{"a":3,"b":1}')
}

const button = (name: string | RegExp, within_: HTMLElement = document.body) => within(within_).getByRole('button', { name })

async function press(element: HTMLElement): Promise<void> {
  act(() => element.focus())
  await user.keyboard('{Enter}')
}

/** The part of the window that F6 leads to. */
function valuePane(): HTMLElement {
  return screen.getByRole('region', { name: 'Value' }).closest('[data-pane]') as HTMLElement
}

it('gives the focus to the text when a comparison is left that the notice led to', async () => {
  await editOf('compared')
  await bed.write('compared', '{"a":1,"b":2}')
  await press(await screen.findByRole('button', { name: 'Compare' }, { timeout: 3000 }))
  await screen.findByRole('dialog')
  await user.keyboard('{Escape}')
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  await waitFor(() => expect(bed.editor().contentDOM).toHaveFocus())
})

it('gives the focus to the text when the notice goes by which a deleted key was made anew', async () => {
  await editOf('anew')
  act(() => bed.connection.world.keys.delete('anew'))
  await press(await screen.findByRole('button', { name: 'Create anew' }, { timeout: 3000 }))
  await waitFor(() => expect(bed.stored('anew')).toBe('{"a":3,"b":1}'))
  expect(bed.editor().contentDOM).toHaveFocus()
})

it('gives the focus to the pane of the value when an edit ends that was saved', async () => {
  await editOf('saved')
  await press(button('Save & close'))
  expect(await screen.findByRole('button', { name: /^Edit/ })).toBeInTheDocument()
  expect(valuePane()).toHaveFocus()
})

it('gives the focus to the pane of the value when an edit ends without a change', async () => {
  bed.connection.world.keys.put('ended', utf8('{"a":1}'), 'application/json')
  await bed.edit('ended')
  await press(button('End edit'))
  expect(await screen.findByRole('button', { name: /^Edit/ })).toBeInTheDocument()
  expect(valuePane()).toHaveFocus()
})

it('gives the focus to the pane of the value when a change was thrown away', async () => {
  await editOf('discarded')
  await press(button('Discard'))
  await press(button('Discard', await screen.findByRole('dialog')))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  await waitFor(() => expect(valuePane()).toHaveFocus())
})
