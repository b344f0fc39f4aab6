import type { Locator } from 'playwright'
import { describe, expect, test } from 'vitest'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const base = '{"name":"Ada","city":"Turin","visits":1}'

/** A key with JSON in it, open in the editor, and a program beside. */
async function editing(key: string, text = base) {
  const { page, grpc } = await bed.openBrowser(await node())
  const program = new Program(grpc)
  await program.put(key, text, 'application/json')
  const keys = await KeysScreen.open(page)
  await keys.openKey(key)
  return { page, keys, program, editor: await keys.edit(key) }
}

let shared: ReturnType<ScreensBed['startNode']> | undefined
function node() {
  shared ??= bed.startNode()
  return shared
}

const banner = (keys: KeysScreen) => keys.value.getByRole('alert')

describe('an edit', () => {
  test('is saved in place, over the version that it began with', async () => {
    const { keys, program, editor } = await editing('plain')
    using _client = program
    await keys.value.getByText(say.keys('basedOn', { version: '1' })).waitFor()
    expect(await keys.button(say.keys('save')).getAttribute('aria-disabled')).toBe('true')
    await keys.type(editor, '{"name":"Grace"}')
    await keys.value.getByText(say.keys('stateModified')).waitFor()
    await keys.tabs.getByRole('img', { name: say.keys('unsaved') }).waitFor()
    await keys.save()
    await keys.value.getByText(say.keys('basedOn', { version: '2' })).waitFor()
    expect(JSON.parse((await program.get('plain')) ?? '')).toEqual({ name: 'Grace' })
    await keys.button(say.keys('endEdit')).click()
    await keys.button(say.keys('edit')).waitFor()
  })

  test('that breaks JSON is not saved unasked', async () => {
    const { keys, program, editor } = await editing('broken')
    using _client = program
    await keys.type(editor, '{"name":')
    await keys.save()
    await banner(keys).getByText(/JSON/).waitFor()
    expect(await program.get('broken')).toBe(base)
    await banner(keys)
      .getByRole('button', { name: say.keys('saveAnyway') })
      .click()
    await keys.value.getByText(say.keys('basedOn', { version: '2' })).waitFor()
    expect(await program.get('broken')).toBe('{"name":')
  })

  test('that is thrown away asks first, and leaves the key alone', async () => {
    const { page, keys, program, editor } = await editing('discarded')
    using _client = program
    await keys.type(editor, 'something else')
    await keys.button(say.keys('discard')).click()
    const dialog = page.getByRole('dialog', { name: say.keys('discardTitle') })
    await dialog.getByRole('button', { name: say.ui('cancel') }).click()
    await editor.getByText('something else').waitFor()
    await keys.button(say.keys('discard')).click()
    await dialog.getByRole('button', { name: say.keys('discard') }).click()
    await keys.button(say.keys('edit')).waitFor()
    expect(await program.get('discarded')).toBe(base)
  })
})

