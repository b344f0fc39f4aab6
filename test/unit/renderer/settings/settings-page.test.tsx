import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it } from 'vitest'
import type { SettingRow, Settings } from '../../../../src/ipc/contract/setting-schemas.ts'
import { useDrafts } from '../../../../src/renderer/app/drafts.ts'
import { usePreferences } from '../../../../src/renderer/app/preferences.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { demoHello } from '../../../../src/renderer/demo/demo-figures.ts'
import { settingsDraftName } from '../../../../src/renderer/features/settings/use-settings-draft.ts'
import { pseudoCatalogue, untranslated } from '../support/pseudo-texts.ts'
import { renderApp } from '../support/render-app.tsx'

afterEach(() => {
  useDrafts.setState({ drafts: {} })
  usePreferences.getState().change({ theme: 'system', density: 'compact', singleKeys: true })
  localStorage.clear()
})

const { networkId, networkName, nodeId } = demoHello

/** In the editor of the file. */
function typed(text: string): void {
  const draft = { text, base: '1', home: { networkId, networkName }, title: 'Settings' }
  useDrafts.getState().keep(settingsDraftName(nodeId, 'file'), draft)
}

function lineOf(name: string): HTMLElement {
  const line = screen.getByText(name, { selector: 'code' }).closest('[class^="_line_"]')
  return line as HTMLElement
}

async function openSettings(connection = new AlteredConnection(), find?: string) {
  const app = await renderApp({ path: find === undefined ? '/settings' : `/settings?find=${find}`, connection })
  await screen.findByRole('heading', { name: 'Settings' })
  return { app, connection, [Symbol.dispose]: () => app[Symbol.dispose]() }
}

describe('settings of the screens', () => {
  it('take effect at once', async () => {
    using _page = await openSettings()
    await userEvent.click(await screen.findByRole('button', { name: 'Dark' }))
    await userEvent.click(screen.getByRole('button', { name: 'Comfortable' }))
    await userEvent.click(screen.getByRole('switch', { name: 'Shortcuts of a single key' }))
    expect(usePreferences.getState()).toMatchObject({ theme: 'dark', density: 'comfortable', singleKeys: false })
  })
})

