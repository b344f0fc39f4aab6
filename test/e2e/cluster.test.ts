import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
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