describe('two writers of one key', () => {
  test('a merge begins with all that the other changed elsewhere', async () => {
    const { page, keys, program, editor } = await editing('partly')
    using _client = program
    await keys.type(editor, '{"name":"Mine","city":"Turin","visits":1}')
    await program.put('partly', '{"name":"Theirs","city":"Turin","visits":1,"new":true}', 'application/json')
    await banner(keys)
      .getByRole('button', { name: say.keys('compare') })
      .click()
    const dialog = page.getByRole('dialog', { name: say.keys('conflictTitle', { key: 'partly' }) })
    await dialog.getByRole('tab', { name: say.keys('tabMerge') }).click()
    await dialog.getByText(say.keys('mergePaths', { paths: 'name' })).waitFor()
    await dialog.getByRole('button', { name: say.keys('saveMerged', { version: '2' }) }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(JSON.parse((await program.get('partly')) ?? '')).toEqual({ name: 'Mine', city: 'Turin', visits: 1, new: true })
  })

  test('changes of different parts are joined, and saved over what was seen', async () => {
    const { keys, program, editor } = await editing('joined')
    using _client = program
    await keys.type(editor, '{"name":"Ada","city":"London","visits":1}')
    await program.put('joined', '{"name":"Ada","city":"Turin","visits":2}', 'application/json')
    await banner(keys)
      .getByRole('heading', { name: say.keys('savedMeanwhile', { version: '2' }) })
      .waitFor()
    await banner(keys)
      .getByRole('button', { name: say.keys('mergeSaveAs', { version: '3' }) })
      .click()
    await keys.value.getByText(say.keys('basedOn', { version: '3' })).waitFor()
    expect(JSON.parse((await program.get('joined')) ?? '')).toEqual({ name: 'Ada', city: 'London', visits: 2 })
  })

  test('a save over what was not seen becomes a merge, in which nothing is overwritten silently', async () => {
    const { page, keys, program, editor } = await editing('overlap')
    using _client = program
    await keys.type(editor, '{"name":"Mine"}')
    await program.put('overlap', '{"name":"Theirs"}', 'application/json')
    await banner(keys)
      .getByRole('heading', { name: say.keys('savedMeanwhile', { version: '2' }) })
      .waitFor()
    await keys.save()
    const dialog = page.getByRole('dialog', { name: say.keys('conflictTitle', { key: 'overlap' }) })
    await dialog.waitFor()
    expect(await program.get('overlap')).toBe('{"name":"Theirs"}')
    await dialog.getByRole('tab', { name: say.keys('tabRaw') }).click()
    await dialog.getByRole('tab', { name: say.keys('tabMerge') }).click()
    const mine = dialog.getByRole('textbox', { name: say.keys('mergedLabel') })
    await dialog
      .getByRole('textbox', { name: say.keys('theirsLabel', { version: '2' }) })
      .getByText('Theirs')
      .waitFor()
    // Tabs, captions and editors stand below each other.
    const leftOf = async (target: Locator) => (await target.boundingBox())?.x ?? Number.NaN
    const editorOf = (box: Locator) => box.locator('xpath=ancestor::*[contains(@class, "cm-editor")]')
    const start = await leftOf(dialog.getByText(say.keys('conflictText', { base: '1', version: '2' })))
    expect(await leftOf(dialog.getByRole('tab').first())).toBeCloseTo(start, 0)
    for (const label of [say.keys('theirsLabel', { version: '2' }), say.keys('mergedLabel')]) {
      const caption = await leftOf(dialog.getByText(label, { exact: true }))
      expect(Math.abs((await leftOf(editorOf(dialog.getByRole('textbox', { name: label })))) - caption)).toBeLessThan(2)
    }
    await keys.type(mine, '{"name":"Both"}')
    await dialog.getByRole('button', { name: say.keys('saveMerged', { version: '2' }) }).click()
    await dialog.waitFor({ state: 'detached' })
    await keys.value.getByText(say.keys('basedOn', { version: '3' })).waitFor()
    expect(JSON.parse((await program.get('overlap')) ?? '')).toEqual({ name: 'Both' })
  })

  test.each([
    ['keepTheirs', 'their text'],
    ['overwrite', 'my text'],
  ] as const)('%s leaves "%s"', async (choice, left) => {
    const key = `choice ${choice}`
    const { page, keys, program, editor } = await editing(key, 'the text')
    using _client = program
    await keys.type(editor, 'my text')
    await program.put(key, 'their text')
    await banner(keys)
      .getByRole('button', { name: say.keys('compare') })
      .click()
    const dialog = page.getByRole('dialog', { name: say.keys('conflictTitle', { key }) })
    await dialog.getByRole('button', { name: say.keys(choice) }).click()
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => program.get(key)).toBe(left)
  })

  test('a key that was deleted meanwhile is made anew only when told to', async () => {
    const { keys, program, editor } = await editing('deleted')
    using _client = program
    await keys.type(editor, '{"still":"here"}')
    await program.delete('deleted')
    await banner(keys)
      .getByRole('heading', { name: say.keys('deletedMeanwhile') })
      .waitFor()
    expect(await program.get('deleted')).toBeNull()
    await banner(keys)
      .getByRole('button', { name: say.keys('recreate') })
      .click()
    await expect.poll(() => program.get('deleted')).toBe('{"still":"here"}')
  })
})

