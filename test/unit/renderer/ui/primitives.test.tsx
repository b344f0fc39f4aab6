import { act, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { I18nextProvider } from 'react-i18next'
import { expect, test, vi } from 'vitest'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'
import { Button } from '../../../../src/renderer/ui/button.tsx'
import { Checkbox } from '../../../../src/renderer/ui/checkbox.tsx'
import { ConfirmDialog } from '../../../../src/renderer/ui/confirm-dialog.tsx'
import { IdText, shortId } from '../../../../src/renderer/ui/id-text.tsx'
import { Loading } from '../../../../src/renderer/ui/loading.tsx'
import { Segmented } from '../../../../src/renderer/ui/segmented.tsx'
import { Failed } from '../../../../src/renderer/ui/states.tsx'
import { Switch } from '../../../../src/renderer/ui/switch.tsx'
import { TextField } from '../../../../src/renderer/ui/text-field.tsx'
import { ToastProvider, useToast } from '../../../../src/renderer/ui/toast.tsx'

function show(element: ReactElement) {
  return render(<I18nextProvider i18n={createTexts()}>{element}</I18nextProvider>)
}

test('a button that is off does nothing, but its reason can be reached', async () => {
  const press = vi.fn()
  show(
    <Button disabledReason="The node is away." onClick={press}>
      Save
    </Button>,
  )
  const button = screen.getByRole('button', { name: 'Save' })
  await userEvent.tab()
  expect(button).toHaveFocus()
  expect(await screen.findByText('The node is away.')).toBeInTheDocument()
  await userEvent.click(button)
  expect(press).not.toHaveBeenCalled()
  expect(button).toHaveAttribute('aria-disabled', 'true')
  expect(button).toHaveAttribute('aria-description', 'The node is away.')
})

test('a button keeps its element and its focus when a reason comes and goes', async () => {
  const texts = createTexts()
  const at = (reason: string | undefined) => (
    <I18nextProvider i18n={texts}>
      <Button disabledReason={reason}>Save</Button>
      <Switch label="Read-only" checked={false} onChange={vi.fn()} disabledReason={reason} />
    </I18nextProvider>
  )
  const { rerender } = render(at(undefined))
  const button = screen.getByRole('button', { name: 'Save' })
  const control = screen.getByRole('switch')
  button.focus()
  rerender(at('The node is away.'))
  expect(screen.getByRole('button', { name: 'Save' })).toBe(button)
  expect(screen.getByRole('switch')).toBe(control)
  expect(button).toHaveFocus()
  rerender(at(undefined))
  expect(button).toHaveFocus()
})

test('a busy button says so and takes no second click', async () => {
  const press = vi.fn()
  show(
    <Button busy onClick={press}>
      Save
    </Button>,
  )
  await userEvent.click(screen.getByRole('button'))
  expect(press).not.toHaveBeenCalled()
  expect(screen.getByRole('button')).toHaveAttribute('aria-busy', 'true')
})

test('a confirmation begins at Cancel and wants the text before it acts', async () => {
  const confirm = vi.fn()
  show(
    <ConfirmDialog
      open
      onClose={vi.fn()}
      onConfirm={confirm}
      title="Delete everything under orders/?"
      description="1,204 keys go."
      action="Delete"
      typed="orders/"
    />,
  )
  expect(await screen.findByRole('button', { name: 'Cancel' })).toHaveFocus()
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }))
  expect(confirm).not.toHaveBeenCalled()
  await userEvent.type(screen.getByLabelText('Type orders/ to confirm'), 'orders/')
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }))
  expect(confirm).toHaveBeenCalledTimes(1)
})

test('a field ties its label, help and error to the input', () => {
  show(<TextField label="Key" error="A key has at least one byte." help="Paths" />)
  const input = screen.getByLabelText('Key')
  expect(input).toHaveAccessibleDescription(/A key has at least one byte/)
  expect(input).toBeInvalid()
})

test('labels of checkboxes and switches belong to the click', async () => {
  const [check, flip] = [vi.fn(), vi.fn()]
  show(
    <>
      <Checkbox label="Wrap lines" checked={false} onChange={check} />
      <Switch label="Read-only" checked={false} onChange={flip} />
    </>,
  )
  await userEvent.click(screen.getByText('Wrap lines'))
  await userEvent.click(screen.getByText('Read-only'))
  expect(check).toHaveBeenCalledWith(true)
  expect(flip).toHaveBeenCalledWith(true)
})

test('one of several stays chosen', async () => {
  const change = vi.fn()
  const options = [
    { value: 'a', label: 'A' },
    { value: 'b', label: 'B' },
  ] as const
  show(<Segmented label="Range" options={options} value="a" onChange={change} />)
  await userEvent.click(screen.getByRole('button', { name: 'A' }))
  expect(change).not.toHaveBeenCalled()
  await userEvent.click(screen.getByRole('button', { name: 'B' }))
  expect(change).toHaveBeenCalledWith('b')
})

test('an id is short for the eye, whole to a reader, and a click copies it', async () => {
  const user = userEvent.setup()
  const id = '3fa9c1770be24d6185d2f01c99a7e4b0d201c6f38a5b4e7719c02d55ee63ab18'
  show(<IdText value={id} />)
  const button = screen.getByRole('button', { name: `3fa9c177…ab18, copy ${id}` })
  expect(button).toHaveTextContent('3fa9c177…ab18')
  await user.click(button)
  expect(await navigator.clipboard.readText()).toBe(id)
  expect(shortId('short')).toBe('short')
})

test('loading is quiet at first, then shows rows, then the time and a way out', () => {
  vi.useFakeTimers()
  try {
    const cancel = vi.fn()
    show(<Loading rows={4} text="Reading keys" awaited="The store is being read." onCancel={cancel} />)
    expect(screen.queryByRole('status')).toBeNull()
    act(() => vi.advanceTimersByTime(200))
    expect(screen.getByRole('status', { name: 'Reading keys' })).toBeVisible()
    expect(screen.queryByRole('button')).toBeNull()
    act(() => vi.advanceTimersByTime(6000))
    expect(screen.getByText(/s so far/)).toBeVisible()
    expect(screen.queryByText('The store is being read.')).toBeNull()
    screen.getByRole('button', { name: 'Cancel' }).click()
    expect(cancel).toHaveBeenCalled()
    act(() => vi.advanceTimersByTime(10_000))
    expect(screen.getByText('The store is being read.')).toBeVisible()
  } finally {
    vi.useRealTimers()
  }
})

test('a failure says what, why, and the facts to pass on', async () => {
  const user = userEvent.setup()
  const failure = { code: 'data-corrupt', message: 'The bytes do not match.', details: {}, correlationId: 'a81f' }
  const retry = vi.fn()
  show(<Failed title="The value could not be read" failure={failure} onRetry={retry} />)
  expect(screen.getByRole('alert')).toHaveTextContent(/could not be read.*do not match.*data-corrupt.*a81f/)
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(retry).toHaveBeenCalled()
  await user.click(screen.getByRole('button', { name: 'Copy details' }))
  expect(JSON.parse(await navigator.clipboard.readText())).toMatchObject({ code: 'data-corrupt', correlationId: 'a81f' })
})

function Deleting({ undo }: { readonly undo: () => void }) {
  const toast = useToast()
  return <Button onClick={() => toast({ title: 'Deleted orders/1', undo })}>Delete</Button>
}

test('a toast offers to undo', async () => {
  const undo = vi.fn()
  show(
    <ToastProvider>
      <Deleting undo={undo} />
    </ToastProvider>,
  )
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Undo' }))
  expect(undo).toHaveBeenCalledTimes(1)
})
