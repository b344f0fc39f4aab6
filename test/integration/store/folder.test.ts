import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storeFormat } from '../../../src/node/adapters/level-store/store-format.ts'
import { put } from '../../conformance/record-store/store-bed.ts'
import { judge } from '../../conformance/record-store/store-verdict.ts'
import type { DamageSource } from './damage-sources.ts'
import { closedSource, crashedSource, journalFrames } from './damage-sources.ts'
import { copyStoreFolder, filesBelow, openLevelStoreAt, recoverLevelStoreAt, temporaryFolder } from './level-bed.ts'

const folder = temporaryFolder('folder')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let closed: DamageSource
let crashed: DamageSource
let copies = 0

beforeAll(async () => {
  closed = await closedSource(join(folder, 'closed'))
  crashed = await crashedSource(join(folder, 'crashed'))
})

function copyOf(source: DamageSource): string {
  const root = join(folder, `copy-${++copies}`)
  copyStoreFolder(source.root, root)
  return root
}

describe('missing files', () => {
  /** What nobody needs: LevelDB's own diary, and the name of the process that had the store open. */
  const dead = /^(index\/LOG(\.old)?|pid)$/

  test.each(['closed', 'crashed'] as const)('each file of a %s store is missed, or was needed by nobody', async (name) => {
    const source = name === 'closed' ? closed : crashed
    const table: Record<string, string> = {}
    for (const file of filesBelow(source.root)) {
      const root = copyOf(source)
      rmSync(join(root, file))
      const reported: string[] = []
      const events = { damageFound: ({ finding }: { readonly finding: string }) => void reported.push(finding) }
      const judged = judge(() => openLevelStoreAt(root, { events }), source.history)
      const { category, store, detail } = await judged.catch((error: unknown) => {
        throw new Error(`without ${file}`, { cause: error })
      })
      await store?.close()
      table[file] = `${category} ${detail}`
      expect(category, `${file}: ${detail}`).not.toBe('stale-until-verify')
      if (dead.test(file)) expect(category, file).toBe('equal')
      if (/^(FORMAT|store|index\/(CURRENT|MANIFEST.*))$/.test(file)) {
        expect(category === 'equal' && reported.length === 0, `${file}: ${detail}`).toBe(false)
      }
      rmSync(root, { recursive: true })
    }
    console.table(table)
  })

  test.each(['journal', 'index'])('a missing folder %s is missed', async (part) => {
    for (const source of [closed, crashed]) {
      const root = copyOf(source)
      renameSync(join(root, part), join(folder, `${part}-${copies}`))
      const { category, store } = await judge(() => openLevelStoreAt(root), source.history)
      await store?.close()
      // An index is built anew from a journal that reaches back to its first frame. Reclaim may have taken the first segment.
      const isWhole = filesBelow(source.root).includes('journal/0000000000000001.seg')
      if (part === 'index' && isWhole) expect(category).toBe('equal')
      else expect(['open-error', 'suspect', 'found-by-verify', 'corrupt-read']).toContain(category)
    }
  })
})

test('a hole in the journal makes the store suspect and read-only under a new id, until it is recovered', async () => {
  const candidates = journalFrames(crashed).filter(({ indexed, last }) => !indexed && !last)
  expect(candidates.length).toBeGreaterThan(10)
  for (const frame of [candidates[0]!, candidates[5]!, candidates.at(-1)!]) {
    const root = copyOf(crashed)
    const path = join(root, frame.file)
    const bytes = readFileSync(path)
    bytes.fill(0, frame.from, frame.to)
    writeFileSync(path, bytes)
    const found: string[] = []
    const store = await openLevelStoreAt(root, { events: { damageFound: ({ finding }) => void found.push(finding) } })
    expect(store.condition.kind).toBe('suspect')
    expect(found.join('\n')).toContain(String(frame.sequence))
    expect(Buffer.compare(store.identity.storeId, crashed.storeId)).not.toBe(0)
    for (const space of ['normal', 'reserve'] as const) {
      await expect(store.commit([put('entry', 'x', 'y')], { space })).rejects.toMatchObject({ code: 'store-read-only' })
    }
    const { storeId } = store.identity
    await store.close()

    const still = await openLevelStoreAt(root)
    expect(still.condition.kind).toBe('suspect')
    expect(Buffer.compare(still.identity.storeId, storeId)).toBe(0)
    await still.close()

    await recoverLevelStoreAt(root)
    const recovered = await openLevelStoreAt(root)
    expect(recovered.condition).toEqual({ kind: 'sound' })
    expect(Buffer.compare(recovered.identity.storeId, crashed.storeId)).not.toBe(0)
    await recovered.commit([put('entry', 'x', 'y')])
    expect((await recovered.verify()).findings).toEqual([])
    await recovered.close()
    await using again = await openLevelStoreAt(root)
    expect(again.condition).toEqual({ kind: 'sound' })
    expect(await again.has('entry', Buffer.from('x'))).toBe(true)
  }
})

