import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyPageSchema, scanPageSchema } from '../../../src/ipc/contract/key-schemas.ts'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import { listKeys, scanKeys } from '../../../src/node/api/control/kv-pages.ts'
import { entryKey } from '../../../src/node/core/kv/record-keys.ts'
import { call, KeyValueWorld, text } from '../../support/key-value-world.ts'

let world: KeyValueWorld

beforeEach(async () => {
  world = await KeyValueWorld.make()
})

afterEach(async () => {
  await world.close()
})

async function fill(keys: readonly string[], contentType = ''): Promise<void> {
  const options = { precondition: { kind: 'any' }, contentType } as const
  for (let at = 0; at < keys.length; at += 500) {
    const batch = keys.slice(at, at + 500).map((key) => ({ kind: 'put', key, value: new Uint8Array(1), options }) as const)
    await world.kv.batch('', batch, call)
  }
}

function numbered(count: number, name: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => name(index))
}

const bytesOf = (page: object): number => Buffer.byteLength(JSON.stringify(page))

describe('listKeys', () => {
  it('gives every key once over all pages, none above its limits', async () => {
    const keys = numbered(1203, (index) => `k/${String(index).padStart(5, '0')}`)
    await fill(keys)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = keyPageSchema.parse(await listKeys(world.kv, { prefix: 'k/', delimiter: '', limit: 500, after }, call))
      expect(page.items.length).toBeLessThanOrEqual(500)
      expect(page.complete).toBe(page.next === undefined)
      seen.push(...page.items.map(({ key }) => key))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(keys)
  })

  it('keeps a page of long keys and content types within its bytes', async () => {
    const keys = numbered(300, (index) => `${String(index).padStart(4, '0')}${'x'.repeat(900)}`)
    await fill(keys, 't'.repeat(255))
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await listKeys(world.kv, { prefix: '', delimiter: '', limit: 500, after }, call)
      const texts = page.items.reduce((sum, row) => sum + row.key.length + row.contentType.length + 168, 0)
      expect(texts).toBeLessThanOrEqual(wireLimits.pageBytesMax)
      expect(page.items.length).toBeGreaterThan(100)
      seen.push(...page.items.map(({ key }) => key))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(keys)
  })

  it('collapses folders and goes on behind them', async () => {
    await fill(numbered(50, (index) => `f${index % 5}/${index}`))
    const first = await listKeys(world.kv, { prefix: '', delimiter: '/', limit: 3 }, call)
    expect(first).toMatchObject({ items: [], prefixes: ['f0/', 'f1/', 'f2/'], complete: false })
    const rest = await listKeys(world.kv, { prefix: '', delimiter: '/', limit: 3, after: first.next }, call)
    expect(rest).toMatchObject({ prefixes: ['f3/', 'f4/'], complete: true })
  })

  it('refuses a place that is none', async () => {
    const asked = listKeys(world.kv, { prefix: '', delimiter: '', limit: 3, after: 'nonsense' }, call)
    await expect(asked).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('scanKeys', () => {
  it('finds without regard to case, in bounded steps', async () => {
    const keys = numbered(
      wireLimits.scanKeysMax + 1500,
      (index) => `k${String(index).padStart(6, '0')}${index % 1000 === 999 ? '-Hit' : ''}`,
    )
    await fill(keys)
    const first = scanPageSchema.parse(await scanKeys(world.kv, { prefix: 'k', contains: 'hIT' }, call))
    expect(first).toMatchObject({ scanned: wireLimits.scanKeysMax, complete: false })
    expect(first.items).toHaveLength(10)
    const rest = await scanKeys(world.kv, { prefix: 'k', contains: 'hIT', after: first.next }, call)
    expect(rest).toMatchObject({ scanned: 1500, complete: true })
    expect([...first.items, ...rest.items].map(({ key }) => key)).toEqual(keys.filter((key) => key.endsWith('-Hit')))
  })

  it('ends a step when its page is full, and goes on with the next match', async () => {
    const keys = numbered(1200, (index) => `key-${String(index).padStart(5, '0')}`)
    await fill(keys)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await scanKeys(world.kv, { prefix: '', contains: 'KEY', after }, call)
      expect(page.items.length).toBeLessThanOrEqual(wireLimits.pageRowsMax)
      expect(bytesOf(page)).toBeLessThan(wireLimits.pageBytesMax)
      seen.push(...page.items.map(({ key }) => key))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(keys)
  })

  it('refuses a place that is none', async () => {
    const asked = scanKeys(world.kv, { prefix: '', contains: 'a', after: '_w' }, call)
    await expect(asked).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('over entries that cannot be read', () => {
  const spoil = (keys: readonly string[]) => {
    for (const key of keys) expect(world.disk.flipBit('entry', entryKey(world.page, text(key)), 20)).toBe(true)
  }

  it('lists the others and names them', async () => {
    await fill(['a', 'b', 'c'])
    spoil(['b'])
    const page = keyPageSchema.parse(await listKeys(world.kv, { prefix: '', delimiter: '', limit: 2 }, call))
    expect(page).toMatchObject({ complete: false, damage: { unreadable: ['b'], incomplete: false } })
    expect(page.items.map(({ key }) => key)).toEqual(['a'])
  })

  it('a search passes pages that hold nothing else, and counts them', async () => {
    const keys = numbered(2300, (index) => `k/${String(index).padStart(5, '0')}`)
    await fill(keys)
    spoil(keys.slice(100, 2250))
    const page = scanPageSchema.parse(await scanKeys(world.kv, { prefix: '', contains: 'k/' }, call))
    expect(page).toMatchObject({ complete: true, scanned: 2300, damage: { unreadable: 2150, incomplete: false } })
    expect(page.items.map(({ key }) => key)).toEqual([...keys.slice(0, 100), ...keys.slice(2250)])
  })
})
