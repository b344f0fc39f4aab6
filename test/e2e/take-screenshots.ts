/**
 * `npm run screenshots`: every page and state at two sizes in three looks, into test-results/screenshots. With --readme only the
 * pictures of the README, of a network of three nodes, into resources/screenshots.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { ensureBuiltApp } from '../support/built-app.ts'
import { startMemo } from '../support/memo-process.ts'
import { consoleLink, goTo, isIn, launchChromium, viewport } from './support/console-pages.ts'
import { KeysScreen } from './support/keys-screen.ts'
import { startPicturedNetwork } from './support/pictured-network.ts'
import { Program } from './support/program.ts'
import { fillStore, photo } from './support/sample-store.ts'
import { say } from './support/words.ts'

const root = join(import.meta.dirname, '../..')
const readme = process.argv.includes('--readme')

const sizes = { '1280x800': viewport, '960x620': { width: 960, height: 620 } } as const
const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  contrast: { colorScheme: 'light', contrast: 'more', forcedColors: 'active' },
}
const trafficMs = 120_000
/** With the table of three nodes. */
const wholeOverviewHeight = 960
/** Nothing that a page waits for takes longer. */
const waitMs = 20_000

interface Shots {
  readonly page: Page
  readonly program: Program
  readonly shoot: (name: string) => Promise<void>
}

/** What a node of some programs looks like: two minutes of reads and writes that come and go. */
async function traffic(program: Program): Promise<void> {
  const key = 'notes/minutes'
  const value = 'what was said, '.repeat(1500)
  const endsMs = performance.now() + trafficMs
  for (let turn = 0; performance.now() < endsMs; turn++) {
    await program.put(key, value)
    for (let read = 0; read < 3; read++) await program.get(key)
    await sleep(18 + 10 * Math.sin(turn / 400) + 6 * Math.sin(turn / 37))
  }
}

/** A node among others. */
async function overview({ page, shoot }: Shots): Promise<void> {
  await page.getByText(say.overview('healthyNodesText')).first().waitFor()
  await page.getByRole('table', { name: say.cluster('nodesList') }).waitFor()
  // A card of the folder that this script made for a moment.
  const ignored = page.getByRole('button', { name: new RegExp(`^${say.overview('ignore')}`) })
  await ignored.click()
  await ignored.waitFor({ state: 'detached' })
  // All of it at once, from its first line on.
  await page.setViewportSize({ width: viewport.width, height: wholeOverviewHeight })
  await page.getByRole('heading', { name: say.overview('title') }).scrollIntoViewIfNeeded()
  await shoot('overview')
  await page.setViewportSize(viewport)
}

async function pages({ page, shoot }: Shots): Promise<void> {
  await page.getByText(say.overview('aloneText')).first().waitFor()
  await shoot('overview')
  await page.getByRole('button', { name: say.cluster('invite') }).click()
  await page.getByRole('dialog').getByText(say.cluster('notListening')).waitFor()
  await shoot('invite-alone')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await goTo(page, 'activity')
  await page.getByText('node started').first().waitFor()
  await shoot('activity-logs')
  await page.getByRole('tab').last().click()
  await shoot('activity-jobs')
  await goTo(page, 'connect')
  await page.getByText('memo.v1.KeyValue').first().waitFor()
  await shoot('connect')
  await page.getByRole('button', { name: say.connect('testRun'), exact: true }).click()
  await page.getByRole('button', { name: say.connect('testAgain'), exact: true }).waitFor()
  await shoot('connect-tested')
  await goTo(page, 'settings')
  await page.getByRole('switch', { name: say.settings('readOnly') }).waitFor()
  await shoot('settings')
  await page.getByRole('heading', { name: say.settings('advanced'), exact: true }).scrollIntoViewIfNeeded()
  await shoot('settings-end')
  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type('orders')
  await page.getByRole('option').first().waitFor()
  await shoot('palette')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await shoot('shortcuts')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

const open = (page: Page, key: string) =>
  page.evaluate(`location.assign('#/keys?key=' + encodeURIComponent(JSON.stringify(${JSON.stringify(key)})))`)

async function values({ page, shoot }: Shots): Promise<void> {
  const keys = await KeysScreen.open(page)
  await keys.row('orders/').waitFor()
  await shoot('keys-nothing-open')
  for (const [name, key] of [
    ['json', 'orders/2026/00017'],
    ['text', 'notes/release'],
    ['image', photo],
    ['binary', 'backups/index.bin'],
    ['large', 'backups/archive.tar'],
    ['html', 'pages/index.html'],
    ['broken-json', 'settings/broken.json'],
    ['strange-name', 'strange/right-to-left \u202etxt.exe'],
  ] as const) {
    await open(page, key)
    await keys.button(say.keys('deleteKey')).waitFor()
    await keys.value.getByRole('textbox').or(keys.value.getByRole('document')).or(keys.value.getByRole('img')).first().waitFor()
    await shoot(`keys-${name}`)
  }
  await open(page, 'orders/no such key')
  await keys.value.getByText(say.keys('keyGoneText')).waitFor()
  await shoot('keys-gone')
}

async function edits({ page, program, shoot }: Shots): Promise<void> {
  const key = 'settings/limits.json'
  await program.put(key, '{"perMinute":60,"burst":10,"names":["a","b"]}', 'application/json')
  const keys = new KeysScreen(page)
  await open(page, key)
  await keys.button(say.keys('edit')).waitFor()
  const editor = await keys.edit(key)
  await keys.type(editor, '{\n  "perMinute": 120,\n  "burst": 10,\n  "names": ["a", "b"]\n}')
  await shoot('keys-edit')
  await program.put(key, '{"perMinute":60,"burst":20,"names":["a","b"]}', 'application/json')
  await keys.value.getByRole('alert').waitFor()
  await shoot('keys-changed-meanwhile')
  await keys.value.getByRole('button', { name: say.keys('compare') }).click()
  await page.getByRole('dialog').waitFor()
  await shoot('keys-conflict')
  await page
    .getByRole('dialog')
    .getByRole('tab', { name: say.keys('tabMerge') })
    .click()
  await shoot('keys-merge')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: say.keys('keepTheirs') })
    .click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: say.keys('newKey'), exact: true }).click()
  await shoot('keys-new')
  await page.getByRole('button', { name: say.keys('import'), exact: true }).click()
  await keys.button(say.keys('pickFiles')).waitFor()
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), keys.button(say.keys('pickFiles')).click()])
  await chooser.setFiles(['a.txt', 'b.txt'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) })))
  await keys.value.getByRole('table').waitFor()
  await shoot('keys-import')
}

