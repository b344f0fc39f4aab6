import { EditorView } from '@codemirror/view'
import { implement } from '@orpc/server'
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import type { SettingRow, Settings } from '../../../../src/ipc/contract/setting-schemas.ts'
import { useDrafts } from '../../../../src/renderer/app/drafts.ts'
import { AlteredConnection } from '../../../../src/renderer/demo/altered-connection.ts'
import { demoHello } from '../../../../src/renderer/demo/demo-figures.ts'
import { settingsDraftName } from '../../../../src/renderer/features/settings/use-settings-draft.ts'
import { renderApp } from '../support/render-app.tsx'

afterEach(() => {
  useDrafts.setState({ drafts: {} })
  localStorage.clear()
})

const serve = implement(nodeContract)
const { networkId, networkName, nodeId } = demoHello

/** What the node answers beside what the demo does; a reason: the file cannot be read. */
interface Disk {
  unreadable?: string | undefined
  change?: Partial<Settings>
  rows?: Readonly<Record<string, Partial<SettingRow>>>
}

async function openSettings(disk: Disk) {
  const connection = new AlteredConnection((router, world) => ({
    ...router,
    settings: {
      ...router.settings,
      get: serve.settings.get.handler(({ errors }) => {
        const message = disk.unreadable
        if (message !== undefined)
          throw errors.FAILED({ data: { code: 'limit-exceeded', message, retryable: false, details: {} } })
        return world.settings.get()
      }),
      put: serve.settings.put.handler(({ input, errors }) => {
        const message = disk.unreadable
        if (message !== undefined)
          throw errors.FAILED({ data: { code: 'config-invalid', message, retryable: false, details: {} } })
        return input.kind === 'text'
          ? world.settings.putText(input.text, input.expect)
          : world.settings.putValues(input.values, input.expect)
      }),
    },
  }))
  const { settings } = connection.world
  const get = settings.get.bind(settings)
  settings.get = () => {
    const now = get()
    return { ...now, rows: now.rows.map((row) => ({ ...row, ...disk.rows?.[row.name] })), ...disk.change }
  }
  const app = await renderApp({ path: '/settings', connection })
  await screen.findByRole('textbox', { name: 'Settings as JSON' })
  return { settings, [Symbol.dispose]: () => app[Symbol.dispose]() }
}

/** In the editor of the file. */
function typedJson(text: string): void {
  const home = { networkId, networkName }
  act(() => {
    useDrafts.getState().keep(settingsDraftName(nodeId, 'file'), { text, base: '1', home, title: 'Settings' })
  })
}

const readAgain = () => fireEvent.focus(window)
const waits = { source: 'file', pending: true } as const

describe('a file that can no longer be read', () => {
  it('is said with its reason, and nothing is claimed of the disk until it can', async () => {
    const problem = { name: 'capacity', message: '"capacity" in /data/memo.json: "banana" is not a size' }
    const disk: Disk = { change: { problems: [problem] } }
    using _page = await openSettings(disk)
    expect(screen.getByText('As it is on the disk')).toBeVisible()
    expect(screen.getByText(/^The node would not start again/)).toBeVisible()
    disk.unreadable = '/data/memo.json has more than 65536 characters, edit it outside'
    readAgain()
    const warning = await screen.findByText(
      /could not be read again\. \/data\/memo\.json has more than 65536 characters, edit it outside\. What is shown/,
    )
    expect(warning.closest('[role="alert"]')).toBeVisible()
    expect(screen.queryByText('As it is on the disk')).toBeNull()
    expect(screen.queryByText(/^The node would not start again/)).toBeNull()
    disk.unreadable = undefined
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
    await waitFor(() => expect(screen.queryByText(/could not be read again/)).toBeNull())
    expect(screen.getByText('As it is on the disk')).toBeVisible()
  })
})

