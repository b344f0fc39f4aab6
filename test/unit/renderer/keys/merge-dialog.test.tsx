import { EditorView } from '@codemirror/view'
import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { keysBed } from '../support/keys-bed.tsx'

const bed = keysBed()
const { user } = bed
const utf8 = (text: string) => new TextEncoder().encode(text)

/** Without its event, which comes later than what a person does next. */
const writeUnseen = (key: string, text: string) => bed.connection.world.keys.put(key, utf8(text), 'application/json')

async function conflictOf(key: string, base: string, theirs: string, mine: string, mime = 'application/json') {
  bed.connection.world.keys.put(key, utf8(base), mime)
  await bed.edit(key)
  bed.type(mine)
  bed.connection.world.keys.put(key, utf8(theirs), mime)
  await user.click(screen.getByRole('button', { name: /^Save$/ }))
  const dialog = await screen.findByRole('dialog', { name: `Two versions of ${key}` })
  const side = (name: RegExp) => EditorView.findFromDOM(within(dialog).getByRole('textbox', { name }))?.state.doc.toString()
  return { dialog, side }
}

const newer = 'Version 3 was saved meanwhile: it is what is shown as theirs.'

describe('an open comparison of two versions', () => {
  it('shows under the name of a newer version its text, on every tab', async () => {
    const { dialog, side } = await conflictOf('shown', '{"a":1,"b":1}', '{"a":1,"b":2}', '{"a":3,"b":1}')
    await waitFor(() => expect(JSON.parse(side(/^Theirs, version 2/) ?? '')).toEqual({ a: 1, b: 2 }))
    writeUnseen('shown', '{"a":9,"b":2}')
    await user.click(within(dialog).getByRole('button', { name: 'Overwrite with mine' }))
    expect(await within(dialog).findByText(newer)).toBeInTheDocument()
    expect(JSON.parse(side(/^Theirs, version 3/) ?? '')).toEqual({ a: 9, b: 2 })
    await user.click(within(dialog).getByRole('tab', { name: 'Raw' }))
    expect(side(/^Their text/)).toBe('{"a":9,"b":2}')
    expect(bed.stored('shown')).toBe('{"a":9,"b":2}')
  })

  it('takes a version in that comes while it is open, and says so', async () => {
    const { dialog, side } = await conflictOf('joins', '{"a":1,"b":1}', '{"a":1,"b":2}', '{"a":3,"b":1}')
    await bed.write('joins', '{"a":1,"b":5}')
    expect(await within(dialog).findByText(newer, {}, { timeout: 3000 })).toBeInTheDocument()
    expect(JSON.parse(side(/^Theirs, version 3/) ?? '')).toEqual({ a: 1, b: 5 })
    await user.click(within(dialog).getByRole('button', { name: 'Overwrite with mine' }))
    await waitFor(() => expect(bed.stored('joins')).toBe('{"a":3,"b":1}'))
  })

  it('keeps what was typed into a merge, and the place of the cursor, when a version comes', async () => {
    const { dialog } = await conflictOf('typing', '{"a":1,"b":1,"c":1}', '{"a":1,"b":2,"c":1}', '{"a":3,"b":1,"c":1}')
    await user.click(within(dialog).getByRole('tab', { name: 'Merge' }))
    bed.type('{"a":4,"b":2,"c":1}')
    const view = bed.editor()
    act(() => view.dispatch({ selection: { anchor: 6 } }))
    await bed.write('typing', '{"a":1,"b":2,"c":7}')
    expect(await within(dialog).findByText(newer, {}, { timeout: 3000 })).toBeInTheDocument()
    await waitFor(() => expect(JSON.parse(bed.editor().state.doc.toString())).toEqual({ a: 4, b: 2, c: 7 }))
    expect(bed.editor()).toBe(view)
    expect(view.state.selection.main.anchor).toBeGreaterThan(0)
    expect(view.state.selection.main.anchor).toBeLessThan(view.state.doc.length)
    await user.keyboard('{Escape}')
    await user.click(
      within(await screen.findByRole('dialog', { name: 'Leave the merge?' })).getByRole('button', { name: 'Cancel' }),
    )
    await user.click(within(dialog).getByRole('button', { name: 'Save merged (expects 3)' }))
    await waitFor(() => expect(JSON.parse(bed.stored('typing') ?? '')).toEqual({ a: 4, b: 2, c: 7 }))
  })

  it('goes on to name what both changed when another version comes before anything was merged', async () => {
    const { dialog } = await conflictOf('named', '{"a":1,"b":1}', '{"a":2,"b":1}', '{"a":3,"b":1}')
    await user.click(within(dialog).getByRole('tab', { name: 'Merge' }))
    await bed.write('named', '{"a":2,"b":8}')
    await within(dialog).findByText(newer, {}, { timeout: 3000 })
    expect(within(dialog).getByText(/^Both changed: a\. The right side has yours/)).toBeInTheDocument()
    expect(JSON.parse(bed.editor().state.doc.toString())).toEqual({ a: 3, b: 8 })
  })

  it('drops my text for no version that was not shown', async () => {
    const { dialog, side } = await conflictOf('unseen', '{"a":1}', '{"a":2}', '{"a":3}')
    writeUnseen('unseen', '{"a":9}')
    await user.click(within(dialog).getByRole('button', { name: 'Keep theirs' }))
    expect(await within(dialog).findByText(newer)).toBeInTheDocument()
    expect(JSON.parse(side(/^Theirs, version 3/) ?? '')).toEqual({ a: 9 })
    await user.click(within(dialog).getByRole('button', { name: 'Keep theirs' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(await screen.findByRole('button', { name: /^Edit/ })).toBeInTheDocument()
    expect(bed.stored('unseen')).toBe('{"a":9}')
  })

  it('says at once that the key is gone, and keeps the text', async () => {
    await conflictOf('goes', '{"a":1}', '{"a":2}', '{"a":3}')
    act(() => bed.connection.world.keys.delete('goes'))
    const gone = await screen.findByRole('dialog', { name: 'The key is gone' }, { timeout: 3000 })
    await user.click(within(gone).getByRole('button', { name: 'Create anew' }))
    await waitFor(() => expect(JSON.parse(bed.stored('goes') ?? '')).toEqual({ a: 3 }))
  })

  it('keeps what was joined with a version that came after the typing when the key goes then', async () => {
    const lines = (...changed: readonly string[]) => [1, 2, 3, 4, 5].map((n) => changed[n - 1] || `line${n}`).join('\n')
    const { dialog } = await conflictOf('joined', lines(), lines('', '', '', '', '5 theirs'), lines('1 mine'), 'text/plain')
    await user.click(within(dialog).getByRole('tab', { name: 'Merge' }))
    bed.type(lines('1 typed', '', '', '', '5 theirs'))
    await bed.write('joined', lines('', '', '3 theirs', '', '5 theirs'), 'text/plain')
    expect(await within(dialog).findByText(newer, {}, { timeout: 3000 })).toBeInTheDocument()
    const shown = lines('1 typed', '', '3 theirs', '', '5 theirs')
    await waitFor(() => expect(bed.editor().state.doc.toString()).toBe(shown))
    act(() => bed.connection.world.keys.delete('joined'))
    const gone = await screen.findByRole('dialog', { name: 'The key is gone' }, { timeout: 3000 })
    await user.click(within(gone).getByRole('button', { name: 'Create anew' }))
    await waitFor(() => expect(bed.stored('joined')).toBe(shown))
  })
})

describe('a version with the same value as the one before', () => {
  const told = 'They saved the same value again; only its version is another.'

  it.each([
    ['application/json', '{"a":1}', '{"a":2}'],
    ['text/plain', 'one', 'two'],
  ])('is told as that, and yours is saved over it: %s', async (mime, base, mine) => {
    bed.connection.world.keys.put('again', utf8(base), mime)
    await bed.edit('again')
    bed.type(mine)
    await bed.write('again', base, mime)
    await screen.findByText('Somebody saved version 2 meanwhile', {}, { timeout: 3000 })
    expect(await screen.findByText(told)).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Overwrite with mine' }))
    await waitFor(() => expect(bed.stored('again')).toBe(mine))
  })

  it('shows in the comparison what is mine, and no text beside itself', async () => {
    const { dialog, side } = await conflictOf('same', '{"a":1,"b":1}', '{"a":1,"b":1}', '{"a":3,"b":1}')
    expect(within(dialog).getByText(told)).toBeInTheDocument()
    expect(within(dialog).queryByText(/No overlap|They changed/)).toBeNull()
    expect(within(dialog).queryByRole('button', { name: 'Theirs against the base' })).toBeNull()
    await waitFor(() => expect(JSON.parse(side(/^Theirs, version 2/) ?? '')).toEqual({ a: 1, b: 1 }))
    expect(JSON.parse(side(/^Yours/) ?? '')).toEqual({ a: 3, b: 1 })
    await user.click(within(dialog).getByRole('tab', { name: 'Merge' }))
    expect(within(dialog).getByText(told)).toBeInTheDocument()
    expect(JSON.parse(bed.editor().state.doc.toString())).toEqual({ a: 3, b: 1 })
    await bed.write('same', '{"a":1,"b":2}')
    expect(await within(dialog).findByText(newer, {}, { timeout: 3000 })).toBeInTheDocument()
    await user.click(within(dialog).getByRole('tab', { name: 'What changed' }))
    expect(await within(dialog).findByText('They changed b')).toBeInTheDocument()
  })

  it('is told apart from one that is written in another way', async () => {
    const { dialog } = await conflictOf('written', '{"a":1,"b":1}', '{"b":1,"a":1}', '{"a":3,"b":1}')
    expect(within(dialog).queryByText(told)).toBeNull()
    expect(within(dialog).getByText('They changed only how it is written')).toBeInTheDocument()
  })
})

describe('the notice of a version of a text', () => {
  const [base, theirs] = ['one\ntwo\nthree\nfour', 'one\ntwo\nthree\n4']

  async function noticeOf(mine: string): Promise<void> {
    bed.connection.world.keys.put('text', utf8(base), 'text/plain')
    await bed.edit('text')
    bed.type(mine)
    await bed.write('text', theirs, 'text/plain')
    await screen.findByText('Somebody saved version 2 meanwhile', {}, { timeout: 3000 })
  }

  it('says that the changes stand in other lines, and will be joined', async () => {
    await noticeOf('1\ntwo\nthree\nfour')
    expect(
      await screen.findByText('You and they changed different lines. Compare joins them; look them over, then save.'),
    ).toBeInTheDocument()
  })

  it('says how many places both changed', async () => {
    await noticeOf('one\ntwo\nthree\nvier')
    expect(await screen.findByText('Both changed the same lines in 1 place.')).toBeInTheDocument()
  })
})
