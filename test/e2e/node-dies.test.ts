import { describe, expect, test } from 'vitest'
import type { MemoProcess } from '../support/memo-process.ts'
import { goTo } from './support/console-pages.ts'
import { KeysScreen } from './support/keys-screen.ts'
import { pattern } from './support/pattern.ts'
import { Program } from './support/program.ts'
import type { BrowserScreens } from './support/screens.ts'
import { ScreensBed } from './support/screens.ts'
import { unsavedText } from './support/unsaved-text.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

/** What is said while the node is away, and what is not possible then. */
async function seesAbsence({ page }: { readonly page: BrowserScreens['page'] }, keys: KeysScreen): Promise<void> {
  const away = pattern((any) => say.shell('staleBanner', { time: any }))
  const again = pattern((any) => say.shell('crashedAgain', { time: any }))
  await page
    .getByText(new RegExp(`${away.source}|${again.source}`))
    .first()
    .waitFor({ timeout: 5_000 })
  expect(await keys.button(say.keys('save')).getAttribute('aria-disabled')).toBe('true')
}

describe('kill -9 of the node while text is not saved', () => {
  test('in the desktop: a banner, a restart by itself, and the text is still there and can be saved', async () => {
    const screens = await bed.openDesktop()
    const { keys, editor } = await unsavedText(screens, 'typed and not saved')
    await screens.killNode()
    await seesAbsence(screens, keys)
    await screens.page.getByRole('contentinfo').getByText(say.shell('running'), { exact: true }).waitFor()
    expect(await editor.textContent()).toContain('typed and not saved')
    await keys.save()
    await keys.value.getByText(say.keys('basedOn', { version: '2' })).waitFor()
  })

  test('in the browser: a banner, the next session, and the text is still there and can be saved', async () => {
    bed.forgive({ lostNode: true, noSession: true })
    const screens = await bed.openBrowser()
    const { page, node } = screens
    const { keys, editor } = await unsavedText(screens, 'typed and not saved')
    await screens.killNode()
    await seesAbsence(screens, keys)
    expect(await editor.textContent()).toContain('typed and not saved')
    const { host } = new URL(node.ready.consoleUrl)
    const next = await bed.startNode(['--console', host], bed.dataOf(node))
    // Sessions end with their node, which the page says, and what becomes of the text.
    await page.getByText(say.shell('signInRestarted')).waitFor()
    await page.getByText(say.shell('signInUnsaved')).waitFor()
    const field = page.getByRole('textbox', { name: say.shell('signInField') })
    await field.fill(await bed.link(next))
    await page.getByRole('button', { name: say.shell('signIn') }).click()
    await editor.waitFor()
    expect(await editor.textContent()).toContain('typed and not saved')
    await keys.save()
    await keys.value.getByText(say.keys('basedOn', { version: '2' })).waitFor()
    using program = new Program(next.ready.grpc)
    expect(await program.get('notes')).toBe('typed and not saved')
  })
})

test('text that is not saved waits for its own node while somebody signs in to another one at the same address', async () => {
  bed.forgive({ lostNode: true, noSession: true })
  const screens = await bed.openBrowser()
  const { page, node } = screens
  const { editor } = await unsavedText(screens, 'typed and not saved')
  const { host } = new URL(node.ready.consoleUrl)
  const signIn = async (to: MemoProcess): Promise<void> => {
    await page.getByText(say.shell('signInUnsaved')).waitFor()
    await page.getByRole('textbox', { name: say.shell('signInField') }).fill(await bed.link(to))
    await page.getByRole('button', { name: say.shell('signIn') }).click()
    await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
  }
  await screens.killNode()
  const other = await bed.startNode(['--console', host])
  await signIn(other)
  const told = page.getByText(pattern((any) => say.shell('draftsElsewhere', { here: any, titles: 'notes', there: any })))
  await told.waitFor()
  await editor.waitFor({ state: 'detached' })
  await other.kill()
  await signIn(await bed.startNode(['--console', host], bed.dataOf(node)))
  await editor.waitFor()
  expect(await editor.textContent()).toContain('typed and not saved')
  expect(await told.count()).toBe(0)
})

test('an orderly restart from the menu of the desktop: pages stay, and their data is of the node that runs', async () => {
  const { page, app, grpc } = await bed.openDesktop()
  using program = new Program(grpc)
  await program.put('before', 'x')
  const keys = await KeysScreen.open(page)
  await keys.row('before').waitFor()
  await app.ask('click', 'restart-node')
  const bar = page.getByRole('contentinfo')
  const shown = async () => /gRPC (127\.0\.0\.1:\d+)/.exec((await bar.textContent()) ?? '')?.[1]
  // The next node has another port; until it runs the bar may show that of the one before.
  await expect.poll(async () => [undefined, grpc].includes(await shown()), { timeout: 20_000 }).toBe(false)
  await bar.getByText(say.shell('running'), { exact: true }).waitFor()
  using again = new Program((await shown()) ?? '')
  await again.put('after', 'x')
  await keys.row('after').waitFor()
  await goTo(page, 'overview')
})

test('three crashes in five minutes end in safe mode, and one more in a card that says what happened', async () => {
  const { page, app } = await bed.openDesktop()
  const pids = async () => (await app.ask('facts')).nodePids
  for (const run of [1, 2, 3]) {
    const pid = (await pids()).at(-1) ?? 0
    process.kill(pid, 'SIGKILL')
    await expect.poll(async () => (await pids()).length, { timeout: 20_000 }).toBe(run + 1)
    const state = run === 3 ? page.getByText(say.shell('safeModeBanner')) : undefined
    await (state ?? page.getByRole('contentinfo').getByText(say.shell('running'), { exact: true })).waitFor()
  }
  process.kill((await pids()).at(-1) ?? 0, 'SIGKILL')
  await page.getByRole('heading', { name: say.shell('crashTitle') }).waitFor()
  await page.getByRole('log').waitFor()
  await page.getByRole('button', { name: say.shell('startNode') }).click()
  await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
})