describe('why nothing was saved', () => {
  const folder = '/data/memo.json cannot be read: it is a folder'
  const told = () => screen.queryAllByText((text) => text.includes(folder) && !text.includes('read again'))
  const tryAll = async () => {
    await userEvent.type(screen.getByRole('textbox', { name: 'Address (grpc)' }), '1')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    await userEvent.click(screen.getByRole('switch', { name: 'Read-only' }))
    typedJson('{ "storageLimit": "7GB" }')
    await userEvent.click(screen.getByRole('button', { name: 'Save the file' }))
  }

  it('is said no more once the file that could not be read can be, as it was before', async () => {
    const disk: Disk = {}
    using _page = await openSettings(disk)
    disk.unreadable = folder
    await tryAll()
    await waitFor(() => expect(told()).toHaveLength(3))
    expect(await screen.findByText(/^The file of the settings could not be read again/)).toBeVisible()
    expect(told(), 'it stays while the file does').toHaveLength(3)
    disk.unreadable = undefined
    readAgain()
    await waitFor(() => expect(screen.queryByText(/could not be read again/)).toBeNull())
    expect(told()).toEqual([])
    expect(screen.queryByText(/^Nothing was saved/)).toBeNull()
    disk.unreadable = folder
    readAgain()
    expect(await screen.findByText(/^The file of the settings could not be read again/)).toBeVisible()
    expect(told(), 'it does not come back').toEqual([])
  })

  it.each([{ digest: 'mended' }, {}])(
    'is said no more once the file is another one, or what it names is there',
    async (mended) => {
      const problem = { name: 'keyFile', message: '--key-file: /none is not there' }
      const disk: Disk = {}
      using page = await openSettings(disk)
      page.settings.putValues = page.settings.putText = () => {
        disk.change = { problems: [problem] }
        return { kind: 'invalid', problems: [problem] }
      }
      await tryAll()
      expect(await screen.findByText(/^Nothing was saved: not what you changed is wrong, the file is\. Key file/)).toBeVisible()
      expect(await screen.findByText(/^The switch was not changed/)).toBeVisible()
      expect(screen.getByText(/^Key file: /)).toBeVisible()
      disk.change = mended
      readAgain()
      await waitFor(() => expect(screen.queryByText(/^The node would not start again/)).toBeNull())
      expect(screen.queryByText(/^(Nothing was saved|The switch was not changed|Key file: )/)).toBeNull()
    },
  )
})

describe('the read-only switch', () => {
  it('says no more why it was not moved once the file is another one', async () => {
    const disk: Disk = {}
    using page = await openSettings(disk)
    page.settings.putValues = () => ({ kind: 'invalid', problems: [{ name: '', message: '/data/memo.json is not JSON' }] })
    await userEvent.click(screen.getByRole('switch', { name: 'Read-only' }))
    expect(await screen.findByText('The switch was not changed. /data/memo.json is not JSON.')).toBeVisible()
    disk.change = { digest: 'mended' }
    readAgain()
    await waitFor(() => expect(screen.queryByText(/^The switch was not changed/)).toBeNull())
  })
})

