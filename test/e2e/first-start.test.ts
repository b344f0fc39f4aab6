import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { hosts, ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

describe.each(hosts)('a first start, in the %s', (host) => {
  test('shows a node that runs, and makes its first key in a minute', async () => {
    const { page, grpc } = await bed.open(host)
    const bar = page.getByRole('contentinfo')
    await bar.getByText(say.shell('running'), { exact: true }).waitFor()
    expect(grpc).toMatch(/^127\.0\.0\.1:\d+$/)
    await bar.getByText(`gRPC ${grpc}`).waitFor()
    expect(await bar.getByText(say.shell('webConsole')).count()).toBe(host === 'browser' ? 1 : 0)
    await page.getByText(say.overview('aloneText')).first().waitFor()

    const keys = await KeysScreen.open(page)
    await keys.list.getByText(say.keys('firstTitle')).waitFor()
    await keys.list.getByRole('button', { name: say.keys('showGrpcurl') }).click()
    await keys.list.getByText(`${grpc} memo.v1.KeyValue/Put`, { exact: false }).waitFor()
    await keys.list.getByRole('button', { name: say.keys('newKey'), exact: true }).click()
    await keys.value.getByRole('textbox', { name: say.keys('keyLabel'), exact: true }).fill('orders/1')
    await keys.type(keys.value.getByRole('textbox', { name: say.keys('newValueLabel') }), '{"total": 12}')
    await keys.button(say.keys('createKey')).click()
    await keys.value.getByRole('heading', { level: 2, name: 'orders/1' }).waitFor()
    // Its folder opens by itself.
    await keys.row('1').waitFor()
    using program = new Program(grpc)
    expect(await program.get('orders/1')).toBe('{"total": 12}')
  })
})

test('leaves the data where the app was told', async () => {
  const { folder } = await bed.openDesktop()
  expect(existsSync(join(folder.data, 'FORMAT'))).toBe(true)
})

describe('a link of the console', () => {
  test('works once, and is gone from the address bar and the history', async () => {
    const node = await bed.startNode()
    const link = await bed.link(node)
    const { watched } = await bed.newPage()
    await watched.page.goto(link)
    await watched.page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
    expect(watched.page.url()).not.toContain('token')
    bed.forgive({ noSession: true })
    const other = await bed.newPage()
    await other.watched.page.goto(link)
    await other.watched.page.getByText(say.shell('signInRefused')).waitFor()
  })

  test('can be pasted where there is no session, and a wrong one is refused in words', async () => {
    bed.forgive({ noSession: true })
    const node = await bed.startNode()
    const { watched } = await bed.newPage()
    const { page } = watched
    await page.goto(node.ready.consoleUrl)
    await page.getByRole('heading', { name: say.shell('signInNone') }).waitFor()
    const field = page.getByRole('textbox', { name: say.shell('signInField') })
    const enter = page.getByRole('button', { name: say.shell('signIn') })
    await field.fill('https://example.org/')
    await enter.click()
    await page.getByText(say.shell('signInWrong')).waitFor()
    await field.fill(`${node.ready.consoleUrl}/#token=wrong`)
    await enter.click()
    await page.getByText(say.shell('signInRefused')).waitFor()
    await field.fill(await bed.link(node))
    await enter.click()
    await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
  })

  test('can be opened in the tab that already shows the card', async () => {
    bed.forgive({ noSession: true })
    const node = await bed.startNode()
    const { watched } = await bed.newPage()
    const { page } = watched
    await page.goto(`${node.ready.consoleUrl}/#/connect`)
    await page.getByRole('heading', { name: say.shell('signInNone') }).waitFor()
    await page.goto(await bed.link(node))
    await page.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
    await page.getByRole('heading', { level: 1, name: say.shell('connect') }).waitFor()
    expect(page.url()).not.toContain('token')
  })

  test('signs in every tab of its browser', async () => {
    bed.forgive({ noSession: true })
    const { page, context, node } = await bed.openBrowser()
    const other = await context.newPage()
    await other.goto(node.ready.consoleUrl)
    await other.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
    await page.getByRole('button', { name: say.shell('signOut') }).click()
    await page.getByRole('heading', { name: say.shell('signedOut') }).waitFor()
    await other.getByRole('heading', { name: say.shell('signedOut') }).waitFor()
    await page.getByRole('textbox', { name: say.shell('signInField') }).fill(await bed.link(node))
    await page.getByRole('button', { name: say.shell('signIn') }).click()
    for (const each of [page, other]) await each.getByRole('navigation', { name: say.shell('navLabel') }).waitFor()
  })

  test('a session ends with a sign-out: nothing of the node is left on the page', async () => {
    bed.forgive({ noSession: true })
    const { page, context } = await bed.openBrowser()
    expect((await context.cookies()).length).toBe(1)
    await page.getByRole('button', { name: say.shell('signOut') }).click()
    await page.getByRole('heading', { name: say.shell('signedOut') }).waitFor()
    expect(await page.getByRole('contentinfo').count()).toBe(0)
    const status = await page.evaluate(async () => (await fetch('/session')).status)
    expect(status).toBe(401)
    await page.reload()
    await page.getByRole('heading', { name: say.shell('signInNone') }).waitFor()
  })
})
