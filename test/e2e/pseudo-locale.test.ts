import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import type { Plugin } from 'vite'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rendererBuild } from '../../renderer.config.ts'
import { consoleLink } from './support/console-pages.ts'
import { Program } from './support/program.ts'
import { fillStore } from './support/sample-store.ts'
import { ScreensBed } from './support/screens.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()
const folder = mkdtempSync(join(tmpdir(), 'memo-pseudo-'))
const pseudoTexts = join(import.meta.dirname, '../unit/renderer/support/pseudo-texts.ts')

/** The screens as they are, in a language that nobody speaks: each of its texts is marked. */
const inPseudo: Plugin = {
  name: 'memo:pseudo-locale',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/src/renderer/text/i18n.ts')) return null
    const translated = code.replace('= { en }', '= { en: pseudoCatalogue }')
    if (translated === code) throw new Error('the catalogue has another place')
    return `import { pseudoCatalogue, untranslated } from ${JSON.stringify(pseudoTexts)}
Object.assign(globalThis, { untranslated })
${translated}`
  },
}

beforeAll(async () => {
  const { build: options, plugins, ...rest } = rendererBuild
  await build({
    ...rest,
    configFile: false,
    logLevel: 'error',
    plugins: [inPseudo, ...plugins],
    build: { ...options, outDir: folder, minify: false },
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

function entryOf(html: string): string {
  const entry = /src="\.(\/assets\/[^"]+\.js)"/.exec(readFileSync(html, 'utf8'))?.[1]
  if (entry === undefined) throw new Error(`${html} has no script`)
  return entry
}

/** The page is the node's own, with its headers; only its scripts are those of the other build. */
async function serveInstead(context: BrowserContext, origin: string): Promise<void> {
  const [shipped, pseudo] = [join(rendererBuild.build.outDir, 'index.html'), join(folder, 'index.html')].map(entryOf)
  await context.route(`${origin}/assets/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    const path = join(folder, pathname === shipped && pseudo !== undefined ? pseudo : pathname)
    if (existsSync(path)) await route.fulfill({ path, contentType: types[extname(path)] ?? 'application/octet-stream' })
    else await route.continue()
  })
}

/** Texts of the page in no catalogue, and marked ones whose end cannot be seen. */
async function look(page: Page): Promise<{ readonly untranslated: readonly string[]; readonly clipped: readonly string[] }> {
  return await page.evaluate(() => {
    const { untranslated } = globalThis as unknown as { untranslated: (root: ParentNode) => string[] }
    const clipped = [...document.querySelectorAll<HTMLElement>('h1, h2, h3, button, a, label, p, th, [role=tab], [role=status]')]
      .filter((each) => each.checkVisibility() && /^⟦[^⟦]*⟧$/.test(each.textContent ?? ''))
      .filter((each) => {
        const hides = ['hidden', 'clip'].includes(getComputedStyle(each).overflowX)
        return hides && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1
      })
      .map((each) => each.textContent ?? '')
    return { untranslated: untranslated(document.body), clipped }
  })
}

/** Units, names of formats and of things that have no translation. */
const proper =
  /^(?:[\s\d.,:·–+%/()-]|⟦|⟧|B|kB|MB|GB|JSON|CBOR|NDJSON|gRPC|TLS|CLI|grpcurl|Node|Python|Go|p50|p99|ms|min|h|s|info|warn|error|debug|memo)*$/

/** Times in words come from the language of the browser. */
const intl = /\b(?:now|\d+ (?:second|minute|hour)s? ago)\b/g

const marked = /⟦[^⟦⟧]*⟧/g
/** Names and values of settings: in the file they are written like this in every language. */
const data = /(?<=⟧ )\([a-z][A-Za-z]*\)$|^(?:none|token)$|^\/.*/

test('no page shows a text that comes from no catalogue, or one that is cut off', async () => {
  const node = await bed.startNode()
  using program = new Program(node.ready.grpc)
  await fillStore(program)
  const { context, watched } = await bed.newPage()
  const { page } = watched
  await serveInstead(context, new URL(node.ready.consoleUrl).origin)
  await page.goto(await consoleLink(bed.dataOf(node)))
  await page.getByRole('navigation', { name: /⟦/ }).waitFor()
  const found: string[] = []
  const check = async (where: string): Promise<void> => {
    await page.getByRole('heading', { level: 1, name: /⟦/ }).waitFor()
    const { untranslated, clipped } = await look(page)
    for (const text of untranslated)
      if (!proper.test(text.replace(intl, '').replace(data, '').replace(marked, '')))
        found.push(`${where}, untranslated: ${text}`)
    for (const text of clipped) found.push(`${where}, cut off: ${text}`)
  }
  const go = async (hash: string): Promise<void> => void (await page.evaluate((to) => location.assign(to), hash))
  await page
    .getByText(/åloné|ålöné/i)
    .first()
    .waitFor()
  await check('overview')
  await go('#/keys')
  await page.getByRole('treeitem', { name: 'orders/' }).waitFor()
  await check('keys')
  for (const key of ['notes/ideas', 'orders/2026/00001', 'backups/index.bin', 'backups/archive.tar', 'pages/index.html']) {
    await go(`#/keys?key=${encodeURIComponent(JSON.stringify(key))}`)
    await page
      .getByRole('heading', { level: 2, name: key.slice(key.lastIndexOf('/') + 1) })
      .first()
      .waitFor()
    await check(`keys, ${key}`)
  }
  for (const name of ['activity', 'connect', 'settings'] as const) {
    await go(`#/${name}`)
    await page.waitForFunction((to) => location.hash.startsWith(`#/${to}`), name)
    await check(name)
  }
  expect(found).toEqual([])
  expect(say.shell('navLabel')).not.toContain('⟦')
})
