import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { KeyMetadata, KeyPage } from '../../../../src/ipc/contract/key-schemas.ts'
import { compareKeys } from '../../../../src/renderer/features/keys/compare-keys.ts'
import type { TreeRow } from '../../../../src/renderer/features/keys/list/key-tree.ts'
import { lackOf, rowOf, totalsOf } from '../../../../src/renderer/features/keys/list/key-tree.ts'
import { TreeLoader } from '../../../../src/renderer/features/keys/list/tree-loader.ts'

/** Lists like a node, from a sorted set of names. */
class Keys {
  names: string[]
  calls: { prefix: string; after?: string | undefined }[] = []
  failing = false
  readonly limit: number

  constructor(names: readonly string[], limit = 500) {
    this.names = [...names].sort(compareKeys)
    this.limit = limit
  }

  readonly list = async ({
    prefix,
    delimiter,
    after,
  }: {
    prefix: string
    delimiter: string
    after?: string | undefined
  }): Promise<KeyPage> => {
    this.calls.push({ prefix, ...(after !== undefined && { after }) })
    if (this.failing) throw new Error('gone')
    const items: KeyMetadata[] = []
    const prefixes: string[] = []
    let place = after ?? ''
    for (const key of this.names) {
      if (!key.startsWith(prefix) || compareKeys(key, place) <= 0 || (place.startsWith('d:') && key.startsWith(place.slice(2))))
        continue
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      const folder = at < 0 ? undefined : key.slice(0, at + delimiter.length)
      if (folder !== undefined && (prefixes.at(-1) === folder || place === `${folder}\u{10ffff}`)) continue
      if (items.length + prefixes.length === this.limit) return { items, prefixes, next: place, complete: false }
      if (folder === undefined) items.push(metadataOf(key))
      else prefixes.push(folder)
      place = folder === undefined ? key : `${folder}\u{10ffff}`
    }
    return { items, prefixes, complete: true }
  }
}

function metadataOf(key: string): KeyMetadata {
  return { key, version: '1', revision: '1', size: 1, contentType: '', modifiedMs: 0, writer: '', address: '', chunks: 0 }
}

const settle = () => vi.advanceTimersByTimeAsync(1000)

async function treeOf(keys: Keys, prefix = '', delimiter = '/'): Promise<TreeLoader> {
  const tree = new TreeLoader(keys as never, { prefix, delimiter })
  tree.start()
  await settle()
  return tree
}

function labels(tree: TreeLoader): string[] {
  return Array.from({ length: tree.root.rows }, (_, index) => label(tree.row(index)))
}

function label(row: TreeRow | undefined): string {
  if (row === undefined) return 'nothing'
  return row.kind === 'tail' ? `(${row.tail} ${row.folder.prefix})` : `${'  '.repeat(row.folder.depth)}${row.name}`
}

