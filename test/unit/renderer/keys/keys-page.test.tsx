import { EditorView } from '@codemirror/view'
import { act, screen, waitFor, within } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Job } from '../../../../src/ipc/contract/job-schemas.ts'
import { useDrafts } from '../../../../src/renderer/app/drafts.ts'
import { DemoConnection } from '../../../../src/renderer/demo/demo-connection.ts'
import { demoHello } from '../../../../src/renderer/demo/demo-figures.ts'
import { askDeletion } from '../../../../src/renderer/features/keys/deletion-store.ts'
import { emptyMemory } from '../../../../src/renderer/features/keys/place-memory.ts'
import { useTabs } from '../../../../src/renderer/features/keys/tabs-store.ts'
import { useTransferRuns } from '../../../../src/renderer/features/keys/transfer/transfer-runs.ts'
import { changeMemory } from '../../../../src/renderer/features/keys/use-memory.ts'
import { formatCount } from '../../../../src/renderer/ui/format.ts'
import { leaveNetworks } from '../support/leave-networks.ts'
import { renderApp } from '../support/render-app.tsx'
import { stubLayout } from '../support/stub-layout.ts'

const user = userEvent.setup()
const utf8 = (text: string) => new TextEncoder().encode(text)
let connection: DemoConnection
let height = 700

beforeAll(() => stubLayout({ width: () => 1100, height: () => height }))

beforeEach(() => {
  localStorage.clear()
  connection = new DemoConnection()
})

afterEach(() => {
  height = 700
  act(() => changeMemory(() => emptyMemory))
  connection.stop()
  act(() => {
    leaveNetworks()
    useTransferRuns.setState({ runs: new Map() })
  })
})

const importJob: Job = {
  ...{ id: 'import', kind: 'import', prefix: '', state: 'running', startedMs: 0 },
  ...{ itemsDone: 2, bytesDone: 100, skipped: 0, failed: 0, failures: [] },
}

async function show(path = '/keys') {
  await renderApp({ path, connection })
  await screen.findByRole('tree')
}

const row = (name: RegExp | string) => screen.findByRole('treeitem', { name })
const keys = () => connection.world.keys

function stored(key: string): string | undefined {
  const entry = connection.world.keys.get(key)
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value)
}

function write(key: string, text: string, type = 'application/json') {
  return act(async () => connection.world.keys.put(key, utf8(text), type))
}

/** The one that can be typed in; where a merge is open, its right side. */
function editor(): EditorView {
  const element = [...document.querySelectorAll<HTMLElement>('.cm-editor:has([contenteditable="true"])')].at(-1)
  const view = element === undefined ? null : EditorView.findFromDOM(element)
  if (view === null) throw new Error('there is no editor')
  return view
}

function type(text: string): void {
  act(() => {
    const view = editor()
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
  })
}

async function edit(key: string): Promise<void> {
  await show(`/keys?key=${encodeURIComponent(key)}`)
  await user.click(await screen.findByRole('button', { name: /^Edit/ }))
  await waitFor(() => editor())
}

