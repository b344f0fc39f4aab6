import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const values: readonly (readonly [string, Buffer])[] = [
  ['set/text', Buffer.from('hello')],
  ['set/empty', Buffer.alloc(0)],
  ['set/bytes', Buffer.from([0, 255, 128, 10, 13])],
  ['set/large', Buffer.alloc(3 * 1024 * 1024, 'abc')],
  ['set/ünïcode', Buffer.from('日本語')],
]

test('what is exported as one file is imported again, byte for byte', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  await program.putAll([...values, ['beside', 'stays where it is']])
  const keys = await KeysScreen.open(page)
  await keys.row('set/').click({ button: 'right' })
  await page.getByRole('menuitem', { name: say.keys('exportDots') }).click()
  const saved = page.waitForEvent('download')
  await keys.button(say.keys('startExport')).click()
  const download = await saved
  expect(download.suggestedFilename()).toBe('set.ndjson')
  const file = await download.path()
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(values.length)
  await keys.button(say.keys('done')).click()

  for (const [key] of values) await program.delete(key)
  await page.getByRole('button', { name: say.keys('import'), exact: true }).click()
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), keys.button(say.keys('pickFiles')).click()])
  await chooser.setFiles({ name: 'set.ndjson', mimeType: 'application/x-ndjson', buffer: readFileSync(file) })
  // The file names its keys below the folder that was exported.
  await keys.value.getByText('bytes', { exact: true }).waitFor()
  await keys.value.getByRole('textbox', { name: say.keys('importPrefix') }).fill('set/')
  await keys.value.getByText('set/bytes', { exact: true }).waitFor()
  await keys.button(say.keys('startNdjson')).click()
  await keys.button(say.keys('importAgain')).waitFor()
  for (const [key, value] of values) expect(await program.bytes(key), key).toEqual(value)
})

test('files become keys under a prefix; those that exist stay unless they are to be replaced', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  await program.put('docs/a.txt', 'older')
  const keys = await KeysScreen.open(page)
  const importFiles = async (mode?: string): Promise<void> => {
    await page.getByRole('button', { name: say.keys('import'), exact: true }).click()
    await keys.value.getByRole('textbox', { name: say.keys('importPrefix') }).fill('docs/')
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), keys.button(say.keys('pickFiles')).click()])
    await chooser.setFiles(
      ['a.txt', 'b.txt'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`new ${name}`) })),
    )
    await keys.value.getByText(say.keys('previewThere'), { exact: true }).first().waitFor()
    if (mode !== undefined) await keys.button(mode).click()
    await keys.button(say.keys('startImport', { count: 2, number: '2' })).click()
    await keys.button(say.keys('done')).click()
  }
  await importFiles()
  expect([await program.get('docs/a.txt'), await program.get('docs/b.txt')]).toEqual(['older', 'new b.txt'])
  await importFiles(say.keys('modeReplace'))
  expect([await program.get('docs/a.txt'), await program.get('docs/b.txt')]).toEqual(['new a.txt', 'new b.txt'])
})
