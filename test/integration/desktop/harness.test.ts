import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { strictObject } from '../../harness/shim/strict-object.ts'
import { ensureBuiltApp } from '../../support/built-app.ts'
import { AppFolder, reached, until } from './desktop-bed.ts'

const root = join(import.meta.dirname, '../../..')
const declarations = readFileSync(join(root, 'node_modules/electron/electron.d.ts'), 'utf8')

beforeAll(ensureBuiltApp)

/** Names that a class or an interface of Electron's declarations has, those of its parents in the declarations included. */
function membersOf(type: string): ReadonlySet<string> {
  const start = new RegExp(`^ {2}(?:interface|class) ${type}(?: extends (\\w+))?[ {]`, 'm').exec(declarations)
  if (start === null) return new Set()
  const body = declarations.slice(start.index, declarations.indexOf('\n  }\n', start.index))
  const own = [...body.matchAll(/^ {4}(?:static |readonly )*(\w+)\??[(:<]/gm)].map(([, name]) => name ?? '')
  const parent = start[1] === undefined ? [] : [...membersOf(start[1])]
  return new Set([...own, ...parent])
}

/** What the harness implements of each, as its code says: members of classes, and of the objects that it makes strict. */
const implemented: readonly (readonly [type: string, file: string, own: readonly string[]])[] = [
  ['App', 'app.ts', ['facts', 'closeWindows', 'becomeReady', 'quitting']],
  ['BrowserWindow', 'browser-window.ts', ['options']],
  [
    'WebContents',
    'web-contents.ts',
    [
      'destroy',
      'documentAsked',
      'mayNavigate',
      'origin',
      'parent',
      'detached',
      'isDestroyed',
      'postMessage',
      'left',
      'loadURL',
      'route',
    ],
  ],
  ['MessagePortMain', 'message-port-main.ts', ['give', 'fromOwner', 'fromPeerClosed', 'message', 'pair', 'port1', 'port2']],
  ['UtilityProcess', 'utility-process.ts', ['started']],
]

describe('the harness', () => {
  test.each(implemented)('has no member of %s that Electron lacks', (type, file, own) => {
    const source = readFileSync(join(root, 'test/harness/shim', file), 'utf8')
    const names = [...source.matchAll(/^ {2}(?:static |readonly |async |get )*([a-z]\w*)(?:\(|:| =| = )/gm)].map(
      ([, name]) => name ?? '',
    )
    const members = membersOf(type)
    expect(members.size).toBeGreaterThan(3)
    const extra = names.filter(
      (name) => !members.has(name) && !own.includes(name) && !['constructor', 'for', 'if'].includes(name),
    )
    expect(extra).toEqual([])
  })

  test('exports only what Electron exports, and everything that the built app imports', () => {
    const source = readFileSync(join(root, 'test/harness/electron.ts'), 'utf8')
    const exported = [...source.matchAll(/^export \{ (.+) \}/gm)].flatMap(([, names = '']) => names.split(', ')).sort()
    const real = (name: string) => new RegExp(`^ {4}(?:const|class|type) ${name}\\b`, 'm').test(declarations)
    expect(exported.length).toBeGreaterThan(8)
    expect(exported.filter((name) => !real(name))).toEqual([])
    expect(real('nothingOfTheKind')).toBe(false)
    const built = readFileSync(join(root, 'out/main/index.js'), 'utf8')
    const imported = [...built.matchAll(/import \{([^}]+)\} from ['"]electron['"]/g)].flatMap(([, names = '']) =>
      names.split(','),
    )
    const wanted = imported.map((name) => name.trim().split(' ')[0] ?? '').filter((name) => name !== '')
    expect(wanted.length).toBeGreaterThan(5)
    expect(wanted.filter((name) => !exported.includes(name))).toEqual([])
  })

  test('throws on what it lacks', () => {
    const object = strictObject('app', { quit: () => 1 } as { quit(): number; hide?: () => void; name?: string })
    expect(object.quit()).toBe(1)
    expect(() => object.hide?.()).toThrow('the harness has no app.hide')
    expect(() => {
      object.name = 'x'
    }).toThrow('the harness has no app.name')
  })

  test('the preload is one CommonJS file that requires electron alone', () => {
    const preload = readFileSync(join(root, 'out/preload/index.cjs'), 'utf8')
    expect([...preload.matchAll(/require\(([^)]*)\)/g)].map(([, name]) => name)).toEqual(['"electron"'])
    expect(preload).not.toMatch(/^\s*(import|export)\b|import\(/m)
  })
})

describe('a page whose process is gone', () => {
  test('is loaded again once, then gives way to a page without script; the node serves on', async () => {
    using folder = new AppFolder()
    await using app = folder.start()
    await reached(folder, 'running 1')
    const crash = async () => {
      const page = await app.page()
      const session = await page.context().newCDPSession(page)
      await session.send('Page.crash').catch(() => undefined)
    }
    await app.page()
    void crash()
    await until('the page was gone', () => (folder.log().includes('reloads: true') ? true : undefined))
    const second = await until('it was there again', async () => {
      const page = await app.page()
      return (await Promise.race([page.title().catch(() => ''), new Promise((resolve) => setTimeout(resolve, 500, ''))])) ===
        'memo'
        ? page
        : undefined
    })
    expect(second.url()).toContain('/index.html')
    void crash()
    await until('it was given up', () => (folder.log().includes('reloads: false') ? true : undefined))
    await until('the static page was there', async () => {
      const heading = (await app.page()).locator('h1').textContent({ timeout: 1_000 })
      return ((await heading.catch(() => '')) ?? '').includes('stopped twice') || undefined
    })
    expect(folder.log()).not.toContain("state: 'crashed'")
    await app.ask('click', 'reload')
    expect(await app.quit()).toBe(0)
  })
})