describe('the list', () => {
  it('lists the top, opens a folder by keyboard and says what is loaded', async () => {
    await show()
    const tree = screen.getByRole('tree')
    expect(await row(/^orders\//)).toHaveAttribute('aria-expanded', 'false')
    tree.focus()
    await user.keyboard('{Home}')
    for (let step = 0; step < 4; step += 1) await user.keyboard('j')
    await user.keyboard('{ArrowRight}')
    const folder = await row(/2026-11/)
    expect(folder).toHaveAttribute('aria-level', '2')
    expect(folder).toHaveAttribute('aria-posinset', '3')
    expect(folder).toHaveAttribute('aria-setsize', '3')
    expect(screen.getByText('loaded 2 keys')).toBeInTheDocument()
    expect(screen.getByText(/^complete but for \d+ closed folders?$/)).toBeInTheDocument()
  })

  it('says that a folder holds more than was loaded, and how to have the rest', async () => {
    await show('/keys?prefix=sessions%2F')
    expect(await screen.findByText('partial: 1 folder holds more')).toBeInTheDocument()
    expect(screen.getByText('loaded 500 keys')).toBeInTheDocument()
  })

  it('loads more of a folder by Enter on its last line, and all by Shift+Enter', async () => {
    for (let index = 0; index < 1700; index += 1)
      connection.world.keys.put(`much/${String(index).padStart(4, '0')}`, utf8('x'), '')
    await show('/keys?prefix=much%2F')
    expect(await screen.findByText('loaded 500 keys')).toBeInTheDocument()
    const tree = screen.getByRole('tree')
    act(() => tree.focus())
    await user.keyboard('{End}{Enter}')
    expect(await screen.findByText('loaded 1,000 keys')).toBeInTheDocument()
    await user.keyboard('{End}{Shift>}{Enter}{/Shift}')
    expect(await screen.findByText('loaded 1,700 keys')).toBeInTheDocument()
  })

  it('says how many keys remain where that is known: in a flat list of all', async () => {
    height = 40_000
    await show()
    act(() => changeMemory((memory) => ({ ...memory, flat: true })))
    const all = await screen.findByRole('button', { name: `Load all ${formatCount(keys().count - 500)}` })
    expect(all).toHaveAttribute('title', expect.stringContaining('Shift+Enter'))
  })

  it('names no number where it is not known', async () => {
    height = 40_000
    await show('/keys?prefix=sessions%2F')
    expect(await screen.findByRole('button', { name: 'Load all' })).toBeInTheDocument()
    expect(screen.getByRole('button', { name: 'Load 500 more' })).toBeInTheDocument()
  })

  it('shows a write of another program within a second, where it belongs', async () => {
    await show('/keys?prefix=templates%2F')
    await row(/^invoice/)
    await write('templates/later.txt', 'x', 'text/plain')
    expect(await screen.findByRole('treeitem', { name: 'later.txt' }, { timeout: 2000 })).toBeInTheDocument()
    act(() => connection.world.keys.delete('templates/later.txt'))
    await waitFor(() => expect(screen.queryByRole('treeitem', { name: 'later.txt' })).toBeNull(), { timeout: 2000 })
  })

  it('finds keys that contain a text, and says how many were looked at', async () => {
    await show()
    await user.click(screen.getByRole('button', { name: /contain a text/ }))
    await user.type(screen.getByRole('textbox', { name: /contain/ }), 'WELCOME{Enter}')
    expect(await screen.findByRole('treeitem', { name: 'templates/welcome.txt' })).toBeInTheDocument()
    expect(await screen.findByText(/complete: looked at/)).toBeInTheDocument()
  })

  it('looks for what was typed when the search is switched on, and moves nothing before', async () => {
    const { router } = await renderApp({ path: '/keys', connection })
    await screen.findByRole('tree')
    await user.type(screen.getByRole('textbox', { name: /Beginning/ }), 'invoice')
    await user.click(screen.getByRole('button', { name: /contain a text/ }))
    await user.type(screen.getByRole('textbox', { name: /contain/ }), '{Enter}')
    expect(await screen.findByRole('treeitem', { name: 'templates/invoice.txt' })).toBeInTheDocument()
    expect(router.state.location.search).toEqual({})
  })

  it('lists what is typed after a pause, as one step back, and goes to the list by the arrow down', async () => {
    const { router } = await renderApp({ path: '/keys', connection })
    await screen.findByRole('tree')
    const filter = screen.getByRole('textbox', { name: /Beginning/ })
    await user.type(filter, 'nosuch/')
    expect(await screen.findByText('No keys start with nosuch/')).toBeInTheDocument()
    expect(screen.getByText('loaded 0 keys')).toBeInTheDocument()
    await user.clear(filter)
    await user.type(filter, 'templates/')
    expect(await screen.findByRole('treeitem', { name: 'welcome.txt' })).toBeInTheDocument()
    expect(filter).toHaveFocus()
    expect(filter).toHaveValue('templates/')
    await user.clear(filter)
    await user.type(filter, 'orders/{ArrowDown}')
    await waitFor(() => expect(screen.getByRole('tree')).toHaveFocus())
    expect(router.state.location.search).toEqual({ prefix: 'orders/' })
    await act(async () => router.history.back())
    await waitFor(() => expect(router.state.location.search).toEqual({}))
    expect(filter).toHaveValue('')
  })

  it('tells an empty prefix from a store without keys', async () => {
    await renderApp({ path: '/keys?prefix=nothing', connection })
    expect(await screen.findByText('No keys start with nothing')).toBeInTheDocument()
    expect(screen.queryByText('No keys yet')).toBeNull()
  })
})

describe('an edit', () => {
  it('saves over the version it is based on and stays', async () => {
    await edit('feature-flags')
    type('{"newCheckout": false}')
    expect(screen.getByText('modified')).toBeInTheDocument()
    expect(useDrafts.getState().drafts[`${demoHello.networkId} key feature-flags`]?.text).toBe('{"newCheckout": false}')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    expect(await screen.findByText('saved')).toBeInTheDocument()
    expect(stored('feature-flags')).toBe('{"newCheckout": false}')
    expect(keys().get('feature-flags')?.metadata.contentType).toBe('application/json')
    expect(screen.getByText('Based on v2')).toBeInTheDocument()
    expect(useDrafts.getState().drafts).toEqual({})
  })

  it('writes a value of one line back on one line', async () => {
    await edit('schema')
    expect(editor().state.doc.toString()).toBe('{\n  "version": 3\n}')
    type('{\n  "version": 4\n}')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    await screen.findByText('saved')
    expect(stored('schema')).toBe('{"version":4}')
  })

  it('asks before it saves what is no JSON', async () => {
    await edit('schema')
    type('{"version": }')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    expect(await screen.findByText(/not valid JSON: line 1, column 13/)).toBeInTheDocument()
    expect(stored('schema')).toBe('{"version":3}')
    await user.click(screen.getByRole('button', { name: 'Save anyway' }))
    await waitFor(() => expect(stored('schema')).toBe('{"version": }'))
  })

  it('joins changes that do not overlap, when another version comes while it is edited', async () => {
    await edit('feature-flags')
    const before = editor().state.doc.toString()
    type(before.replace('true', 'false'))
    await write('feature-flags', before.replace('40', '50'))
    expect(await screen.findByText('Somebody saved version 2 meanwhile', {}, { timeout: 2000 })).toBeInTheDocument()
    expect(await screen.findByText('You changed newCheckout, they changed maxItems: no overlap.')).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Merge, save as 3' }))
    await waitFor(() => expect(stored('feature-flags')).toBe(before.replace('true', 'false').replace('40', '50')))
  })

  it('overwrites nothing silently: a save that comes too late opens both sides', async () => {
    await edit('feature-flags')
    const before = editor().state.doc.toString()
    type(before.replace('40', '1'))
    // The event of this write has not come when the save is sent.
    connection.world.keys.put('feature-flags', utf8(before.replace('40', '2')), 'application/json')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    const dialog = await screen.findByRole('dialog', { name: 'Two versions of feature-flags' })
    expect(within(dialog).getByText('Both changed maxItems.')).toBeInTheDocument()
    expect(stored('feature-flags')).toBe(before.replace('40', '2'))
    await user.click(within(dialog).getByRole('button', { name: 'Overwrite with mine' }))
    await waitFor(() => expect(stored('feature-flags')).toBe(before.replace('40', '1')))
  })

  async function mergeOf(key: string, base: string, theirs: string, mine: string, mime?: string) {
    connection.world.keys.put(key, utf8(base), mime ?? 'application/json')
    await edit(key)
    type(mine)
    connection.world.keys.put(key, utf8(theirs), mime ?? 'application/json')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    const dialog = await screen.findByRole('dialog', { name: `Two versions of ${key}` })
    await user.click(await within(dialog).findByRole('tab', { name: 'Merge' }))
    return dialog
  }

  it('begins a merge with all that fits together, and names what does not', async () => {
    const dialog = await mergeOf('both', '{"a":1,"z":0}', '{"a":7,"z":0,"new":true}', '{"a":5,"z":0}')
    expect(
      within(dialog).getByText('Both changed: a. The right side has yours; look at these before you save.'),
    ).toBeInTheDocument()
    await user.click(within(dialog).getByRole('button', { name: /^Save merged/ }))
    await waitFor(() => expect(JSON.parse(stored('both') ?? '')).toEqual({ a: 5, z: 0, new: true }))
    // On one line, as it was.
    expect(stored('both')).not.toContain('\n')
  })

  it('shows both sides of a merge alike, and the raw ones as they are stored', async () => {
    const base = '{\n  "a": 1,\n  "b": 2\n}\n'
    const dialog = await mergeOf('alike', base, '{"a":1,"b":3}', base.replace('1', '5'))
    const side = (name: RegExp) => EditorView.findFromDOM(within(dialog).getByRole('textbox', { name }))?.state.doc.toString()
    expect(side(/^Theirs/)).toBe('{\n  "a": 1,\n  "b": 3\n}')
    expect(side(/^Merged/)).toBe('{\n  "a": 5,\n  "b": 3\n}\n'.trimEnd())
    await user.click(within(dialog).getByRole('tab', { name: 'Raw' }))
    expect(side(/^Their text/)).toBe('{"a":1,"b":3}')
  })

  it('joins texts by their lines', async () => {
    const dialog = await mergeOf(
      'lines',
      'one\ntwo\nthree\nfour\nfive',
      'one\n2\nthree\nfour\n5',
      'one\nzwei\nthree\nfour\nfive',
      'text/plain',
    )
    expect(within(dialog).getByText(/Both changed the same lines in 1 place/)).toBeInTheDocument()
    await user.click(within(dialog).getByRole('button', { name: /^Save merged/ }))
    await waitFor(() => expect(stored('lines')).toBe('one\nzwei\nthree\nfour\n5'))
  })

  it('says in the dialog why a merge is not saved, and asks before what was typed into it is lost', async () => {
    const dialog = await mergeOf('typed', '{"a":1}', '{"a":2}', '{"a":3}')
    type('{"a": }')
    await user.click(within(dialog).getByRole('button', { name: /^Save merged/ }))
    expect(await within(dialog).findByText(/not valid JSON: line 1, column 7/)).toBeInTheDocument()
    await user.keyboard('{Escape}')
    const question = await screen.findByRole('dialog', { name: 'Leave the merge?' })
    await user.click(within(question).getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(screen.queryByRole('dialog', { name: 'Leave the merge?' })).toBeNull())
    expect(editor().state.doc.toString()).toBe('{"a": }')
    await user.click(within(dialog).getByRole('button', { name: 'Save anyway' }))
    await waitFor(() => expect(stored('typed')).toBe('{"a": }'))
  })

  it('leaves nothing behind of a merge that was left', async () => {
    const dialog = await mergeOf('left', '{"a":1}', '{"a":2}', '{"a":3}')
    type('{"a": }')
    await user.click(within(dialog).getByRole('button', { name: /^Save merged/ }))
    await within(dialog).findByText(/not valid JSON/)
    await user.keyboard('{Escape}')
    await user.click(await screen.findByRole('button', { name: 'Discard the merge' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(editor().state.doc.toString()).toBe('{"a":3}')
    expect(screen.queryByText(/not valid JSON/)).toBeNull()
    expect(stored('left')).toBe('{"a":2}')
  })

  it('takes a third version into a merge, and says so', async () => {
    const dialog = await mergeOf('third', '{"a":1,"b":1,"c":1}', '{"a":2,"b":1,"c":1}', '{"a":3,"b":1,"c":1}')
    type('{"a":4,"b":1,"c":1}')
    connection.world.keys.put('third', utf8('{"a":2,"b":1,"c":9}'), 'application/json')
    await user.click(within(dialog).getByRole('button', { name: /^Save merged/ }))
    expect(await within(dialog).findByText('Version 3 was saved meanwhile: it is what is shown as theirs.')).toBeInTheDocument()
    expect(JSON.parse(editor().state.doc.toString())).toEqual({ a: 4, b: 1, c: 9 })
    await user.click(within(dialog).getByRole('button', { name: 'Save merged (expects 3)' }))
    await waitFor(() => expect(stored('third')).toBe('{"a":4,"b":1,"c":9}'))
  })

  it('says of a key that is gone only what holds, and ends the edit in one place', async () => {
    await edit('schema')
    type('{"version":5}')
    act(() => connection.world.keys.delete('schema'))
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    const dialog = await screen.findByRole('dialog', { name: 'The key is gone' })
    expect(dialog.className).not.toMatch(/wide/)
    await user.click(within(dialog).getByRole('button', { name: 'Back to my text' }))
    expect(await screen.findByText('This key was deleted meanwhile', {}, { timeout: 2000 })).toBeInTheDocument()
    expect(screen.getAllByRole('button', { name: 'Discard' })).toHaveLength(1)
    expect(screen.getByText('deleted · your text began with version 1')).toBeInTheDocument()
    const inspector = screen.getByRole('region', { name: 'About this key' })
    expect(within(inspector).getByText('There is no such key.')).toBeInTheDocument()
    expect(within(inspector).queryByText(/single copy/)).toBeNull()
  })

  it('reads what they saved where it is too large to come along with the refusal', async () => {
    const large = (note: string) => `${note}\n${'a line\n'.repeat(45_000)}`
    connection.world.keys.put('large', utf8('small'), 'text/plain')
    await edit('large')
    type('mine')
    connection.world.keys.put('large', utf8(large('theirs')), 'text/plain')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    const dialog = await screen.findByRole('dialog', { name: 'Two versions of large' })
    expect(await within(dialog).findByRole('tab', { name: 'Merge' })).toBeInTheDocument()
    await user.click(within(dialog).getByRole('button', { name: 'Keep theirs' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(stored('large')).toBe(large('theirs'))
  })

  it('keeps the text of a key that was deleted meanwhile, and makes it anew when told to', async () => {
    await edit('schema')
    type('{"version":5}')
    act(() => connection.world.keys.delete('schema'))
    expect(await screen.findByText('This key was deleted meanwhile', {}, { timeout: 2000 })).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Create anew' }))
    await waitFor(() => expect(stored('schema')).toBe('{"version":5}'))
  })

  it('keeps what was typed when the node goes away and comes back', async () => {
    await edit('schema')
    type('{"version":6}')
    act(() => connection.lose())
    expect(screen.getByRole('button', { name: /^Save$/ })).toHaveAttribute('aria-disabled', 'true')
    await act(async () => connection.retry())
    await waitFor(() => expect(screen.getByRole('button', { name: /^Save$/ })).not.toHaveAttribute('aria-disabled'))
    expect(editor().state.doc.toString()).toBe('{"version":6}')
    await user.click(screen.getByRole('button', { name: /^Save$/ }))
    await waitFor(() => expect(stored('schema')).toBe('{"version":6}'))
  })
})

describe('values', () => {
  it('offers no edit of what is not loaded whole, and reads only a part of it', async () => {
    const value = keys().get('backup/disk-image.bin')?.value
    if (value === undefined) throw new Error('the demo has a large value')
    const read = vi.spyOn(value, 'slice')
    await show('/keys?key=backup%2Fdisk-image.bin')
    expect(await screen.findByText(/only the bytes in sight are read/)).toBeInTheDocument()
    expect(screen.getByRole('button', { name: /^Edit/ })).toHaveAttribute('aria-disabled', 'true')
    await waitFor(() => expect(read).toHaveBeenCalled())
    const lengths = read.mock.calls.map(([from = 0, to = 0]) => to - from)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64 * 1024)
    expect(screen.queryByRole('button', { name: 'Load all of it' })).toBeNull()
  })

  it('shows SVG and HTML as text and draws neither', async () => {
    connection.world.keys.put('page', utf8('<svg onload="x()"><image/></svg>'), 'image/svg+xml')
    await show('/keys?key=page')
    expect(await screen.findByText('SVG is shown as text only and never run.')).toBeInTheDocument()
    expect(document.querySelector('section[aria-label="Value"] img, section[aria-label="Value"] svg image, iframe')).toBeNull()
  })

  it('says where malformed JSON breaks', async () => {
    connection.world.keys.put('broken', utf8('{"a": 1,\n"b" 2}'), 'application/json')
    await show('/keys?key=broken')
    expect(await screen.findByText(/line 2, column 5/)).toBeInTheDocument()
  })
})

describe('new, deleted and imported keys', () => {
  it('makes a key only where there is none', async () => {
    await show()
    await user.click(screen.getByRole('button', { name: /^New key/ }))
    const name = await screen.findByRole('textbox', { name: 'Key' })
    await user.type(name, 'schema')
    type('{}')
    await user.click(screen.getByRole('button', { name: /Create key/ }))
    expect(await screen.findByText(/exists already/)).toBeInTheDocument()
    expect(stored('schema')).toBe('{"version":3}')
    await user.type(name, '-2')
    await user.click(screen.getByRole('button', { name: /Create key/ }))
    await waitFor(() => expect(stored('schema-2')).toBe('{}'))
    expect(useTabs.getState().active).toBe('key schema-2')
  })

  it('makes a text of what is no JSON, when told that it is none', async () => {
    await show()
    await user.click(screen.getByRole('button', { name: /^New key/ }))
    await user.type(await screen.findByRole('textbox', { name: 'Key' }), 'greeting')
    type('hello')
    await user.keyboard('{Control>}s{/Control}')
    expect(await screen.findByText(/not valid JSON/)).toBeInTheDocument()
    expect(stored('greeting')).toBeUndefined()
    await user.click(screen.getByRole('button', { name: 'It is plain text' }))
    expect(screen.queryByText(/not valid JSON/)).toBeNull()
    await user.click(screen.getByRole('button', { name: /Create key/ }))
    await waitFor(() => expect(stored('greeting')).toBe('hello'))
    expect(keys().get('greeting')?.metadata.contentType).toBe('text/plain; charset=utf-8')
  })

  it('offers export and both deletions by name', async () => {
    await show('/keys?key=schema&prefix=templates/')
    const run = async (text: string, option: RegExp): Promise<void> => {
      await user.keyboard('{Control>}k{/Control}')
      await user.type(await screen.findByRole('combobox', { name: /./ }), text)
      await user.click(await screen.findByRole('option', { name: option }))
    }
    await run('delete every', /Delete everything in the folder/)
    const dialog = await screen.findByRole('dialog', { name: 'Delete all keys under templates/?' })
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }))
    await screen.findByRole('button', { name: /^Edit/ })
    await run('delete the open', /Delete the open key/)
    await waitFor(() => expect(stored('schema')).toBeUndefined())
    await run('export', /^Export keys…/)
    expect(await screen.findByRole('textbox', { name: 'Keys that begin with' })).toHaveValue('templates/')
  })

  it('shows a key that was made in the list, in its folder', async () => {
    await show()
    await user.click(screen.getByRole('button', { name: /^New key/ }))
    await user.type(await screen.findByRole('textbox', { name: 'Key' }), 'aa-new/deep/one')
    type('{}')
    await user.click(screen.getByRole('button', { name: /Create key/ }))
    const made = await screen.findByRole('treeitem', { name: 'one' }, { timeout: 4000 })
    expect(made).toHaveAttribute('aria-level', '3')
    expect(made).toHaveAttribute('aria-selected', 'true')
    await waitFor(() => expect(screen.getByRole('tree')).toHaveAttribute('aria-activedescendant', made.id))
  })

  it('deletes a key without a question and brings it back', async () => {
    await show('/keys?key=schema')
    await user.click(await screen.findByRole('button', { name: 'Delete key' }))
    await waitFor(() => expect(stored('schema')).toBeUndefined())
    await waitFor(() => expect(screen.getByRole('tree')).toHaveFocus())
    await user.click(await screen.findByRole('button', { name: 'Undo' }))
    await waitFor(() => expect(stored('schema')).toBe('{"version":3}'))
    expect(keys().get('schema')?.metadata.contentType).toBe('application/json')
  })

  it('brings a key back by Ctrl+Z while the notice is open, unless a text that was typed is undone by it', async () => {
    await show('/keys?key=schema')
    await user.click(await screen.findByRole('button', { name: 'Delete key' }))
    await screen.findByRole('button', { name: 'Undo' })
    const filter = screen.getByRole('textbox', { name: /Beginning/ })
    await user.type(filter, 'te')
    await user.keyboard('{Control>}z{/Control}')
    expect(stored('schema')).toBeUndefined()
    act(() => screen.getByRole('tree').focus())
    await user.keyboard('{Control>}z{/Control}')
    await waitFor(() => expect(stored('schema')).toBe('{"version":3}'))
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull())
  })

  it('does not bring back over what somebody made meanwhile', async () => {
    await show('/keys?key=schema')
    await user.click(await screen.findByRole('button', { name: 'Delete key' }))
    await waitFor(() => expect(stored('schema')).toBeUndefined())
    await write('schema', 'theirs')
    await user.click(await screen.findByRole('button', { name: 'Undo' }))
    expect(await screen.findByText(/made this key anew/)).toBeInTheDocument()
    expect(stored('schema')).toBe('theirs')
  })

  it('deletes a prefix only after it was typed', async () => {
    await show()
    const tree = screen.getByRole('tree')
    tree.focus()
    await user.keyboard('{End}{Delete}')
    const dialog = await screen.findByRole('dialog', { name: 'Delete all keys under templates/?' })
    expect(await within(dialog).findByText('4 keys will be deleted. This cannot be taken back.')).toBeVisible()
    const button = () => within(dialog).getByRole('button', { name: 'Delete all of them' })
    await user.click(button())
    expect(keys().under('templates/')).toHaveLength(4)
    await user.type(within(dialog).getByRole('textbox'), 'templates/')
    await user.click(button())
    await waitFor(() => expect(keys().under('templates/')).toEqual([]))
  })

  it('counts what a prefix holds, up to a limit', async () => {
    for (let at = 0; at < 700; at += 1) keys().put(`zz/${at}`, utf8('x'), '')
    for (let at = 0; at < 10_001; at += 1) keys().put(`zzz/${at}`, utf8('x'), '')
    await show()
    const told = async (name: string, text: string): Promise<void> => {
      act(() => askDeletion({ kind: 'prefix', prefix: name }))
      const dialog = await screen.findByRole('dialog', { name: `Delete all keys under ${name}?` })
      expect(await within(dialog).findByText(text, {}, { timeout: 5000 })).toBeVisible()
      expect(within(dialog).getAllByRole('listitem')).toHaveLength(5)
      act(() => askDeletion(undefined))
    }
    await told('zz/', '700 keys will be deleted. This cannot be taken back.')
    await told('zzz/', 'More than 10,000 keys will be deleted. This cannot be taken back.')
  })

  it('previews files, then imports them under a prefix and leaves what exists', async () => {
    await show()
    await user.click(screen.getByRole('button', { name: 'Import' }))
    await user.type(await screen.findByRole('textbox', { name: /in front/ }), 'templates/')
    const files = [new File(['new'], 'notice.txt'), new File(['other'], 'welcome.txt'), new File([''], 'empty')]
    await user.upload(screen.getByLabelText('Choose files…', { selector: 'input' }), files)
    expect(await screen.findByText('3 files, 8 B')).toBeInTheDocument()
    expect(await screen.findByText(/1 of them exists/)).toBeInTheDocument()
    const welcome = stored('templates/welcome.txt')
    await user.click(screen.getByRole('button', { name: 'Import 3 files' }))
    expect(await screen.findByText('Done', { selector: 'span' })).toBeInTheDocument()
    expect(stored('templates/notice.txt')).toBe('new')
    expect(stored('templates/empty')).toBe('')
    expect(stored('templates/welcome.txt')).toBe(welcome)
  })

  const choose = async (name: string, text: string): Promise<void> => {
    await show()
    await user.click(screen.getByRole('button', { name: 'Import' }))
    await user.upload(await screen.findByLabelText('Choose files…', { selector: 'input' }), new File([text], name))
  }

  it('says at which line an import would end, why, and what would be stored', async () => {
    await choose('keys.ndjson', '{"key":"schema","value":""}\n{"key":3,"value":""}\n{"key":"c","value":""}\n')
    expect(await screen.findByText(/The import will end at line 2: its key is no text\. Only the 1 key before it/)).toBeVisible()
    expect(screen.getByText('{"key":3,"value":""}')).toBeVisible()
    expect(screen.queryByText('c')).toBeNull()
    expect(screen.getByRole('button', { name: 'Import what is before line 2' })).not.toHaveAttribute('aria-disabled')
  })

  it('imports nothing where the first line is none', async () => {
    await choose('keys.ndjson', '{"key":"a"}\n{"key":"c","value":""}\n')
    expect(await screen.findByText(/line 1: it has no value\. Nothing stands before it/)).toBeVisible()
    expect(screen.getByRole('button', { name: 'Import what is before line 1' })).toHaveAttribute('aria-disabled', 'true')
  })

  it('offers no import of a file that holds nothing', async () => {
    await choose('keys.ndjson', '\n')
    expect(await screen.findByText('There is nothing in this file.')).toBeVisible()
    expect(screen.queryByRole('button', { name: /^Import (its|what)/ })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Replace' })).toBeNull()
    expect(screen.getByRole('button', { name: 'Choose again' })).toBeVisible()
  })

  it('says what is stored of an import that ended early', async () => {
    await show()
    await user.click(screen.getByRole('button', { name: 'Import' }))
    const job = { ...importJob, error: 'line 3 is no line of an export', state: 'failed' as const }
    act(() => useTransferRuns.setState({ runs: new Map([['import', { job, state: 'failed' as const }]]) }))
    expect(await screen.findByText(/^What came before that is stored/)).toBeInTheDocument()
    expect(screen.getByText('Line 3 is no line of an export.')).toBeInTheDocument()
  })

  it('takes no change while the screens are read-only, and says why', async () => {
    connection.world.settings.putValues({ readOnly: true }, connection.world.settings.get().digest)
    await show('/keys?key=schema')
    const button = await screen.findByRole('button', { name: /^Edit/ })
    await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'))
    expect(screen.getByRole('button', { name: /^New key/ })).toHaveAttribute('aria-disabled', 'true')
    expect(screen.getByRole('button', { name: 'Delete key' })).toHaveAttribute('aria-disabled', 'true')
  })
})