const names = ['a/1', 'a/2', 'a/x/1', 'b/1', 'c', 'd']

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('a tree of keys', () => {
  it('lists one folder with one call, and only what was opened', async () => {
    const keys = new Keys(names)
    const tree = await treeOf(keys)
    expect(labels(tree)).toEqual(['a/', 'b/', 'c', 'd'])
    tree.toggle(tree.root, 'a/')
    await settle()
    expect(labels(tree)).toEqual(['a/', '  a/x/', '  a/1', '  a/2', 'b/', 'c', 'd'].sort((x, y) => order(x) - order(y)))
    expect(keys.calls).toEqual([{ prefix: '' }, { prefix: 'a/' }])
    const inner = tree.root.open.get('a/')
    if (inner === undefined) throw new Error('not open')
    tree.toggle(inner, 'a/x/')
    await settle()
    expect(labels(tree)).toEqual(['a/', '  a/1', '  a/2', '  a/x/', '    a/x/1', 'b/', 'c', 'd'])
    expect(rowOf(tree.root, inner, 'a/x/')).toBe(3)
    tree.toggle(tree.root, 'a/')
    expect(labels(tree)).toEqual(['a/', 'b/', 'c', 'd'])
    expect(tree.known.get('a/')).toEqual({ count: 3, complete: true })
  })

  const order = (text: string) => ['a/', '  a/1', '  a/2', '  a/x/', 'b/', 'c', 'd'].indexOf(text)

  it('finds every row of many pages and open folders as a plain walk does', async () => {
    const many = Array.from({ length: 400 }, (_, i) => `k${String(i).padStart(4, '0')}${i % 10 === 0 ? '/x' : ''}`)
    const inside = Array.from({ length: 95 }, (_, i) => `k0100/y${i}`)
    const tree = await treeOf(new Keys([...many, ...inside], 30))
    while (!tree.root.complete) await tree.load(tree.root)
    for (const name of ['k0000/', 'k0100/', 'k0390/']) tree.toggle(tree.root, name)
    await settle()
    const expected: string[] = []
    const walk = (folder: typeof tree.root): void => {
      for (const entry of folder.pages.flatMap((page) => page.entries)) {
        expected.push(`${'  '.repeat(folder.depth)}${entry.name}`)
        const opened = folder.open.get(entry.name)
        if (opened !== undefined) walk(opened)
      }
      if (folder.tail !== undefined) expected.push(`(${folder.tail} ${folder.prefix})`)
    }
    walk(tree.root)
    expect(labels(tree)).toEqual(expected)
    expect(expected).toContain('(more k0100/)')
    expect(tree.row(tree.root.rows)).toBeUndefined()
    const folders = [...expected].filter((line) => line.endsWith('/')).length
    expect(totalsOf(tree.root)).toMatchObject({ partial: 1, failed: 0, closed: folders - 3 })
  })

  it('shows a write, a change and a removal of others where they belong, asking for their page alone', async () => {
    const keys = new Keys(
      Array.from({ length: 90 }, (_, i) => `f/${String(i).padStart(3, '0')}`),
      30,
    )
    const tree = await treeOf(keys, 'f/')
    while (!tree.root.complete) await tree.load(tree.root)
    tree.setSight(0, 89)
    keys.calls = []
    keys.names = [...keys.names.filter((name) => name !== 'f/070'), 'f/0305', 'f/0306'].sort(compareKeys)
    tree.keysChanged(['f/0305', 'f/0306', 'f/070', 'elsewhere'], false)
    await settle()
    expect(labels(tree)).toEqual(keys.names)
    expect(keys.calls.map((call) => call.after)).toEqual(['f/029', 'f/057', 'f/059'])
    expect(totalsOf(tree.root).loaded).toBe(91)
  })

  it('takes a folder away with its last key, and shows one that is new', async () => {
    const keys = new Keys(['a/1', 'b'])
    const tree = await treeOf(keys)
    tree.setSight(0, 10)
    tree.toggle(tree.root, 'a/')
    await settle()
    keys.names = ['b', 'c/1']
    tree.keysChanged(['a/1', 'c/1'], false)
    await settle()
    expect(labels(tree)).toEqual(['b', 'c/'])
  })

  it('says that a folder failed, and lists it when asked again', async () => {
    const keys = new Keys(names)
    const tree = await treeOf(keys)
    keys.failing = true
    tree.toggle(tree.root, 'a/')
    await settle()
    expect(labels(tree)).toEqual(['a/', '(failed a/)', 'b/', 'c', 'd'])
    expect(totalsOf(tree.root).failed).toBe(1)
    keys.failing = false
    const folder = tree.root.open.get('a/')
    if (folder !== undefined) await tree.load(folder)
    expect(labels(tree)).toHaveLength(7)
  })

  it('reads everything again for another run of the node, what is in sight first', async () => {
    const keys = new Keys(
      Array.from({ length: 90 }, (_, i) => `f/${String(i).padStart(3, '0')}`),
      30,
    )
    const tree = await treeOf(keys, 'f/')
    while (!tree.root.complete) await tree.load(tree.root)
    tree.setSight(65, 80)
    keys.calls = []
    tree.renew(keys as never)
    await settle()
    expect(keys.calls.map((call) => call.after)).toEqual(['f/059', undefined, 'f/029'])
  })

  it('reveal a key that is asked for before the first page is there', async () => {
    const { list } = new Keys(['a/x/1', 'a/y/2', 'b'])
    const slow = { list: (asked: Parameters<typeof list>[0]) => new Promise((done) => setTimeout(() => done(list(asked)), 50)) }
    const tree = new TreeLoader(slow as never, { prefix: '', delimiter: '/' })
    tree.start()
    const revealed = tree.reveal('a/y/2')
    await settle()
    const row = await revealed
    expect(row === undefined ? undefined : tree.row(row)).toMatchObject({ kind: 'key', name: 'a/y/2' })
  })

  it('opens the folders down to a key', async () => {
    const tree = await treeOf(new Keys(names))
    const row = await tree.reveal('a/x/1')
    expect(label(tree.row(row ?? -1))).toBe('    a/x/1')
    expect(await tree.reveal('a/none')).toBeUndefined()
  })

  it('reads a folder of a hundred thousand by pages and finds a row without walking them all', async () => {
    const tree = await treeOf(new Keys([]))
    const root = tree.root
    const { addPage } = await import('../../../../src/renderer/features/keys/list/key-tree.ts')
    for (let page = 0; page < 200; page += 1) {
      const items = Array.from({ length: 500 }, (_, i) => metadataOf(`k${String(page * 500 + i).padStart(6, '0')}`))
      addPage(root, undefined, { items, prefixes: [], complete: false, next: 'x' })
    }
    const startedMs = performance.now()
    for (let row = 0; row < 10_000; row += 1) tree.row((row * 7919) % 100_000)
    expect(performance.now() - startedMs).toBeLessThan(500)
    expect(label(tree.row(99_999))).toBe('k099999')
    expect(label(tree.row(100_000))).toBe('(more )')
  })
})

