import { EditorView } from '@codemirror/view'
import { act, screen, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, beforeAll, beforeEach } from 'vitest'
import { DemoConnection } from '../../../../src/renderer/demo/demo-connection.ts'
import { emptyMemory } from '../../../../src/renderer/features/keys/place-memory.ts'
import { useTransferRuns } from '../../../../src/renderer/features/keys/transfer/transfer-runs.ts'
import { changeMemory } from '../../../../src/renderer/features/keys/use-memory.ts'
import { leaveNetworks } from './leave-networks.ts'
import { renderApp } from './render-app.tsx'
import { stubLayout } from './stub-layout.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

const wide = 1100

/** The page of keys over a node in memory, for the tests of one file. */
export function keysBed() {
  const user = userEvent.setup()
  const bed = {
    user,
    /** Of the page, in pixels. */
    width: wide,
    connection: new DemoConnection(),
    async show(path = '/keys'): Promise<void> {
      await renderApp({ path, connection: bed.connection })
      await screen.findByRole('heading', { level: 1, name: 'Keys' })
    },
    stored(key: string): string | undefined {
      const entry = bed.connection.world.keys.get(key)
      return entry === undefined ? undefined : new TextDecoder().decode(entry.value)
    },
    write(key: string, value: string | Uint8Array<ArrayBuffer>, mime = 'application/json'): Promise<void> {
      const bytes = typeof value === 'string' ? utf8(value) : value
      return act(async () => void bed.connection.world.keys.put(key, bytes, mime))
    },
    async edit(key: string): Promise<void> {
      await bed.show(`/keys?key=${encodeURIComponent(key)}`)
      await user.click(await screen.findByRole('button', { name: /^Edit/ }))
      await waitFor(() => bed.editor())
    },
    /** The one that can be typed in; where a merge is open, its right side. */
    editor(): EditorView {
      const element = [...document.querySelectorAll<HTMLElement>('.cm-editor:has([contenteditable="true"])')].at(-1)
      const view = element === undefined ? null : EditorView.findFromDOM(element)
      if (view === null) throw new Error('there is no editor')
      return view
    },
    type(text: string): void {
      act(() => {
        const view = bed.editor()
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
      })
    },
  }
  beforeAll(() => stubLayout({ width: () => bed.width, height: () => 700 }))
  beforeEach(() => {
    localStorage.clear()
    bed.width = wide
    bed.connection = new DemoConnection()
  })
  afterEach(() => {
    act(() => changeMemory(() => emptyMemory))
    bed.connection.stop()
    act(() => {
      leaveNetworks()
      useTransferRuns.setState({ runs: new Map() })
    })
  })
  return bed
}
