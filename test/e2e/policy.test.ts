import { describe, expect, test } from 'vitest'
import { goTo } from './support/console-pages.ts'
import { ScreensBed } from './support/screens.ts'
import { WatchedPage } from './support/watched-page.ts'

const bed = new ScreensBed()

/** Each breaks one directive, as injected content would. What is wanted from outside is asked for at a port where nobody listens. */
const planted: Readonly<Record<string, string>> = {
  'require-trusted-types-for': "add('div', {}).innerHTML = '<i>x</i>'",
  'trusted-types': "trustedTypes.createPolicy('other', {})",
  'script-src-elem': "add('script', { textContent: trusted.createScript('1') })",
  'script-src-attr':
    "const button = add('button', {}); button.setAttribute('onclick', trusted.createScript('1')); button.click()",
  'script-src': "eval(trusted.createScript('1'))",
  'worker-src': "new Worker(trusted.createScriptURL('data:text/javascript,1'))",
  'object-src': "add('object', { data: trusted.createScriptURL('http://127.0.0.1:9/x.swf') })",
  'style-src-elem': "add('style', { textContent: 'body { color: red }' })",
  'style-src-attr': "add('p', {}).setAttribute('style', 'color: red')",
  'img-src': "add('img', { src: 'http://127.0.0.1:9/x.png' })",
  'media-src': "add('audio', { src: 'http://127.0.0.1:9/x.mp3' })",
  'font-src':
    "const font = new FontFace('x', 'url(http://127.0.0.1:9/x.woff2)'); document.fonts.add(font); void font.load().catch(() => 0)",
  'connect-src': "void fetch('http://127.0.0.1:9/').catch(() => 0)",
  'frame-src': "add('iframe', { src: 'http://127.0.0.1:9/' })",
  'form-action': "add('form', { action: 'http://127.0.0.1:9/', method: 'post' }).submit()",
  'base-uri': "add('base', { href: 'http://127.0.0.1:9/' }, document.head)",
}

describe('the collector of violations', () => {
  test('sees a planted violation of each kind', async () => {
    const { context } = await bed.newPage()
    // A page of its own: what is planted here is no fault of the screens.
    const watched = await WatchedPage.watch(await context.newPage())
    await watched.page.goto((await bed.startNode()).ready.consoleUrl)
    expect(watched.violations).toEqual([])
    const acts = Object.values(planted).map((act) => `try { ${act} } catch {}`)
    await watched.page.evaluate(`(() => {
      const add = (name, parts, to = document.body) => to.appendChild(Object.assign(document.createElement(name), parts))
      const trusted = trustedTypes.createPolicy('memo', { createScript: (text) => text, createScriptURL: (url) => url })
      ${acts.join('\n')}
    })()`)
    const kinds = Object.keys(planted).sort()
    await expect.poll(() => [...new Set(watched.violations.map(({ directive }) => directive))].sort()).toEqual(kinds)
    expect(watched.errors({ noSession: true }).length).toBeGreaterThan(0)
  })
})

test('no page violates the policy or leaves an error on the console', async () => {
  const { page } = await bed.openBrowser()
  for (const name of ['keys', 'activity', 'connect', 'settings', 'overview'] as const) await goTo(page, name)
  await page.evaluate(() => location.assign('#/dev/gallery?show=editors'))
  await page.getByRole('heading', { name: 'Gallery' }).waitFor()
  for (const name of ['controls', 'layers', 'figures', 'states', 'editors']) {
    await page.getByRole('link', { name, exact: true }).click()
    await page.waitForFunction((show) => location.hash.endsWith(show), name)
    await page.getByRole('heading', { level: 2 }).first().waitFor()
  }
})
