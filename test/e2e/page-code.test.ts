import { expect, test } from 'vitest'
import { goTo, isIn, pagesFetched } from './support/console-pages.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

test('pages that were never opened are there, with their styles, after the node has died', async () => {
  bed.forgive({ lostNode: true, noSession: true })
  const { page, killNode } = await bed.openBrowser()
  const names = ['keys', 'activity', 'connect', 'settings'] as const
  await pagesFetched(page, names)
  await killNode()
  await page
    .getByText(/Reconnecting/)
    .first()
    .waitFor()
  for (const name of names) await goTo(page, name)
})

test('a page whose code did not come is fetched again by the button, and nothing is loaded anew for it', async () => {
  bed.forgive({ lostPages: true, noSession: true })
  const node = await bed.startNode()
  const { watched } = await bed.newPage()
  const { page } = watched
  await page.route('**/activity-page-*', (route) => route.abort())
  await page.goto(await bed.link(node))
  await isIn(page)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  await page.getByRole('link', { name: say.shell('activity'), exact: true }).click()
  await page.getByRole('heading', { name: say.shell('pageNotLoaded') }).waitFor()
  await page.getByRole('button', { name: say.shell('reload') }).waitFor()
  await page.unroute('**/activity-page-*')
  await page.getByRole('button', { name: say.shell('retry') }).click()
  await page.getByRole('heading', { level: 1, name: say.shell('activity') }).waitFor()
  // By the stylesheet of this very page.
  const tabs = page.getByRole('main').getByRole('tablist').locator('xpath=../..')
  expect(await tabs.evaluate((element) => getComputedStyle(element).display)).toBe('flex')
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
})
