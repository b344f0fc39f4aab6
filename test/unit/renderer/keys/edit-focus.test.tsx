import { act, screen, waitFor } from '@testing-library/react'
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

async function press(element: HTMLElement): Promise<void> {
  act(() => element.focus())
  await user.keyboard('{Enter}')
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
