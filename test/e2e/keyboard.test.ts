import type { Locator, Page } from 'playwright'
import { expect, test } from 'vitest'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const stepsMax = 60

/** Goes on with one key until the focus is where it should be; it must get there within a bounded number of steps. */
async function reach(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  const focused = () => target.evaluate((element) => element === document.activeElement)
  await target.waitFor()
  for (let step = 0; step < stepsMax; step += 1) {
    if (await focused()) return
    await page.keyboard.press(key)
  }
  throw new Error(
    `${target} is out of reach: the focus is on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`,
  )
}

/** Closes what lies on top, once it has taken the focus. */
async function closeLayer(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await expect.poll(() => dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}

/** Types into the palette and goes down to what is wanted of it. */
async function palette(page: Page, text: string, wanted: string | RegExp = text): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.type(text)
  const option = page.getByRole('option', { name: wanted, exact: true })
  await option.waitFor()
  const chosen = async () => {
    const id = await page.evaluate(() => document.activeElement?.getAttribute('aria-activedescendant'))
    return id !== null && id !== undefined && (await option.getAttribute('id')) === id
  }
  for (let step = 0; step < stepsMax && !(await chosen()); step += 1) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

test('everything that a person does with keys is done by keyboard alone', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  // Nothing of this test may have used the pointer.
  await page.evaluate(() => addEventListener('pointerdown', () => Object.assign(globalThis, { pointed: true }), true))
  await page.keyboard.press('g')
  await page.keyboard.press('k')
  await page.getByRole('heading', { level: 1, name: say.keys('title') }).waitFor()
  const keys = new KeysScreen(page)

  // Create.
  await page.keyboard.press('n')
  const name = keys.value.getByRole('textbox', { name: say.keys('keyLabel'), exact: true })
  await name.waitFor()
  await expect.poll(() => name.evaluate((element) => element === document.activeElement)).toBe(true)
  await page.keyboard.type('plans/one')
  await reach(page, keys.value.getByRole('textbox', { name: say.keys('newValueLabel') }))
  await page.keyboard.insertText('{"step":1}')
  await page.keyboard.press('ControlOrMeta+s')
  await expect.poll(() => program.get('plans/one')).toBe('{"step":1}')

  // Edit and save. Escape, then Tab leaves the editor.
  await keys.button(say.keys('edit')).waitFor()
  await page.keyboard.press('e')
  const editor = keys.editor('plans/one')
  await editor.waitFor()
  await expect.poll(() => editor.evaluate((element) => element === document.activeElement)).toBe(true)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText('{"step":2}')
  await page.keyboard.press('ControlOrMeta+Shift+d')
  await page.getByRole('dialog', { name: say.keys('diffTitle') }).waitFor()
  await closeLayer(page)
  await reach(page, editor)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  expect(await editor.evaluate((element) => element === document.activeElement)).toBe(false)
  await reach(page, editor, 'Shift+Tab')
  await page.keyboard.press('ControlOrMeta+s')
  await expect.poll(async () => JSON.parse((await program.get('plans/one')) ?? '').step).toBe(2)
  await page.keyboard.press('Escape')
  await reach(page, keys.button(say.keys('endEdit')))
  await page.keyboard.press('Enter')

  // Find: by prefix, in the tree, and by the palette.
  await program.putAll([
    ['plans/two', 'two'],
    ['other', 'other'],
  ])
  await keys.button(say.keys('edit')).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('plans/')
  await page.keyboard.press('Enter')
  await keys.row('two').waitFor()
  await reach(page, keys.tree)
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await keys.value.getByRole('heading', { level: 2, name: 'plans/two' }).waitFor()
  await palette(page, 'other', /^other\s*key$/)
  await keys.value.getByRole('heading', { level: 2, name: 'other' }).waitFor()

  // Delete, and take it back.
  await reach(page, keys.button(say.keys('deleteKey')))
  await page.keyboard.press('Enter')
  await expect.poll(() => program.get('other')).toBeNull()
  await page.keyboard.press('F6')
  await reach(page, page.getByRole('button', { name: say.ui('undo') }))
  await page.keyboard.press('Enter')
  await expect.poll(() => program.get('other')).toBe('other')

  // Delete in the list, and take it back by the keys of undo.
  await reach(page, keys.tree)
  await page.keyboard.press('End')
  await page.keyboard.press('Delete')
  await expect.poll(() => program.get('plans/two')).toBeNull()
  await page.getByRole('button', { name: say.ui('undo') }).waitFor()
  await page.keyboard.press('ControlOrMeta+z')
  await expect.poll(() => program.get('plans/two')).toBe('two')
  expect(await page.evaluate(() => 'pointed' in globalThis)).toBe(false)
})