async function gallery({ page, shoot }: Shots): Promise<void> {
  await page.evaluate("location.assign('#/dev/gallery')")
  await page.getByRole('heading', { name: 'Gallery' }).waitFor()
  const names = await page.getByRole('navigation').getByRole('link').allTextContents()
  for (const name of names) {
    await page.evaluate(`location.assign('#/dev/gallery?show=${name}')`)
    await page.getByRole('main').first().waitFor()
    await shoot(`gallery-${name}`)
  }
}

async function empty(browser: Browser, folder: string, shotsOf: (page: Page) => Shots['shoot'], options: BrowserContextOptions) {
  const data = join(folder, 'empty')
  const node = await startMemo(data)
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(waitMs)
    const shoot = shotsOf(page)
    await page.goto(node.ready.consoleUrl)
    await page.getByRole('button', { name: say.shell('signIn') }).waitFor()
    await shoot('sign-in')
    await page.goto(await consoleLink(data))
    await isIn(page)
    await page.getByText(say.overview('aloneText')).first().waitFor()
    await shoot('overview-empty')
    const keys = await KeysScreen.open(page)
    await keys.list.getByText(say.keys('firstTitle')).waitFor()
    await shoot('keys-first-use')
    await node.kill()
    await page
      .getByText(/Reconnecting/)
      .first()
      .waitFor()
    await shoot('node-away')
  } finally {
    await context.close()
    await node.kill()
  }
}

async function main(): Promise<void> {
  ensureBuiltApp()
  const target = join(root, readme ? 'resources/screenshots' : 'test-results/screenshots')
  mkdirSync(target, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'memo-screenshots-'))
  const path = (name: string) => join(folder, name)
  const nodes = readme ? await startPicturedNetwork(path) : ([await startMemo(path('attic'))] as const)
  const [node] = nodes
  const data = path('attic')
  const browser = await launchChromium()
  let taken = 0
  try {
    using program = new Program(node.ready.grpc)
    await fillStore(program)
    if (readme) await traffic(program)
    for (const [look, colours] of Object.entries(looks)) {
      for (const [size, box] of Object.entries(sizes)) {
        const options = { viewport: box, reducedMotion: 'reduce', ...colours } as const
        const shotsOf = (page: Page) => async (name: string) => {
          const place = join(target, readme ? '' : join(look, size))
          if (readme && !isForReadme(`${look} ${size} ${name}`)) return
          await page.screenshot({ path: join(place, readme ? `${name}-${look}.png` : `${name}.png`), animations: 'disabled' })
          taken += 1
        }
        const context = await browser.newContext(options)
        const page = await context.newPage()
        page.setDefaultTimeout(waitMs)
        await page.goto(await consoleLink(data))
        await isIn(page)
        const shots: Shots = { page, program, shoot: shotsOf(page) }
        for (const part of partsOf(look, size)) await part(shots)
        await context.close()
        if (!readme) await empty(browser, folder, shotsOf, options)
      }
    }
  } finally {
    await browser.close()
    await Promise.all(nodes.map((each) => each.terminate()))
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`${taken} pictures in ${target}`)
}

function partsOf(look: string, size: string): readonly ((shots: Shots) => Promise<void>)[] {
  if (!readme) return [pages, values, edits, gallery]
  if (size !== '1280x800') return []
  return { light: [overview, edits], dark: [values] }[look] ?? []
}

function isForReadme(shot: string): boolean {
  return ['light 1280x800 overview', 'light 1280x800 keys-changed-meanwhile', 'dark 1280x800 keys-json'].includes(shot)
}

await main()