describe('a deletion', () => {
  test('is taken back by a click, with value and type', async () => {
    const { page, grpc } = await bed.openBrowser(await node())
    using program = new Program(grpc)
    await program.put('to-delete', '{"kept":true}', 'application/json')
    const keys = await KeysScreen.open(page)
    await keys.openKey('to-delete')
    await keys.button(say.keys('deleteKey')).click()
    await keys.row('to-delete').waitFor({ state: 'detached' })
    expect(await program.get('to-delete')).toBeNull()
    await page.getByRole('button', { name: say.ui('undo') }).click()
    await expect.poll(() => program.get('to-delete')).toBe('{"kept":true}')
    await keys.row('to-delete').waitFor()
  })

  test.each([
    { width: 1280, height: 800 },
    { width: 960, height: 620 },
  ])('says so where it covers no control, at $width x $height', async (size) => {
    const { page, grpc } = await bed.openBrowser(await node())
    await page.setViewportSize(size)
    using program = new Program(grpc)
    for (const key of ['covered/1', 'covered/2']) await program.put(key, 'x')
    const keys = await KeysScreen.open(page)
    await keys.row('covered/').click()
    await keys.openKey('1')
    await keys.button(say.keys('deleteKey')).click()
    await page.getByRole('button', { name: say.keys('newKey') }).click()
    await page.getByRole('textbox', { name: say.keys('keyLabel'), exact: true }).fill('covered/2')
    await keys.type(page.getByRole('textbox', { name: say.keys('newValueLabel') }), '1')
    await keys.button(say.keys('createKey')).click()
    await keys.button(say.keys('openIt')).waitFor()
    const notices = page.getByRole('region', { name: say.ui('notices') })
    await notices.getByText(say.keys('deleted', { key: 'covered/1' })).waitFor()
    const covered = await notices.evaluate((notice) => {
      const place = notice.getBoundingClientRect()
      const controls = [...document.querySelectorAll<HTMLElement>('button, a, input, [role="treeitem"]')]
      return controls.flatMap((control) => {
        const { left, right, top, bottom } = control.getBoundingClientRect()
        const meets = left < place.right && right > place.left && top < place.bottom && bottom > place.top
        if (!meets || notice.contains(control)) return []
        // A row of a list that is scrolled out of it stands there and is not shown.
        const middle = (low: number, high: number) => (low + high) / 2
        const x = middle(Math.max(left, place.left), Math.min(right, place.right))
        const y = middle(Math.max(top, place.top), Math.min(bottom, place.bottom))
        return document.elementsFromPoint(x, y).includes(control) ? [control.textContent] : []
      })
    })
    expect(covered).toEqual([])
  })

  test('of a whole folder is typed first, and then done by a job', async () => {
    const { page, grpc } = await bed.openBrowser(await node())
    using program = new Program(grpc)
    await program.putAll(Array.from({ length: 20 }, (_, at) => [`old/${at}`, 'x'] as const))
    await program.put('older', 'stays')
    const keys = await KeysScreen.open(page)
    await keys.row('old/').click({ button: 'right' })
    await page.getByRole('menuitem', { name: say.keys('deletePrefix') }).click()
    const dialog = page.getByRole('dialog', { name: say.keys('deletePrefixTitle', { prefix: 'old/' }) })
    const act = dialog.getByRole('button', { name: say.keys('deletePrefixAction') })
    expect(await act.getAttribute('aria-disabled')).toBe('true')
    await dialog.getByRole('textbox', { name: say.ui('typeToConfirm', { text: 'old/' }) }).fill('old/')
    await act.click()
    await expect.poll(() => program.keys('old')).toEqual(['older'])
    await dialog.waitFor({ state: 'detached' })
    await keys.row('old/').waitFor({ state: 'detached' })
  })
})