describe('settings of the node', () => {
  it('say where each value comes from, and why one cannot be changed', async () => {
    using _page = await openSettings()
    const data = within(await screen.findByText('data', { selector: 'code' }).then(() => lineOf('data')))
    expect(data.getByText('from the command line')).toBeVisible()
    expect(data.getByText('A flag on the command line decides; the file is not asked.')).toBeVisible()
    expect(data.getByRole('textbox')).toBeDisabled()
    const limit = within(lineOf('storageLimit'))
    expect(limit.getByText('from the file')).toBeVisible()
    expect(limit.getByText('default: none')).toBeVisible()
    expect(within(lineOf('grpc')).getByText('needs a restart')).toBeVisible()
  })

  it('are staged, then applied together, and wait for a restart where they need one', async () => {
    using page = await openSettings()
    const field = await screen.findByRole('textbox', { name: 'Address (grpc)' })
    await userEvent.clear(field)
    await userEvent.type(field, '127.0.0.1:9000')
    expect(within(lineOf('grpc')).getByText('changed, not applied')).toBeVisible()
    expect(page.connection.world.settings.get().digest).toBe('1')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    expect(await screen.findByText(/^One setting takes effect at the next start of the node: Address \(grpc\)\./)).toBeVisible()
    expect(screen.getByText(/Ctrl-C, or its service manager.* sign in again then, by a link/)).toBeVisible()
    expect(within(lineOf('grpc')).getByText('in force after a restart')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Apply' })).toBeNull()
  })

  it('are thrown away by Reset', async () => {
    using page = await openSettings()
    await userEvent.type(await screen.findByRole('textbox', { name: 'Address (grpc)' }), '1')
    await userEvent.click(screen.getByRole('button', { name: 'Reset' }))
    expect(screen.getByRole('textbox', { name: 'Address (grpc)' })).toHaveValue('127.0.0.1:7070')
    expect(page.connection.world.settings.get().digest).toBe('1')
  })

  it('name the value that is not accepted at its row, and save nothing', async () => {
    using page = await openSettings()
    const field = await screen.findByRole('textbox', { name: /storageLimit/ })
    await userEvent.clear(field)
    await userEvent.type(field, 'much')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    expect(await within(lineOf('storageLimit')).findByText('storageLimit: must be a size such as 100GB')).toBeVisible()
    expect(
      screen.getByText('Nothing was saved: one value is not accepted. storageLimit: must be a size such as 100GB'),
    ).toBeVisible()
    expect(page.connection.world.settings.get().digest).toBe('1')
    await userEvent.type(field, '1')
    expect(screen.queryByText(/must be a size such as 100GB/)).toBeNull()
  })

  it('never overwrite unseen what somebody else saved meanwhile', async () => {
    using page = await openSettings()
    const field = await screen.findByRole('textbox', { name: /storageLimit/ })
    await userEvent.clear(field)
    await userEvent.type(field, '50GB')
    // Without an event, as when it is only just on its way.
    page.connection.world.settings.putValues({ storageLimit: '80GB' }, '1')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    expect(await screen.findByText(/^Nothing was saved: somebody else changed the file meanwhile/)).toBeVisible()
    expect(await within(lineOf('storageLimit')).findByText(/Changed meanwhile to: 80GB/)).toBeVisible()
    expect(field).toHaveValue('50GB')
    await userEvent.click(screen.getByRole('button', { name: 'Keep that' }))
    expect(field).toHaveValue('80GB')
  })

  it('keep what was typed when the page is left', async () => {
    using page = await openSettings()
    const field = await screen.findByRole('textbox', { name: /storageLimit/ })
    await userEvent.clear(field)
    await userEvent.type(field, '50GB')
    await act(() => page.app.router.navigate({ to: '/overview' }))
    await act(() => page.app.router.navigate({ to: '/settings' }))
    expect(await screen.findByRole('textbox', { name: /storageLimit/ })).toHaveValue('50GB')
  })

  it('switch to read-only at once', async () => {
    using page = await openSettings()
    await userEvent.click(await screen.findByRole('switch', { name: 'Read-only' }))
    await waitFor(() => expect(page.connection.world.settings.readOnly).toBe(true))
    await waitFor(() => expect(screen.getByRole('switch', { name: 'Read-only' })).toBeChecked())
  })

  it('say why the read-only switch cannot be moved where a flag decides', async () => {
    const connection = new AlteredConnection()
    const { settings } = connection.world
    const get = settings.get.bind(settings)
    settings.get = () => {
      const { rows, ...rest } = get()
      const locked = { value: true, source: 'flag', locked: true } as const
      return { ...rest, rows: rows.map((row) => (row.name === 'readOnly' ? { ...row, ...locked } : row)) }
    }
    using _page = await openSettings(connection)
    await screen.findByText('readOnly', { selector: 'code' })
    const line = within(lineOf('readOnly'))
    expect(line.getByText('--read-only', { selector: 'code' })).toBeVisible()
    expect(line.getByText('from the command line')).toBeVisible()
    expect(line.getByText('default: off')).toBeVisible()
    expect(line.getByText('A flag on the command line decides; the file is not asked.')).toBeVisible()
  })

  it('names the file that is used where none is set', async () => {
    const connection = new AlteredConnection()
    const { settings } = connection.world
    const get = settings.get.bind(settings)
    settings.get = () => {
      const { rows, ...rest } = get()
      const token = rows.map((row) =>
        row.name === 'data' ? { ...row, name: 'grpcTokenFile', value: null, default: null, locked: false } : row,
      )
      return { ...rest, rows: token }
    }
    using _page = await openSettings(connection)
    await screen.findByText('grpcTokenFile', { selector: 'code' })
    const field = within(lineOf('grpcTokenFile')).getByRole('textbox')
    expect(field).toHaveValue('')
    expect(field).toHaveAttribute('placeholder', 'grpc-token in the data folder')
  })

  it('can be edited as the file, with the same checks', async () => {
    using page = await openSettings()
    const editor = await screen.findByRole('textbox', { name: 'Settings as JSON' })
    expect(editor.textContent).toContain('"storageLimit": "100GB"')
    act(() => typed('{ "storageLimit": '))
    await userEvent.click(await screen.findByRole('button', { name: 'Save the file' }))
    expect(await screen.findByText(/JSON/, { selector: '[role="alert"] li' })).toBeVisible()
    expect(page.connection.world.settings.get().digest).toBe('1')
    act(() => typed('{ "storageLimit": "7GB" }'))
    await userEvent.click(screen.getByRole('button', { name: 'Save the file' }))
    await waitFor(() => expect(page.connection.world.settings.get().text).toBe('{ "storageLimit": "7GB" }'))
    expect(await screen.findByText('As it is on the disk')).toBeVisible()
  })

  it('ask which text is to stay when the file changed under the editor', async () => {
    using page = await openSettings()
    await screen.findByRole('textbox', { name: 'Settings as JSON' })
    act(() => typed('{}'))
    act(() => {
      page.connection.world.settings.putText('{ "storageLimit": "1GB" }', '1')
      page.connection.world.events.tell('settings')
    })
    expect(await screen.findByText(/^The file was changed meanwhile\. Choose first/)).toBeVisible()
    const save = screen.getByRole('button', { name: 'Save the file' })
    expect(save).toHaveAttribute('aria-disabled', 'true')
    expect(save).toHaveAccessibleDescription('Choose first which text is to stay, above the editor')
    await userEvent.click(screen.getByRole('button', { name: 'Keep mine' }))
    await userEvent.click(screen.getByRole('button', { name: 'Save the file' }))
    await waitFor(() => expect(page.connection.world.settings.get().text).toBe('{}'))
  })
})

/** Somebody has written into the file past the node, up to the first change that is saved. */
function changedByHand(rowName: string, change: Partial<SettingRow>, problems: Settings['problems'] = []): AlteredConnection {
  const connection = new AlteredConnection()
  const { settings } = connection.world
  const get = settings.get.bind(settings)
  settings.get = () => {
    const now = get()
    if (now.digest !== '1') return now
    return { ...now, problems, rows: now.rows.map((row) => (row.name === rowName ? { ...row, ...change } : row)) }
  }
  return connection
}

describe('a file that was changed by hand', () => {
  const byHand = { source: 'file', pending: true } as const

  it('does not move the read-only switch, which shows what is in force, and is applied by one click', async () => {
    using page = await openSettings(changedByHand('readOnly', { ...byHand, value: true, inForce: false }))
    expect(await screen.findByRole('switch', { name: 'Read-only' })).not.toBeChecked()
    expect(within(lineOf('readOnly')).getByText(/^Changed in the file by hand to: on\. .*, off is in force\./)).toBeVisible()
    expect(screen.queryByText(/at the next start of the node/)).toBeNull()
    await userEvent.click(screen.getByRole('button', { name: 'Apply what the file says' }))
    await waitFor(() => expect(page.connection.world.settings.readOnly).toBe(true))
    await waitFor(() => expect(screen.getByRole('switch', { name: 'Read-only' })).toBeChecked())
    expect(screen.queryByText(/^Changed in the file by hand/)).toBeNull()
  })

  it('leaves a live setting as it is in force until it is taken over and applied', async () => {
    using page = await openSettings(changedByHand('logLevel', { ...byHand, value: 'warn', inForce: 'info' }))
    await screen.findByText('logLevel', { selector: 'code' })
    const line = within(lineOf('logLevel'))
    expect(line.getByText('info')).toBeVisible()
    expect(line.queryByText('in force after a restart')).toBeNull()
    await userEvent.click(line.getByRole('button', { name: 'Take it over' }))
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    await waitFor(() => expect(page.connection.world.settings.get().digest).toBe('2'))
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Apply' })).toBeNull())
    expect(page.connection.world.settings.get().rows.find(({ name }) => name === 'logLevel')?.inForce).toBe('warn')
  })

  it('says so when another change puts it in force', async () => {
    const connection = new AlteredConnection()
    const { settings } = connection.world
    const putValues = settings.putValues.bind(settings)
    settings.putValues = (values, expected) => {
      const result = putValues({ ...values, readOnly: true }, expected)
      return result.kind === 'saved' ? { ...result, alsoApplied: ['readOnly'] } : result
    }
    using _page = await openSettings(connection)
    await userEvent.type(await screen.findByRole('textbox', { name: 'Address (grpc)' }), '1')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    const told = 'In force at once, as the file says: Read-only: on. At the next start: Address (grpc).'
    expect(await screen.findByText(told)).toBeVisible()
  })

  it('is named as what is wrong where the next start would refuse it', async () => {
    const problem = { name: 'capacity', message: '"capacity" in /data/memo.json: "banana" is not a size' }
    const connection = changedByHand('grpc', {}, [problem])
    connection.world.settings.putValues = () => ({
      kind: 'invalid',
      problems: [{ ...problem, message: '"banana" is not a size' }],
    })
    using _page = await openSettings(connection)
    const warning = await screen.findByText(
      /^The node would not start again with its file as it is\. "capacity" in .*"banana" is not a size/,
    )
    expect(warning.closest('[role="alert"]')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Show the file' })).toBeVisible()
    await userEvent.type(screen.getByRole('textbox', { name: 'Address (grpc)' }), '1')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    expect(
      await screen.findByText(/^Nothing was saved: not what you changed is wrong, the file is\. "capacity" in/),
    ).toBeVisible()
    expect(screen.queryByText(/one value is not accepted/)).toBeNull()
    await userEvent.click(screen.getByRole('switch', { name: 'Read-only' }))
    expect(await screen.findByText(/^The switch was not changed. "capacity" in \/data\/memo\.json/)).toBeVisible()
  })

  it('is read again when the window gets the focus and when the page is opened, and drafts stay', async () => {
    using page = await openSettings()
    const { settings } = page.connection.world
    const editor = await screen.findByRole('textbox', { name: 'Settings as JSON' })
    const field = screen.getByRole('textbox', { name: 'Address (grpc)' })
    await userEvent.type(field, '1')
    settings.putText('{ "storageLimit": "1GB" }', '1')
    fireEvent.focus(window)
    await waitFor(() => expect(editor.textContent).toContain('"1GB"'))
    expect(field).toHaveValue('127.0.0.1:70701')
    await act(() => page.app.router.navigate({ to: '/overview' }))
    settings.putText('{ "storageLimit": "2GB" }', '2')
    await act(() => page.app.router.navigate({ to: '/settings' }))
    await waitFor(() => expect(screen.getByRole('textbox', { name: 'Settings as JSON' }).textContent).toContain('"2GB"'))
    expect(screen.getByRole('textbox', { name: 'Address (grpc)' })).toHaveValue('127.0.0.1:70701')
  })
})

describe('the search', () => {
  it('leaves the rows that it finds', async () => {
    using _page = await openSettings()
    await userEvent.type(await screen.findByRole('textbox', { name: 'Find a setting' }), 'log level')
    await waitFor(() => expect(screen.queryByText('grpc', { selector: 'code' })).toBeNull())
    expect(screen.getByText('logLevel', { selector: 'code' })).toBeVisible()
    expect(screen.queryByRole('heading', { name: 'Privacy' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Show all settings' })).toBeNull()
  })

  it('says so where it finds nothing', async () => {
    using _page = await openSettings(undefined, 'zebra')
    expect(await screen.findByText('No setting has “zebra” in its name or help')).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Show all settings' }))
    expect(await screen.findByRole('heading', { name: 'General' })).toBeVisible()
  })
})

it('settings have texts of the catalogue only', async () => {
  using _app = await renderApp({ path: '/settings', catalogue: pseudoCatalogue })
  await screen.findByText('grpc', { selector: 'code' })
  // The node's own names and values are data, here in labels that are only read out.
  const data = /\(\w+\)$|^storageLimit$|^info$|^\/home\//
  const found = untranslated(document.querySelector('main') as HTMLElement)
  expect(found.filter((text) => !data.test(text))).toEqual([])
})
