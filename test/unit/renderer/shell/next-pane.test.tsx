import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { I18nextProvider } from 'react-i18next'
import { expect, test } from 'vitest'
import { nextPane } from '../../../../src/renderer/shell/next-pane.ts'
import { ShortcutProvider, useShortcut } from '../../../../src/renderer/shortcuts/use-shortcut.tsx'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'
import { ToastProvider, useToast } from '../../../../src/renderer/ui/toast.tsx'

function Window() {
  const toast = useToast()
  useShortcut('panes.next', nextPane)
  return (
    <>
      <nav data-pane tabIndex={-1} aria-label="Pages">
        <button type="button" onClick={() => toast({ title: 'Deleted', undo: () => undefined })}>
          Delete
        </button>
      </nav>
      <main data-pane tabIndex={-1}>
        <input aria-label="Filter" />
      </main>
      <footer data-pane tabIndex={-1} />
    </>
  )
}

function show() {
  return render(
    <I18nextProvider i18n={createTexts()}>
      <ShortcutProvider singleKeys={() => true}>
        <ToastProvider>
          <Window />
        </ToastProvider>
      </ShortcutProvider>
    </I18nextProvider>,
  )
}

const focused = (): string => {
  const at = document.activeElement
  return at?.getAttribute('aria-label') ?? at?.tagName.toLowerCase() ?? ''
}

async function pressed(times: number): Promise<string[]> {
  const seen: string[] = []
  for (let time = 0; time < times; time += 1) {
    await userEvent.keyboard('{F6}')
    seen.push(focused())
  }
  return seen
}

test('F6 goes through all parts while a notice is open, the notices among them', async () => {
  show()
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }))
  await screen.findByText('Deleted')
  expect(await pressed(5)).toEqual(['main', 'footer', 'Notices', 'Pages', 'main'])
})

test('F6 goes on from a button of a notice, and leaves out the notices when the last has gone', async () => {
  show()
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }))
  ;(await screen.findByRole('button', { name: 'Undo' })).focus()
  expect(await pressed(1)).toEqual(['Pages'])
  await userEvent.click(screen.getByRole('button', { name: 'Undo' }))
  await waitFor(() => expect(screen.queryByText('Deleted')).toBeNull())
  screen.getByRole('main').focus()
  expect(await pressed(3)).toEqual(['footer', 'Pages', 'main'])
})

test('F6 works while a text is typed', async () => {
  show()
  await userEvent.type(screen.getByRole('textbox', { name: 'Filter' }), 'a')
  expect(await pressed(1)).toEqual(['footer'])
})
