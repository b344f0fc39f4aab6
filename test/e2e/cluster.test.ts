import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { runMemo } from '../support/memo-process.ts'
import { goTo } from './support/console-pages.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const dialogOf = (page: Page) => page.getByRole('dialog', { name: say.cluster('inviteTitle') })

test('a node that is alone says so, and what it needs to invite another', async () => {
  const { page, node } = await bed.openBrowser()
  const alone = { count: 1, alive: '1', number: '1' }
  await page.getByRole('contentinfo').getByText(say.cluster('nodesAlive', alone), { exact: true }).waitFor()
  await page.getByText(say.cluster('aloneTitle')).waitFor()

  await page.getByRole('button', { name: say.cluster('invite') }).click()
  const dialog = dialogOf(page)
  await dialog.getByText(say.cluster('notListening'), { exact: true }).waitFor()
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  await goTo(page, 'keys')
  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type('invite')
  await page.getByRole('option', { name: say.shortcuts('clusterInvite') }).click()
  await dialog.getByRole('button', { name: say.cluster('openSettings') }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('textbox', { name: say.settings('rowListen') }).waitFor()
  expect(node.ready.listen).toBeNull()
})

test('a node that listens makes a link that another machine joins by, and both are seen', async () => {
  const { page, node } = await bed.openBrowser(await bed.startNode(['--listen', '127.0.0.1:0']))
  await page.getByRole('button', { name: say.cluster('invite') }).click()
  const dialog = dialogOf(page)
  await dialog.getByRole('button', { name: say.cluster('inviteMake') }).click()
  const link = await dialog.getByRole('textbox', { name: say.cluster('link') }).inputValue()
  expect(link).toMatch(/^memo:\/\/join\//)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expect(await page.content()).not.toContain(link)

  const data = bed.emptyFolder()
  expect((await runMemo(['cluster', 'join', link, '--data', data])).code).toBe(0)
  const second = await bed.startNode(['--listen', '127.0.0.1:0'], data)
  const bar = page.getByRole('contentinfo')
  await bar.getByText(say.cluster('nodesAlive', { count: 2, alive: '2', number: '2' }), { exact: true }).waitFor()
  const rows = page.getByRole('table', { name: say.cluster('nodesList') }).getByRole('row')
  await rows
    .filter({ hasText: second.ready.listen ?? '' })
    .getByText(say.cluster('alive'), { exact: true })
    .waitFor()
  await second.kill()
  await bar.getByText(say.cluster('noQuorum', { count: 2, alive: '1', number: '2' }), { exact: true }).waitFor()
  expect(node.ready.listen).toMatch(/^127\.0\.0\.1:\d+$/)
}, 90_000)

test('a machine is drained, and then evicted, by its row of the nodes', async () => {
  const founder = await bed.startNode(['--listen', '127.0.0.1:0'])
  const invite = await runMemo(['cluster', 'invite', '--auto', '--json', '--grpc', founder.ready.grpc])
  const { link } = JSON.parse(invite.stdout.toString()) as { readonly link: string }
  const data = bed.emptyFolder()
  expect((await runMemo(['cluster', 'join', link, '--data', data])).code).toBe(0)
  const second = await bed.startNode(['--listen', '127.0.0.1:0'], data)
  const { page } = await bed.openBrowser(founder)
  const row = page
    .getByRole('table', { name: say.cluster('nodesList') })
    .getByRole('row')
    .filter({ hasText: second.ready.listen ?? '' })
  await row.getByText(say.cluster('alive'), { exact: true }).waitFor()
  const nodeId = (await row.getByRole('rowheader').textContent()) ?? ''
  const choose = async (entry: string): Promise<void> => {
    await row.getByRole('button').last().click()
    await page.getByRole('menuitem', { name: entry }).click()
  }
  await choose(say.cluster('drain'))
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
  await page.getByRole('button', { name: say.cluster('drainAction') }).click()
  await row.getByText(say.cluster('drained'), { exact: true }).waitFor()

  await choose(say.cluster('evict'))
  const dialog = page.getByRole('dialog')
  await dialog.getByText(say.cluster('evictAlive'), { exact: true }).waitFor()
  await dialog.getByRole('textbox').fill(nodeId.slice(0, 8))
  await dialog.getByRole('button', { name: say.cluster('evictAction') }).click()
  await page.getByText(say.cluster('aloneTitle'), { exact: true }).waitFor()
}, 120_000)

test('a node that the network went on without invites nobody, and says how it comes back', async () => {
  const listen = ['--listen', '127.0.0.1:0']
  const founder = bed.emptyFolder()
  const left = bed.emptyFolder()
  const first = await bed.startNode(listen, founder)
  const invite = await runMemo(['cluster', 'invite', '--auto', '--json', '--grpc', first.ready.grpc])
  const { link } = JSON.parse(invite.stdout.toString()) as { readonly link: string }
  expect((await runMemo(['cluster', 'join', link, '--data', left])).code).toBe(0)
  const second = await bed.startNode(listen, left)
  const aliveAt = async () => (await runMemo(['cluster', 'status', '--json', '--grpc', second.ready.grpc])).stdout.toString()
  await expect.poll(aliveAt, { timeout: 30_000 }).toContain('"alive":2')
  await Promise.all([first.kill(), second.kill()])
  expect((await runMemo(['cluster', 'recover', '--data', founder, '--alone', '--yes'])).code).toBe(0)
  const survivor = await bed.startNode(listen, founder)

  const old = await bed.startNode([...listen, '--peer', survivor.ready.listen ?? ''], left)
  const { page } = await bed.openBrowser(old)
  await page.getByText(say.overview('leftBehind'), { exact: true }).first().waitFor()
  await page.getByText(say.cluster('noPartNodes'), { exact: true }).waitFor()
  await page.getByRole('contentinfo').getByText(say.cluster('noPart'), { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: say.cluster('invite') }).count()).toBe(0)
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
}, 120_000)