test('an edit that met another version, and its end, leave the focus where the work goes on', async () => {
  const { page, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  await program.put('plan', '{"mine":1,"theirs":1}')
  const keys = await KeysScreen.open(page)
  await keys.openKey('plan')
  const editor = await keys.edit('plan')
  const isFocused = (target: Locator) => () => target.evaluate((element) => element === document.activeElement)
  await expect.poll(isFocused(editor)).toBe(true)
  await keys.type(editor, '{"mine":2,"theirs":1}')
  await program.put('plan', '{"mine":1,"theirs":2}')
  await keys.button(say.keys('compare')).focus()
  await page.keyboard.press('Enter')
  await closeLayer(page)
  await expect.poll(isFocused(editor)).toBe(true)
  await keys.button(say.keys('mergeSaveAs', { version: '3' })).focus()
  await page.keyboard.press('Enter')
  await expect.poll(async () => JSON.parse((await program.get('plan')) ?? '')).toEqual({ mine: 2, theirs: 2 })
  await expect.poll(isFocused(editor)).toBe(true)
  const pane = page.locator('[data-pane]', { has: keys.value }).last()
  await page.keyboard.insertText(' ')
  await keys.button(say.keys('saveClose')).focus()
  await page.keyboard.press('Enter')
  await keys.button(say.keys('edit')).waitFor()
  await expect.poll(isFocused(pane)).toBe(true)
})

test('commands that lead nowhere give the focus back, and open no tooltip over what is read', async () => {
  const { page, grpc } = await bed.openBrowser(undefined, { viewport: { width: 960, height: 620 } })
  using program = new Program(grpc)
  await program.putAll([
    ['plans/one', '{"step":1}'],
    ['plans/two', 'two'],
  ])
  const keys = await KeysScreen.open(page)
  await keys.row('plans/').click()
  await page.keyboard.press('ArrowRight')
  await keys.openKey('one')
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('role'))
  const tooltipMs = 700
  const giveBack = async (command: string, option: string | RegExp = command) => {
    await page.evaluate(() => document.querySelector('main')?.focus())
    await palette(page, command, option)
    await page.waitForTimeout(tooltipMs)
    expect(await page.locator('[role="tooltip"], [class*="_popup_"][data-open]').count(), command).toBe(0)
    return await focused()
  }
  for (const name of ['themeDark', 'themeLight', 'keysCopyKey'] as const) {
    expect(await giveBack(say.shortcuts(name)), name).toBe('main')
  }
  expect(await giveBack(say.shortcuts('navToggle'), new RegExp(`^${say.shortcuts('navToggle')}`))).toBe('main')
  await page.keyboard.press('?')
  await closeLayer(page)
  expect(await focused()).toBe('main')
  expect(await giveBack(say.shortcuts('keysDelete'))).toBe('tree')
  await expect.poll(() => program.get('plans/one')).toBeNull()
})

test('pages, settings, colours and the way out are reached by keyboard alone', async () => {
  bed.forgive({ noSession: true })
  const { page } = await bed.openBrowser()
  await page.evaluate(() => addEventListener('pointerdown', () => Object.assign(globalThis, { pointed: true }), true))
  for (const [key, title] of [
    ['l', 'activity'],
    ['n', 'connect'],
    ['s', 'settings'],
    ['o', 'overview'],
    ['k', 'keys'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.getByRole('heading', { level: 1, name: say.shell(title) }).waitFor()
  }
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: say.shell('shortcutsTitle') }).waitFor()
  await closeLayer(page)
  await palette(page, say.shortcuts('themeDark'))
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  const readOnly = page.getByRole('switch', { name: say.settings('readOnly') })
  await reach(page, readOnly)
  await page.keyboard.press('Space')
  await page.getByRole('contentinfo').getByText(say.shell('readOnly')).waitFor()
  await page.keyboard.press('Space')
  await page.getByRole('contentinfo').getByText(say.shell('readOnly')).waitFor({ state: 'detached' })
  // The way past the navigation.
  await page.reload()
  await page.getByRole('contentinfo').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
  expect(await page.evaluate(() => 'pointed' in globalThis)).toBe(false)
  await palette(page, say.shortcuts('sessionEnd'))
  await page.getByRole('heading', { name: say.shell('signedOut') }).waitFor()
})
