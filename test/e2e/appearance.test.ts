import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { goTo } from './support/console-pages.ts'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'more contrast': { contrast: 'more' },
  'forced colours': { forcedColors: 'active' },
}
/** Roles and names are the same in every look; only rules about colours can differ. */
const fullLook = 'light'

interface Finding {
  readonly where: string
  readonly rule: string
  readonly targets: readonly string[]
}

async function serious(page: Page, where: string, look = fullLook): Promise<Finding[]> {
  const axe = new AxeBuilder({ page })
  const { violations } = await (look === fullLook ? axe : axe.withRules(['color-contrast', 'link-in-text-block'])).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({ where, rule: id, targets: nodes.slice(0, 5).map(({ html }) => html.slice(0, 200)) }))
}

let shared: ReturnType<ScreensBed['startNode']> | undefined
async function node() {
  shared ??= bed.startNode()
  const started = await shared
  using program = new Program(started.ready.grpc)
  await program.putAll([
    ['orders/1', '{"n":1,"to":"Turin"}'],
    ['orders/2', '{"n":2}'],
    ['notes', 'a text'],
  ])
  return started
}

describe.each(Object.keys(looks))('with colours: %s', (look) => {
  test('no page or layer has a serious finding of axe', async () => {
    const { page } = await bed.openBrowser(await node(), looks[look])
    const findings: Finding[] = []
    const check = async (where: string) => void findings.push(...(await serious(page, where, look)))
    await page.getByText(say.overview('aloneText')).first().waitFor()
    await check('overview')
    const keys = await KeysScreen.open(page)
    await keys.row('orders/').click()
    await keys.openKey('1')
    await keys.text.waitFor()
    await check('keys, a value')
    await keys.edit('orders/1')
    await check('keys, an edit')
    await page.getByRole('button', { name: say.keys('newKey'), exact: true }).click()
    await check('keys, a new key')
    await page.getByRole('button', { name: say.keys('import'), exact: true }).click()
    await check('keys, an import')
    await goTo(page, 'activity')
    await page.getByRole('tab').first().waitFor()
    await check('activity, the log')
    await page.getByRole('tab').last().click()
    await check('activity, jobs')
    await goTo(page, 'connect')
    await check('connect')
    await goTo(page, 'settings')
    await page.getByRole('switch', { name: say.settings('readOnly') }).waitFor()
    await check('settings')
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('dialog').waitFor()
    await check('the palette')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await check('the sheet of shortcuts')
    expect(findings).toEqual([])
  })

  test('no primitive or state of the gallery has one', async () => {
    const { page } = await bed.openBrowser(await node(), { hash: '#/dev/gallery', ...looks[look] })
    await page.getByRole('heading', { name: 'Gallery' }).waitFor()
    const findings: Finding[] = []
    for (const name of ['controls', 'layers', 'figures', 'states', 'editors']) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { level: 2 }).first().waitFor()
      findings.push(...(await serious(page, name, look)))
    }
    expect(findings).toEqual([])
  })
})

test('axe sees what is planted', async () => {
  const { page } = await bed.openBrowser(await node())
  await page.evaluate(() => {
    document.body.append(document.createElement('button'), document.createElement('img'))
  })
  const rules = (await serious(page, 'planted')).map(({ rule }) => rule)
  expect(rules).toEqual(expect.arrayContaining(['button-name', 'image-alt']))
})

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
const [lightest, darkest] = ['rgb(251, 251, 252)', 'rgb(15, 17, 21)']

test('dark is followed from the system, chosen against it, and kept over a reload', async () => {
  const { page } = await bed.openBrowser(await node(), { colorScheme: 'light' })
  expect(await background(page)).toBe(lightest)
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(() => background(page)).toBe(darkest)
  await goTo(page, 'settings')
  await page
    .getByRole('group', { name: say.settings('theme') })
    .getByRole('button', { name: say.settings('themeLight') })
    .click()
  await expect.poll(() => background(page)).toBe(lightest)
  await page.reload()
  await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
  expect(await background(page)).toBe(lightest)
})

/** What stands out of its frame or is cut off by it, by its text. */
const cutOff = (page: Page) =>
  page.evaluate(() => {
    const found: string[] = []
    for (const element of document.querySelectorAll('body *')) {
      const { width, right } = element.getBoundingClientRect()
      const parent = element.parentElement
      const style = getComputedStyle(element)
      const name = `${element.tagName} ${element.textContent.slice(0, 40)}`
      // Texts for readers of the screen alone take one pixel.
      if (width <= 1 || element.closest('.cm-editor, [role="grid"]') !== null) continue
      if (style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1) found.push(`cut: ${name}`)
      const frame = parent?.closest('button, header, footer, [role="toolbar"]')
      if (frame != null && right > frame.getBoundingClientRect().right + 1) found.push(`outside: ${name}`)
    }
    return found
  })