describe('what a saved change brings', () => {
  it('names what waits for the next start, of several the first three', async () => {
    const disk: Disk = {}
    using page = await openSettings(disk)
    const { putValues } = page.settings
    const saved = (restartNeeded: string[]) => {
      page.settings.putValues = (values, expected) => ({
        ...(putValues.call(page.settings, values, expected) as Extract<ReturnType<typeof putValues>, { kind: 'saved' }>),
        restartNeeded,
      })
    }
    const apply = async () => {
      await userEvent.type(screen.getByRole('textbox', { name: 'Address (grpc)' }), '1')
      await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    }
    saved(['capacity'])
    await apply()
    expect(await screen.findByText('At the next start: Capacity.')).toBeVisible()
    saved(['capacity', 'keyFile', 'grpc', 'grpcTls', 'listen'])
    await apply()
    expect(await screen.findByText('At the next start: Capacity, Key file, Address (grpc) and 2 more.')).toBeVisible()
  })

  it('is said beside the buttons that put in force what stands in the file', async () => {
    const text = '{ "readOnly": true, "logLevel": "warn" }'
    const rows = { readOnly: { ...waits, value: true }, logLevel: { ...waits, value: 'warn' } }
    using _page = await openSettings({ rows, change: { text } })
    await userEvent.type(screen.getByRole('textbox', { name: 'Address (grpc)' }), '1')
    const bar = screen.getByRole('button', { name: 'Apply' }).parentElement as HTMLElement
    const also = 'also comes into force: Log level: warn, Read-only: on'
    expect(within(bar).getByText(`1 change is not applied · ${also}`)).toBeVisible()
    await userEvent.click(screen.getByRole('button', { name: 'Take it over' }))
    expect(within(bar).getByText('2 changes are not applied · also comes into force: Read-only: on')).toBeVisible()
    typedJson(`${text} `)
    expect(screen.getByText(`Changed, not saved · ${also}`)).toBeVisible()
    typedJson('{ "readOnly": false, "logLevel": "warn" }')
    expect(screen.getByText('Changed, not saved · also comes into force: Log level: warn')).toBeVisible()
    typedJson('{ "readOnly": ')
    expect(screen.getByText('Changed, not saved')).toBeVisible()
  })
})

describe('what is said of the file', () => {
  it('invites to no start that would refuse it', async () => {
    const disk: Disk = { rows: { grpc: { source: 'file', pending: true, value: '127.0.0.1:9000' } } }
    using _page = await openSettings(disk)
    expect(screen.getByText(/^One setting takes effect at the next start of the node/)).toBeVisible()
    disk.change = { problems: [{ name: 'keyFile', message: '--key-file: /none is not there' }] }
    readAgain()
    expect(await screen.findByText(/^The node would not start again .* \/none is not there\./)).toBeVisible()
    expect(screen.queryByText(/at the next start of the node/)).toBeNull()
  })

  it('tells a value that is gone from one that is another', async () => {
    using _page = await openSettings({
      rows: { logLevel: { source: 'default', pending: true, value: 'info', inForce: 'debug' } },
    })
    expect(screen.queryByText(/^Changed in the file by hand/)).toBeNull()
    expect(screen.getByText(/^No longer in the file: the default, info, .* debug is in force\./)).toBeVisible()
  })

  it('calls settings as the form does', async () => {
    const problem = { name: 'console', message: '--grpc and --console name the same address' }
    using page = await openSettings({ change: { problems: [problem] } })
    page.settings.putValues = () => ({ kind: 'invalid', problems: [problem] })
    const named = /Address \(grpc\) and Address \(console\) name the same address\./
    expect(screen.getByText(named)).toBeVisible()
    await userEvent.type(screen.getByRole('textbox', { name: 'Address (grpc)' }), '1')
    await userEvent.click(screen.getByRole('button', { name: 'Apply' }))
    expect(await screen.findByText(/^Nothing was saved: not what you changed is wrong/)).toHaveTextContent(named)
    await userEvent.click(screen.getByRole('switch', { name: 'Read-only' }))
    expect(await screen.findByText(/^The switch was not changed/)).toHaveTextContent(named)
  })

  it('calls settings so beside the text of the file too, until that text is another', async () => {
    using page = await openSettings({})
    const message = '--key-file: /none is not there, give it with --grpc-key'
    page.settings.putText = () => ({ kind: 'invalid', problems: [{ name: 'keyFile', message }] })
    typedJson('{ "keyFile": "/none" }')
    await userEvent.click(screen.getByRole('button', { name: 'Save the file' }))
    const said = await screen.findByText(/none is not there/, { selector: 'li' })
    expect(said).toHaveTextContent(/^Key file: \/none is not there, give it with .* \(grpcKey\)$/)
    const element = screen.getByRole('textbox', { name: 'Settings as JSON' })
    act(() => EditorView.findFromDOM(element)?.dispatch({ changes: { from: 0, insert: ' ' } }))
    expect(screen.queryByText(/is not there/)).toBeNull()
    expect(screen.getByRole('button', { name: 'Save the file' })).toBeVisible()
  })
})
