import { expect, test } from 'vitest'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const script = "globalThis.ran = true; fetch('/ran')"
const hostile: readonly (readonly [string, string, string])[] = [
  ['svg-typed', `<svg xmlns="http://www.w3.org/2000/svg" onload="${script}"><script>${script}</script></svg>`, 'image/svg+xml'],
  ['svg-untyped', `<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>${script}</script></svg>`, ''],
  ['svg-as-png', `<svg xmlns="http://www.w3.org/2000/svg" onload="${script}"/>`, 'image/png'],
  ['html-typed', `<!doctype html><img src=x onerror="${script}"><iframe src="/"></iframe>`, 'text/html'],
  ['html-untyped', `<html><body onload="${script}"><a href="javascript:${script}">x</a></body></html>`, ''],
  ['html-in-json', JSON.stringify({ text: `</script><img src=x onerror="${script}">` }), 'application/json'],
]

test('values of SVG and HTML are shown as text: nothing of them is rendered, run or fetched', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  for (const [key, value, type] of hostile) await program.put(key, value, type)
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  const keys = await KeysScreen.open(page)
  for (const [key, value] of hostile) {
    await keys.openKey(key)
    await keys.value.getByRole('textbox', { name: key, exact: true }).waitFor()
    const shown = ((await keys.value.getByRole('textbox', { name: key, exact: true }).textContent()) ?? '').replaceAll(/\s/g, '')
    expect(shown).toContain(value.includes('"text"') ? 'onerror' : value.slice(-12).replaceAll(/\s/g, ''))
    const drawn = await keys.value.evaluate((pane) =>
      [...pane.querySelectorAll('iframe, object, embed, img, script, svg[onload]')].map((each) => each.outerHTML),
    )
    expect(drawn, key).toEqual([])
  }
  expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false)
  const { origin } = new URL(page.url())
  expect(requests.filter((url) => !url.startsWith(`${origin}/assets/`) && !url.startsWith(`blob:${origin}`))).toEqual([])
})

test('an image is drawn from its bytes, and one that only says so is not', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await program.put('real.png', Buffer.from(png, 'base64'), 'image/png')
  await program.put('broken.png', Buffer.from(png, 'base64').subarray(0, 40), 'image/png')
  const keys = await KeysScreen.open(page)
  await keys.openKey('real.png')
  const image = keys.value.getByRole('img', { name: 'real.png' })
  await image.waitFor()
  await expect.poll(() => image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(1)
  expect(await image.getAttribute('src')).toMatch(/^blob:/)
  await keys.openKey('broken.png')
  await keys.value.getByText(say.keys('imageBroken')).waitFor()
})

const strange: readonly string[] = [
  `tab\there`,
  'line\nbreak',
  'right-to-left \u202etxt.exe',
  'zero\u200bwidth',
  '../../etc/passwd',
  ' space at both ends ',
  'k'.repeat(4096),
  '日本語/鍵',
  '%00%2f',
]

test('keys of every kind are listed, opened, and found by their address', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  for (const key of strange) await program.put(key, `value of ${key.length}`)
  const keys = await KeysScreen.open(page)
  for (const key of strange) {
    await page.evaluate((name) => location.assign(`#/keys?key=${encodeURIComponent(JSON.stringify(name))}`), key)
    await keys.value.getByRole('textbox').getByText(`value of ${key.length}`, { exact: true }).waitFor()
  }
  // What turns the direction of the text around is shown as what it is.
  expect(await keys.list.textContent()).not.toMatch(/[\u202e\u200b]/)
})
