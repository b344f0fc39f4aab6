import { act, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { openKey } from '../../../../src/renderer/features/keys/tabs-store.ts'
import { keysBed } from '../support/keys-bed.tsx'

const bed = keysBed()
const { user } = bed
const filter = () => screen.getByRole('textbox', { name: /Beginning of the keys/ })
const searchOn = () => user.click(screen.getByRole('button', { name: /contain a text/, pressed: false }))
const searchField = () => screen.findByRole('textbox', { name: /that the keys contain/ })

describe('the search for a text', () => {
  it('looks everywhere when the filter was cleared just before', async () => {
    await bed.show('/keys?prefix=nope%2F')
    await screen.findByText('No keys start with nope/')
    await user.clear(filter())
    await searchOn()
    await user.type(await searchField(), 'welcome{Enter}')
    expect(await screen.findByRole('treeitem', { name: 'templates/welcome.txt' })).toBeInTheDocument()
  })

  it('looks everywhere for what was typed in place of the filter, and below what was left of it', async () => {
    await bed.show('/keys?prefix=nope%2F')
    await screen.findByText('No keys start with nope/')
    await user.clear(filter())
    await user.type(filter(), 'welcome')
    await searchOn()
    expect(await searchField()).toHaveValue('welcome')
    expect(await screen.findByRole('treeitem', { name: 'templates/welcome.txt' })).toBeInTheDocument()
  })

  it('looks everywhere for a beginning that no key has', async () => {
    await bed.show('/keys?prefix=welcome')
    await screen.findByText('No keys start with welcome')
    await user.click(screen.getByText('Search for keys that contain a text'))
    expect(await screen.findByRole('treeitem', { name: 'templates/welcome.txt' })).toBeInTheDocument()
    expect(await searchField()).toHaveFocus()
    expect(await searchField()).toHaveValue('welcome')
  })

  it('follows the folder that is chosen above it, and keeps its text', async () => {
    await bed.show('/keys?prefix=orders%2F')
    await screen.findByRole('tree')
    await searchOn()
    await user.type(await searchField(), 'welcome{Enter}')
    expect(await screen.findByText('No keys contain “welcome”')).toBeInTheDocument()
    await user.click(within(screen.getByRole('navigation', { name: 'Folders' })).getByRole('button', { name: 'All keys' }))
    expect(await screen.findByRole('treeitem', { name: 'templates/welcome.txt' })).toBeInTheDocument()
    expect(await searchField()).toHaveValue('welcome')
  })
})

describe('a key without a last part', () => {
  it('has a name in the list, and is no folder where it is found', async () => {
    await bed.write('odd/', 'x')
    await bed.write('odd/a', 'x')
    await bed.show('/keys?prefix=odd%2F')
    expect(await screen.findByRole('treeitem', { name: '(empty name)' })).toHaveTextContent('(empty name)')
  })
})

describe('tabs', () => {
  const tabs = () =>
    within(screen.getByRole('navigation', { name: 'Open keys' }))
      .getAllByRole('button')
      .filter((button) => button.textContent !== '')
      .map((button) => button.textContent)

  it('show as much of a key as tells it from the others', async () => {
    await bed.show()
    await screen.findByRole('tree')
    act(() => {
      for (const key of ['html/x', 'alone', 'svg/x', 'a/b/y', 'a/c/y', 'd/c/y']) openKey(key)
    })
    await waitFor(() => expect(tabs()).toEqual(['html/x', 'alone', 'svg/x', 'b/y', 'a/c/y', 'd/c/y']))
  })

  it('tell keys apart whose difference would be cut off', async () => {
    await bed.show()
    await screen.findByRole('tree')
    const long = (middle: string) => `${'a'.repeat(30)}${middle}${'z'.repeat(30)}`
    act(() => {
      for (const middle of ['1', '2']) openKey(long(middle))
    })
    await waitFor(() => expect(tabs()).toEqual([long('1'), long('2')]))
  })
})

describe('after the deletion of the last key', () => {
  const keys = () => bed.connection.world.keys

  it('the focus is on the button that makes one', async () => {
    for (const key of keys().under('')) if (key !== 'schema') keys().delete(key)
    await bed.show('/keys?key=schema')
    await user.click(await screen.findByRole('button', { name: 'Delete key' }))
    const title = await screen.findByRole('heading', { name: 'No keys yet' }, { timeout: 3000 })
    const pane = title.closest('section')
    if (pane === null) throw new Error('there is no pane')
    await waitFor(() => expect(within(pane).getByRole('button', { name: 'New key' })).toHaveFocus())
  })

  it('below a filter, the focus is on the button there', async () => {
    await bed.write('only/one', 'x')
    await bed.show('/keys?prefix=only%2F&key=only%2Fone')
    await user.click(await screen.findByRole('button', { name: 'Delete key' }))
    await screen.findByText('No keys start with only/', {}, { timeout: 3000 })
    await waitFor(() => expect(screen.getByText('Search for keys that contain a text')).toHaveFocus())
  })

  it('a store that was empty from the start takes no focus', async () => {
    for (const key of keys().under('')) keys().delete(key)
    await bed.show()
    await screen.findByRole('heading', { name: 'No keys yet' })
    for (const button of screen.getAllByRole('button', { name: 'New key' })) expect(button).not.toHaveFocus()
  })
})

describe('the inspector', () => {
  it('says of a key in a network that it has copies, and of one at a node alone that it has none', async () => {
    await bed.show('/keys?key=schema')
    const inspector = screen.getByRole('region', { name: 'About this key' })
    expect(await within(inspector).findByText(/^The network keeps up to 3 copies, each on another node/)).toBeVisible()
    expect(within(inspector).queryByText(/single copy/)).toBeNull()
    act(() => {
      bed.connection.world.cluster.leaveAlone()
      bed.connection.world.events.tell('status')
    })
    expect(await within(inspector).findByText(/^There is a single copy\./)).toBeVisible()
    expect(within(inspector).queryByText(/The network keeps/)).toBeNull()
  })

  it('says why the versions of a key need not begin at 1', async () => {
    await bed.show('/keys?key=schema')
    const inspector = screen.getByRole('region', { name: 'About this key' })
    const hint = await within(inspector).findByRole('button', { name: /^Each change gives a key a version/ })
    expect(hint).toHaveAccessibleName(/first one is above 1/)
  })
})

describe('an offset', () => {
  it('that the value does not have says why it leads nowhere', async () => {
    await bed.write('bytes', Uint8Array.of(0, 1, 2, 0xff), '')
    await bed.show('/keys?key=bytes')
    const field = await screen.findByRole('textbox', { name: 'Offset' })
    expect(screen.queryByText(/Type an offset/)).toBeNull()
    await user.type(field, '-5 xyz')
    expect(await screen.findByText('Type an offset from 0 to 3, decimal or with 0x.')).toBeInTheDocument()
    expect(field).toBeInvalid()
    await user.clear(field)
    await user.type(field, '3')
    expect(screen.queryByText(/Type an offset/)).toBeNull()
  })
})

describe('the preview of an import', () => {
  async function choose(name: string, text: string): Promise<void> {
    await bed.show()
    await user.click(screen.getByRole('button', { name: 'Import' }))
    await user.upload(await screen.findByLabelText('Choose files…', { selector: 'input' }), new File([text], name))
  }
  const start = (line: number) => screen.getByRole('button', { name: `Import what is before line ${line}` })

  it('counts only what stands before the first line that is none', async () => {
    await choose('keys.ndjson', ['{"key":"schema","value":"eA=="}', '{"key":"b","value":"***"}', 'oops'].join('\n'))
    expect(await screen.findByText('The first key · exists')).toBeInTheDocument()
    expect(screen.getByText(/end at line 2: its value is not base64\. Only the 1 key before it/)).toBeInTheDocument()
    expect(screen.queryByText('oops')).toBeNull()
    expect(start(2)).not.toHaveAttribute('aria-disabled')
  })

  it('speaks of one key as of one', async () => {
    await choose('keys.ndjson', '{"key":"of nobody","value":"eA=="}')
    expect(await screen.findByText('The first key · new')).toBeInTheDocument()
  })

  const lines = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `{"key":"n${at + from}","value":"eA=="}`)

  it('looks behind the keys that it shows, as far as the text was read', async () => {
    await choose('keys.ndjson', [...lines(59), 'oops', ...lines(40)].join('\n'))
    expect(await screen.findByText(/end at line 60: it is not JSON\. Only the 59 keys before it/)).toBeInTheDocument()
    expect(screen.getByText(/^The first 50 keys/)).toBeInTheDocument()
    expect(start(60)).toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Choose again' }))
    const files = await screen.findByLabelText('Choose files…', { selector: 'input' })
    await user.upload(files, new File([lines(100).join('\n')], 'keys.ndjson'))
    expect(await screen.findByText('All lines were checked: 100 keys can be stored.')).toBeInTheDocument()
    await user.upload(files, new File([lines(20_000).join('\n')], 'keys.ndjson'))
    expect(await screen.findByText(/^Checked up to line [\d,]{5,6}\. The import checks what follows/)).toBeInTheDocument()
  })

  it('counts no large value that a line breaks off', async () => {
    const parts = ['{"key":"big","part":1,"size":8,"value":"eHh4"}', '{"key":"other","value":"eA=="}']
    await choose('keys.ndjson', ['{"key":"a","value":"eA=="}', ...parts].join('\n'))
    expect(await screen.findByText(/end at line 3: a part of a large value is missing\. Only the 1 key/)).toBeInTheDocument()
    expect(screen.queryByText('big')).toBeNull()
  })

  it('reads a file that begins with a byte order mark', async () => {
    await choose('keys.ndjson', `\uFEFF${lines(1).join('')}`)
    expect(await screen.findByText('All lines were checked: 1 key can be stored.')).toBeInTheDocument()
  })

  it('counts what is left out behind the keys that it shows, and cuts a key that fills the page', async () => {
    const long = `{"key":"${'k'.repeat(5000)}","value":"eA=="}`
    await choose('keys.ndjson', [long, ...lines(60), long].join('\n'))
    expect(await screen.findByText('2 will be left out', { exact: false })).toBeInTheDocument()
    const cell = screen.getByTitle('k'.repeat(5000))
    expect(cell.textContent?.length).toBeLessThan(250)
  })

  it('offers no import of what has no line, and says why', async () => {
    await choose('keys.ndjson', 'oops')
    expect(await screen.findByText(/end at line 1: it is not JSON\. Nothing stands before it/)).toBeInTheDocument()
    expect(start(1)).toHaveAccessibleDescription('There is nothing to import.')
  })
})

describe('a narrow page', () => {
  it('hears of writes of others while it shows no list', async () => {
    bed.width = 500
    await bed.show('/keys?key=schema')
    expect(await screen.findByText(/version 1 ·/)).toBeInTheDocument()
    expect(screen.queryByRole('tree')).toBeNull()
    // What a list asked for in its first moment has ended by then.
    await act(() => new Promise((resolve) => setTimeout(resolve, 700)))
    await bed.write('schema', '{"version":4}')
    expect(await screen.findByText(/version 2 ·/, {}, { timeout: 3000 })).toBeInTheDocument()
  })
})