test('a sealed segment that is gone with values in it makes the store suspect from the start', async () => {
  const root = join(folder, 'sealed')
  const first = await openLevelStoreAt(root)
  for (let number = 0; number < 40; number++)
    await first.commit([put('content', `value ${number}`, Buffer.alloc(200_000, number))])
  await first.close()
  const sealed =
    readdirSync(join(root, 'journal'))
      .filter((name) => name.endsWith('.seg'))
      .sort()[1] ?? ''
  rmSync(join(root, 'journal', sealed))
  const store = await openLevelStoreAt(root)
  expect(store.condition).toEqual({
    kind: 'suspect',
    findings: [expect.stringMatching(/^journal: segment 2 is missing with \d+ bytes in use$/)],
  })
  await expect(store.commit([put('entry', 'e', 'x')])).rejects.toMatchObject({ code: 'store-read-only' })
  await store.close()
  await recoverLevelStoreAt(root)
  const recovered = await openLevelStoreAt(root)
  expect(recovered.condition).toEqual({ kind: 'sound' })
  await recovered.commit([put('entry', 'e', 'x')])
  await recovered.close()
})

test('a closed store holds no file open, and one that does not open neither', async (context) => {
  if (!existsSync('/proc/self/fd')) context.skip('only Linux tells which files are open')
  const openBelow = (root: string) =>
    readdirSync('/proc/self/fd').filter((descriptor) => {
      const path = join('/proc/self/fd', descriptor)
      return existsSync(path) && readlinkSync(path).startsWith(root)
    })
  const root = copyOf(crashed)
  const store = await openLevelStoreAt(root)
  expect((await store.verify()).findings).toEqual([])
  expect(openBelow(root).length).toBeGreaterThan(0)
  await store.close()
  expect(openBelow(root)).toEqual([])
  for (const file of ['store', 'FORMAT']) {
    const broken = copyOf(crashed)
    writeFileSync(join(broken, file), 'nothing that anybody wrote')
    await expect(openLevelStoreAt(broken)).rejects.toMatchObject({ code: 'store-damaged' })
    expect(openBelow(broken)).toEqual([])
  }
})

test('a newer format is refused with the version that wrote it, and nothing is touched', async () => {
  const root = copyOf(closed)
  const format = JSON.parse(readFileSync(join(root, 'FORMAT'), 'utf8').split('\n')[0] ?? '') as { format: number }
  expect(format.format).toBe(storeFormat)
  writeFileSync(join(root, 'FORMAT'), JSON.stringify({ ...format, format: storeFormat + 1, madeBy: 'memo 99.1.0' }))
  const state = () => [...filesBelow(root), ...readdirSync(root)].map((file) => file)
  const before = state()
  const store = readFileSync(join(root, 'store'))
  const opening = openLevelStoreAt(root)
  await expect(opening).rejects.toMatchObject({ code: 'store-newer-format' })
  await expect(opening).rejects.toThrow('memo 99.1.0')
  expect(state()).toEqual(before)
  expect(readFileSync(join(root, 'store'))).toEqual(store)
})
