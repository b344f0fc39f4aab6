import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { goTo } from './support/console-pages.ts'
import { countFrames } from './support/counted-frames.ts'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (value ? 'hidden' : 'visible') })
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}

test('a hidden window is sent nothing and asks for nothing, and catches up when it is seen again', async () => {
  const node = await bed.startNode()
  const seen = await bed.openBrowser(node)
  const hidden = await bed.openBrowser(node)
  using program = new Program(node.ready.grpc)
  await program.put('before', 'x')
  const frames = countFrames(hidden.page)
  await hidden.page.reload()
  const keys = await KeysScreen.open(hidden.page)
  await keys.openKey('before')
  for (const page of ['activity', 'overview', 'keys'] as const) await goTo(hidden.page, page)
  const others = await KeysScreen.open(seen.page)
  await setHidden(hidden.page, true)
  // Whatever was on its way has arrived when another window has seen two writes after it.
  for (const key of ['settle-1', 'settle-2']) {
    await program.put(key, 'x')
    await others.row(key).waitFor()
  }
  const before = frames.length
  expect(before).toBeGreaterThan(10)
  for (let round = 0; round < 8; round += 1) {
    await program.put(`round-${round}`, 'x')
    await program.put('before', `x ${round}`)
    await others.row(`round-${round}`).waitFor()
  }
  expect(frames.slice(before).map(({ text }) => text.slice(0, 200))).toEqual([])
  await setHidden(hidden.page, false)
  await keys.row('round-7').waitFor()
  await keys.value.getByRole('textbox').getByText('x 7', { exact: true }).waitFor()
})

test('a burst of writes reaches a window as few messages', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  await program.put('burst/0', 'x')
  const frames = countFrames(page)
  await page.reload()
  const keys = await KeysScreen.open(page)
  await keys.row('burst/').click()
  await keys.row('0').waitFor()
  const before = frames.length
  const startMs = Date.now()
  const writes = 2_000
  await program.putAll(Array.from({ length: writes }, (_, at) => [`burst/${at % 50}`, `${at}`] as const))
  await keys.list.getByText(say.keys('loadedKeys', { count: 50, number: '50' })).waitFor()
  const seconds = (Date.now() - startMs) / 1000
  const events = frames.slice(before).filter(({ sent }) => !sent).length
  // Four a second for each of the few topics, and one page that is read again after each.
  expect(events).toBeLessThan(20 * (seconds + 1))
  expect(events).toBeLessThan(writes / 10)
})

const bigBytes = 80 * 1024 * 1024

test('a value of 80 MB is opened by ranges: nothing asks for all of it, and only its bytes can be looked at', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  const piece = Buffer.alloc(1024 * 1024)
  for (let at = 0; at < piece.length; at += 1) piece[at] = at % 251
  await program.putStream('big.bin', bigBytes, (_offset, length) => piece.subarray(0, length))
  const frames = countFrames(page)
  await page.reload()
  const keys = await KeysScreen.open(page)
  const before = frames.length
  await keys.openKey('big.bin')
  const hex = keys.value.getByRole('document', { name: say.keys('hexLabel', { key: 'big.bin' }) })
  await hex.getByText('00 01 02 03', { exact: false }).first().waitFor()
  // Whole rows at both sizes, and letters as they are stored: no font makes one arrow of two.
  for (const size of [
    { width: 1280, height: 800 },
    { width: 960, height: 620 },
  ]) {
    await page.setViewportSize(size)
    await expect
      .poll(() => hex.evaluate((rows) => rows.scrollWidth - rows.clientWidth), { message: `rows at ${size.width}` })
      .toBeLessThanOrEqual(0)
  }
  const ligatures = await hex
    .locator('span')
    .first()
    .evaluate((span) => getComputedStyle(span).fontVariantLigatures)
  expect(ligatures).toBe('none')
  await keys.value.getByRole('textbox', { name: say.ui('offset') }).fill('0x4000000')
  await keys.button(say.ui('go')).click()
  await hex
    .getByText(/0?4000000/)
    .first()
    .waitFor()
  const edit = keys.button(say.keys('edit'))
  expect(await edit.getAttribute('aria-disabled')).toBe('true')
  expect(await keys.button(say.keys('loadValue')).count()).toBe(0)
  await keys.button(say.keys('download')).waitFor()
  const reads = frames.slice(before).filter(({ sent, text }) => sent && text.includes('/kv/read'))
  const asked = reads.map(({ text }) => Number(/"length":(\d+)/.exec(text)?.[1]))
  expect(asked.length).toBeGreaterThan(0)
  expect(Math.max(...asked)).toBeLessThanOrEqual(64 * 1024)
  const received = frames.slice(before).filter(({ sent }) => !sent)
  expect(received.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(bigBytes / 80)
})
