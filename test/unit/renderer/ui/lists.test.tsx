import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { I18nextProvider } from 'react-i18next'
import { beforeEach, expect, test, vi } from 'vitest'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'
import { HexViewer } from '../../../../src/renderer/ui/hex-viewer.tsx'
import { LineChart } from '../../../../src/renderer/ui/line-chart.tsx'
import { VirtualRows } from '../../../../src/renderer/ui/virtual-rows.tsx'

beforeEach(() => {
  // There is no layout here: every box is one of 400 by 280.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(280)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(400)
  vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockReturnValue(20_000_000)
  vi.spyOn(Element.prototype, 'scrollTo').mockImplementation(function (this: Element, ...[options]: unknown[]) {
    this.scrollTop = (options as ScrollToOptions).top ?? 0
    this.dispatchEvent(new Event('scroll'))
  })
})

test('of many rows only those in sight exist, each with its place in the whole', () => {
  render(
    <VirtualRows
      count={1_000_000}
      containerProps={{ role: 'list', 'aria-label': 'Keys' }}
      rowProps={(index) => ({ role: 'listitem', 'aria-setsize': 1_000_000, 'aria-posinset': index + 1 })}
      renderRow={(index) => `row ${index}`}
    />,
  )
  const rows = screen.getAllByRole('listitem')
  expect(rows.length).toBeLessThan(40)
  expect(rows[0]).toHaveAttribute('aria-posinset', '1')
  expect(rows[0]).toHaveTextContent('row 0')
})

test('rows further down come with the scroll', async () => {
  render(
    <VirtualRows
      count={1000}
      rowHeight={28}
      containerProps={{ role: 'list', 'aria-label': 'Keys' }}
      renderRow={(index) => <span>{`row ${index}`}</span>}
    />,
  )
  const list = screen.getByRole('list')
  list.scrollTop = 28 * 500
  fireEvent.scroll(list)
  expect(await screen.findByText('row 500')).toBeInTheDocument()
  expect(screen.queryByText('row 0')).toBeNull()
})

test('more is asked for near the end of what is loaded, and not before', () => {
  const more = vi.fn()
  const rows = (count: number) => (
    <VirtualRows count={count} rowHeight={28} onNearEnd={more} renderRow={(index) => `row ${index}`} />
  )
  const { rerender } = render(rows(500))
  expect(more).not.toHaveBeenCalled()
  rerender(rows(30))
  expect(more).toHaveBeenCalled()
})

test('a hex view reads what it shows, and goes to an offset', async () => {
  const read = vi.fn(async (offset: number, length: number) => Uint8Array.from({ length }, (_, index) => (offset + index) & 0xff))
  render(
    <I18nextProvider i18n={createTexts()}>
      <HexViewer label="Bytes" size={80_000_000} read={read} />
    </I18nextProvider>,
  )
  expect((await screen.findAllByText('00 01 02 03 04 05 06 07')).length).toBeGreaterThan(0)
  expect(read.mock.calls).toHaveLength(1)
  expect(read.mock.calls[0]?.slice(0, 2)).toEqual([0, 65_536])
  await userEvent.type(screen.getByLabelText('Offset'), '0x4000000{Enter}')
  expect(await screen.findByRole('button', { name: 'Previous part' })).toBeInTheDocument()
  await waitFor(() => expect(read.mock.calls.some(([offset]) => offset === 0x4000000)).toBe(true))
  expect(read.mock.calls.every(([, length]) => length <= 65_536)).toBe(true)
})

test('a chart says its last values to who cannot see it', () => {
  const series = [{ name: 'p99', label: 'p99', colour: 4, values: [1, 2, null] }] as const
  render(
    <LineChart
      label="Write latency"
      fromMs={0}
      stepMs={1000}
      series={series}
      formatValue={(value) => `${value} ms`}
      formatTime={String}
    />,
  )
  expect(screen.getByRole('figure', { name: 'Write latency: p99 2 ms' })).toBeInTheDocument()
})
