import { expect, test, vi } from 'vitest'
import { asSentence } from '../../../../src/renderer/text/sentence-of.ts'
import { BytePages, pageBytes } from '../../../../src/renderer/ui/byte-pages.ts'
import {
  formatAgo,
  formatBytes,
  formatMs,
  formatRate,
  formatSpan,
  formatTime,
  splitBytes,
} from '../../../../src/renderer/ui/format.ts'
import { hexOf, hexOffset, parseOffset, rowBytesFor, textOf } from '../../../../src/renderer/ui/hex-rows.ts'
import { sparkPath } from '../../../../src/renderer/ui/sparkline.tsx'

test('sizes have three digits at most and the unit that fits', () => {
  expect([0, 312, 999, 1000, 1536, 38_100_000_000, 999_960].map((bytes) => formatBytes(bytes))).toEqual([
    '0 B',
    '312 B',
    '999 B',
    '1 kB',
    '1.5 kB',
    '38.1 GB',
    '1 MB',
  ])
  expect(formatRate(1_200_000)).toBe('1.2 MB/s')
  expect(splitBytes(38_100_000_000)).toEqual({ value: '38.1', unit: 'GB' })
})

test('a message of the node stands as a sentence, and names keep their letters', () => {
  expect(
    ['a key is too long', 'the disk is full', 'gRPC is off', 'memo runs', '127.0.0.1:1 is taken', ''].map(asSentence),
  ).toEqual(['A key is too long', 'The disk is full', 'gRPC is off', 'memo runs', '127.0.0.1:1 is taken', ''])
})

test('times are as exact as they are short', () => {
  expect([0.042, 0.42, 9.94, 214, 1234].map((ms) => formatMs(ms))).toEqual(['0.04 ms', '0.4 ms', '9.9 ms', '214 ms', '1.2 s'])
  expect([40_000, 720_000, 10_800_000, 1_209_600_000].map((ms) => formatSpan(ms))).toEqual([
    '40 sec',
    '12 min',
    '3 hr',
    '14 days',
  ])
  const nowMs = new Date(2026, 10, 22, 15, 0, 0).getTime()
  expect(formatAgo(nowMs - 120_000, 'en', nowMs)).toBe('2 minutes ago')
  expect(formatTime(new Date(2026, 10, 22, 14, 2, 11).getTime(), 'en', nowMs)).toBe('14:02:11')
  expect(formatTime(new Date(2026, 10, 21, 4, 2, 11).getTime(), 'en', nowMs)).toBe('Nov 21, 2026, 04:02:11')
})

test('a row of bytes as hexadecimal and as text', () => {
  const bytes = new TextEncoder().encode('{"id": 1842}\n')
  expect(hexOf(bytes, 16)).toBe('7b 22 69 64 22 3a 20 31  38 34 32 7d 0a         ')
  expect(hexOf(bytes.subarray(8), 8)).toBe('38 34 32 7d 0a         ')
  expect([undefined, 1200, 494].map(rowBytesFor)).toEqual([16, 16, 8])
  expect(textOf(bytes)).toBe('{"id": 1842}·')
  expect(hexOffset(0x4000)).toBe('00004000')
})

test('an offset is decimal or hexadecimal, and inside the value', () => {
  expect(parseOffset(' 0x10 ', 100)).toBe(16)
  expect(parseOffset('42', 100)).toBe(42)
  expect(parseOffset('100', 100)).toBeUndefined()
  expect(parseOffset('-1', 100)).toBeUndefined()
  expect(parseOffset('', 100)).toBeUndefined()
})

test('pages of a value are read once each, and the last one is short', async () => {
  const read = vi.fn(async (offset: number, length: number) => Uint8Array.from({ length }, (_, index) => (offset + index) & 0xff))
  const changed = vi.fn()
  const pages = new BytePages(read, pageBytes + 20, changed)
  expect(pages.at(0, 16)).toBe('reading')
  expect(pages.at(16, 16)).toBe('reading')
  await vi.waitFor(() => expect(changed).toHaveBeenCalled())
  expect(pages.at(16, 2)).toEqual(Uint8Array.of(16, 17))
  pages.at(pageBytes + 16, 16)
  await vi.waitFor(() => expect(pages.at(pageBytes + 16, 16)).toHaveLength(4))
  expect(read.mock.calls.map(([offset, length]) => [offset, length])).toEqual([
    [0, pageBytes],
    [pageBytes, 20],
  ])
})

test('a page that failed is read again only when asked to', async () => {
  const read = vi.fn(() => Promise.reject(new Error('gone')))
  const changed = vi.fn()
  const pages = new BytePages(read, 100, changed)
  pages.at(0, 16)
  await vi.waitFor(() => expect(pages.at(0, 16)).toBe('failed'))
  expect(read).toHaveBeenCalledTimes(1)
  pages.retry()
  expect(pages.at(0, 16)).toBe('reading')
  expect(read).toHaveBeenCalledTimes(2)
})

test('only the latest pages are kept, and nothing is told after the end', async () => {
  const read = vi.fn(async (_offset: number, length: number) => new Uint8Array(length))
  const changed = vi.fn()
  const pages = new BytePages(read, pageBytes * 100, changed)
  for (let page = 0; page < 40; page += 1) pages.at(page * pageBytes, 16)
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(40))
  expect(pages.at(0, 16)).toBe('reading')
  pages.stop()
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(changed).toHaveBeenCalledTimes(40)
})

test('a sparkline has a gap where nothing was measured', () => {
  expect(sparkPath([0, 1, null, 1], 30, 10)).toBe('M0.0 9.0L10.0 1.0M30.0 1.0')
  expect(sparkPath([null], 30, 10)).toBe('')
})
