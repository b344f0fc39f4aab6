import { beforeEach, expect, test } from 'vitest'
import { guardDrafts, useDrafts } from '../../../src/renderer/app/drafts.ts'
import { applyPreferences, usePreferences } from '../../../src/renderer/app/preferences.ts'
import { screenLimits } from '../../../src/renderer/app/screen-limits.ts'
import { backOffMs } from '../../../src/renderer/connection/back-off.ts'
import { failureOf } from '../../../src/renderer/connection/failure.ts'
import { addressIn, paletteItems } from '../../../src/renderer/shell/palette-items.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

const draft = { text: 'a', base: '', home: { networkId: 'a1', networkName: 'research' }, title: 'a key' }

beforeEach(() => {
  useDrafts.setState({ drafts: {} })
})

test('drafts are kept up to their limit, and a known one can always change', () => {
  const { keep, drop } = useDrafts.getState()
  for (let index = 0; index < screenLimits.draftsMax; index += 1) expect(keep(`key ${index}`, { ...draft, base: '1' })).toBe(true)
  expect(keep('one more', draft)).toBe(false)
  expect(keep('key 0', { ...draft, text: 'b' })).toBe(true)
  drop('key 1')
  expect(keep('one more', draft)).toBe(true)
  expect(useDrafts.getState().drafts['key 0']?.text).toBe('b')
})

test('leaving asks first while something is not saved', () => {
  const release = guardDrafts()
  const leave = () => {
    const event = new Event('beforeunload', { cancelable: true })
    window.dispatchEvent(event)
    return event.defaultPrevented
  }
  expect(leave()).toBe(false)
  useDrafts.getState().keep('key a', draft)
  expect(leave()).toBe(true)
  release()
  expect(leave()).toBe(false)
})

test('theme and density are put on the document', () => {
  const end = applyPreferences()
  usePreferences.getState().change({ theme: 'dark', density: 'comfortable' })
  expect(document.documentElement.dataset).toMatchObject({ theme: 'dark', density: 'comfortable' })
  usePreferences.getState().change({ theme: 'system', density: 'compact' })
  expect(document.documentElement.dataset.theme).toBeUndefined()
  end()
})

test('damaged preferences fall back one by one', async () => {
  localStorage.setItem('memo.preferences', JSON.stringify({ state: { theme: 'mauve', density: 'comfortable' }, version: 0 }))
  await usePreferences.persist.rehydrate()
  expect(usePreferences.getState()).toMatchObject({ theme: 'system', density: 'comfortable', singleKeys: true })
  usePreferences.getState().change({ density: 'compact' })
})

test('attempts come later and later, up to a limit, and never all at once', () => {
  expect([0, 1, 2, 9].map((failures) => backOffMs(failures, () => 0.5))).toEqual([500, 1000, 2000, 15_000])
  expect([2, 3, 9].map((failures) => backOffMs(failures, () => 1, 5000))).toEqual([2400, 5000, 5000])
  expect(backOffMs(0, () => 0)).toBeLessThan(backOffMs(0, () => 1))
})

test('every error has the one shape that screens show', () => {
  expect(failureOf(new CodedError('not-running', 'the connection is closed'))).toMatchObject({
    code: 'not-running',
    retryable: true,
  })
  expect(failureOf(new DOMException('stop', 'AbortError'))).toMatchObject({ code: 'cancelled' })
  expect(failureOf('odd')).toMatchObject({ code: 'internal', message: 'odd' })
})

test('the palette tells keys, addresses and commands apart', () => {
  const address = '3FA9c1770be24d6185d2f01c99a7e4b0d201c6f38a5b4e7719c02d55ee63ab18'
  expect(addressIn(`0x${address}`)).toBe(address.toLowerCase())
  expect(addressIn(address.slice(1))).toBeUndefined()
  const commands = [
    { name: 'go.keys' as const, label: 'Go to Keys' },
    { name: 'theme.dark' as const, label: 'Dark colours' },
  ]
  expect(paletteItems('', [], commands).map((item) => item.kind)).toEqual(['command', 'command'])
  expect(paletteItems('dark', ['dark/1'], commands).map((item) => item.value)).toEqual(['dark/1', 'theme.dark', 'dark'])
  const typed = (text: string) =>
    paletteItems(text, [], [...commands, { name: 'keys.import', label: 'Import…' }]).map((item) => item.value)
  expect(typed('imprt')).toEqual(['keys.import', 'imprt'])
  expect(typed('drk colours')).toContain('theme.dark')
  expect(typed('orders/')).toEqual(['orders/'])
  expect(paletteItems(address, [], commands)[0]).toMatchObject({ kind: 'address' })
})