describe('over a damaged store', () => {
  /** Pages of two names each; those that cannot be read count. */
  class DamagedKeys extends Keys {
    unreadable: readonly string[] = []
    incomplete = false

    override readonly list = async ({ after }: { after?: string | undefined }): Promise<KeyPage> => {
      this.calls.push({ prefix: '' })
      const rest = this.names.filter((name) => after === undefined || compareKeys(name, after) > 0)
      const shown = rest.slice(0, 2)
      const unreadable = shown.filter((name) => this.unreadable.includes(name))
      const items = shown.filter((name) => !unreadable.includes(name)).map(metadataOf)
      const complete = rest.length <= 2
      const damage = unreadable.length > 0 || this.incomplete ? { unreadable, incomplete: this.incomplete } : undefined
      return { items, prefixes: [], complete, ...(!complete && { next: shown.at(-1) ?? '' }), ...(damage && { damage }) }
    }
  }

  async function damagedTree() {
    const keys = new DamagedKeys(['a', 'b', 'c', 'd', 'e', 'f'])
    keys.unreadable = ['b', 'c', 'd', 'f']
    keys.incomplete = true
    const tree = await treeOf(keys, '', '')
    return { keys, tree }
  }

  it('passes pages without a readable key, and says of all that are loaded what they lack', async () => {
    const { keys, tree } = await damagedTree()
    expect(lackOf(tree.root)).toEqual({ unreadable: 1, names: ['b'], incomplete: true })
    await tree.loadAll(tree.root)
    expect(keys.calls.length).toBe(3)
    expect(labels(tree)).toEqual(['a', 'e'])
    expect(lackOf(tree.root)).toEqual({ unreadable: 4, names: ['b', 'c', 'd'], incomplete: true })
  })

  it('reads each page again once, and shows what was mended', async () => {
    const { keys, tree } = await damagedTree()
    await tree.loadAll(tree.root)
    tree.setSight(0, 10)
    tree.renew(keys as never)
    await settle()
    expect(keys.calls.length).toBe(6)
    expect(labels(tree)).toEqual(['a', 'e'])
    keys.unreadable = []
    keys.incomplete = false
    tree.renew(keys as never)
    await settle()
    expect(lackOf(tree.root)).toBeUndefined()
    expect(labels(tree)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })
})