test('nothing is cut off or stands out of its frame with a zoom of 200 %', async () => {
  const { page } = await bed.openBrowser(await node())
  await page.setViewportSize({ width: 640, height: 400 })
  const found: string[] = []
  const check = async (where: string) => void found.push(...(await cutOff(page)).map((one) => `${where}: ${one}`))
  await page.getByText(say.overview('aloneText')).first().waitFor()
  await check('overview')
  await goTo(page, 'activity')
  await page
    .getByRole('grid', { name: say.activity('logLines') })
    .getByRole('row')
    .nth(1)
    .waitFor()
  await check('activity')
  const hint = page.getByRole('textbox', { name: say.activity('search') })
  // The hint takes about 180 pixels.
  expect(await hint.evaluate(({ clientWidth }) => clientWidth)).toBeGreaterThan(185)
  await goTo(page, 'connect')
  await page.getByText('memo.v1.KeyValue').first().waitFor()
  await check('connect')
  await goTo(page, 'settings')
  const help = page.getByText(say.settings('themeHelp'))
  await help.waitFor()
  expect(await help.evaluate(({ clientWidth }) => clientWidth)).toBeGreaterThan(300)
  await check('settings')
  expect(found).toEqual([])
})

test('nothing of a page reaches out of the window, also what only readers of the screen get', async () => {
  const { page } = await bed.openBrowser(await node(), { viewport: { width: 960, height: 620 } })
  const reaching: string[] = []
  for (const name of ['overview', 'keys', 'activity', 'connect', 'settings'] as const) {
    await goTo(page, name)
    if (name === 'connect') await page.getByText('memo.v1.KeyValue').first().waitFor()
    if (name === 'settings') await page.getByRole('switch', { name: say.settings('readOnly') }).waitFor()
    const found = await page.evaluate(() => {
      const cut = [...document.querySelectorAll('html, main, main > div, main > div > div')]
      return cut
        .filter((element) => element === document.documentElement || getComputedStyle(element).overflowY === 'hidden')
        .map(({ tagName, scrollHeight, clientHeight }) => ({ tagName, scrollHeight, clientHeight }))
        .filter(({ scrollHeight, clientHeight }) => scrollHeight !== clientHeight)
    })
    reaching.push(...found.map((one) => `${name}: ${JSON.stringify(one)}`))
  }
  expect(reaching).toEqual([])
})

test('the figures of the overview stand whole with what they count, however long they are', async () => {
  const { page } = await bed.openBrowser(await node(), { viewport: { width: 960, height: 620 } })
  await page.getByText(say.overview('aloneText')).first().waitFor()
  const figures = page.getByRole('region', { name: say.overview('tiles') }).locator('p:has(> span + span)')
  expect(await figures.count()).toBe(4)
  for (const number of ['100,386', '100,386,123']) {
    const cut = await figures.evaluateAll((all, text) => {
      for (const figure of all) if (figure.firstElementChild !== null) figure.firstElementChild.textContent = text
      return all
        .filter((figure) => figure.scrollWidth > figure.clientWidth + 1 || figure.scrollHeight > figure.clientHeight + 1)
        .map(({ textContent }) => textContent)
    }, number)
    expect(cut, number).toEqual([])
  }
})

test('an editor keeps lines in sight, and its buttons, where a small window says something across its width', async () => {
  const { page } = await bed.openBrowser(await node())
  const keys = await KeysScreen.open(page)
  await keys.row('orders/').click()
  await keys.openKey('1')
  const editor = await keys.edit('orders/1')
  await keys.type(editor, '{ broken')
  await keys.save()
  await keys.value.getByText(say.keys('saveAnyway')).waitFor()
  // As a window of 640 by 400 with a banner and a notice.
  await page.setViewportSize({ width: 640, height: 310 })
  const bottom =
    (await page
      .getByRole('main')
      .boundingBox()
      .then((box) => box && box.y + box.height)) ?? 0
  const save = await keys.button(say.keys('save')).boundingBox()
  expect((save?.y ?? bottom) + (save?.height ?? 1)).toBeLessThanOrEqual(bottom)
  expect((await keys.value.locator('.cm-editor').boundingBox())?.height).toBeGreaterThanOrEqual(56)
  await keys.button(say.keys('saveAnyway')).scrollIntoViewIfNeeded()
  const anyway = await keys.button(say.keys('saveAnyway')).boundingBox()
  expect((anyway?.y ?? bottom) + (anyway?.height ?? 1)).toBeLessThanOrEqual(save?.y ?? 0)
})

test('the facts of a value lie under no button, however narrow its pane is drawn', async () => {
  const { page } = await bed.openBrowser(await node(), { viewport: { width: 1280, height: 800 } })
  const keys = await KeysScreen.open(page)
  await keys.row('orders/').click()
  await keys.openKey('1')
  const edge = await page.getByRole('separator', { name: say.keys('resizeInspector') }).boundingBox()
  if (edge === null) throw new Error('the inspector has no edge')
  const [x, y] = [edge.x + edge.width / 2, edge.y + edge.height / 2]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x - 400, y, { steps: 5 })
  await page.mouse.up()
  await expect.poll(async () => (await keys.value.boundingBox())?.width).toBeLessThan(340)
  const fact = await keys.value.getByText(/^version \d+ · $/).boundingBox()
  const time = await keys.value.getByText(/ago$/).boundingBox()
  const button = await keys.button(say.keys('wrap')).boundingBox()
  expect(fact?.y).toBe(time?.y)
  expect(fact?.y).toBeGreaterThanOrEqual((button?.y ?? Number.NaN) + (button?.height ?? Number.NaN))
})
