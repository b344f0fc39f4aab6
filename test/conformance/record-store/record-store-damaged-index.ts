import { expect, test } from 'vitest'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { isHidden } from '../../../src/shared/hidden-record.ts'
import { damagedScan } from './damaged-scan.ts'
import type { StoreBed } from './store-bed.ts'
import { bytes, filler, put, remove } from './store-bed.ts'

const names = Array.from({ length: 60 }, (_, index) => `e/${String(index).padStart(2, '0')}`)
/** Bytes that no table packs, and that a bed finds in its files. */
const valueAt = (index: number) => filler(500, index + 1)

/** A store whose index holds everything, and nothing of it is in memory. */
async function indexed(bed: StoreBed): Promise<RecordStore> {
  const store = await bed.open()
  await store.commit(names.map((name, index) => put('entry', name, valueAt(index))))
  await store.close()
  // The second start carries what the first one left in a log into a table.
  await (await bed.open()).close()
  return await bed.open()
}

export function describeDamagedIndex(makeBed: () => Promise<StoreBed>): void {
  test('a scan goes on behind a record that does not verify, names it, and throws for those who are not told', async () => {
    await using bed = await makeBed()
    await using store = await indexed(bed)
    for (const index of [20, 21, 40]) bed.spoilRecord('entry', bytes(names[index]!), valueAt(index))
    const spoilt = ['e/20', 'e/21', 'e/40']
    const others = names.filter((name) => !spoilt.includes(name))
    expect(await damagedScan(store)).toEqual({ keys: others, unreadable: spoilt, incomplete: false })
    const reverse = await damagedScan(store, { reverse: true })
    expect(reverse).toEqual({ keys: others.toReversed(), unreadable: spoilt.toReversed(), incomplete: false })
    const cut = await damagedScan(store, { from: bytes('e/19'), limit: 3 })
    expect(cut, 'they count for the limit').toEqual({ keys: ['e/19'], unreadable: ['e/20', 'e/21'], incomplete: false })
    expect((await damagedScan(store, { keysOnly: true })).keys).toEqual(names)
    await expect(store.scan('entry', { limit: 100 })).rejects.toMatchObject({ code: 'data-corrupt' })
    expect(store.indexDamage).toBeUndefined()
  })

  test('over an index that is known to be damaged a miss is data-corrupt, unless memory says that the record was removed', async () => {
    await using bed = await makeBed()
    await using store = await indexed(bed)
    expect(await store.get('entry', bytes('none'))).toBeUndefined()
    expect(await store.has('entry', bytes('none'))).toBe(false)
    await bed.damageIndex(bytes(names[30]!), valueAt(30))
    expect(store.indexDamage).toMatchObject({ code: 'data-corrupt' })
    const reads = [async () => store.get('entry', bytes('none')), async () => store.has('entry', bytes('none'))]
    for (const read of reads) {
      const error: unknown = await read().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'data-corrupt' })
      expect(isHidden(error)).toBe(true)
    }
    await expect(store.commit([put('entry', 'new', 'x')])).rejects.toMatchObject({ code: 'data-corrupt' })
    await store.commit([remove('entry', names[0]!)])
    expect(await store.get('entry', bytes(names[0]!))).toBeUndefined()
    expect(await store.has('entry', bytes(names[0]!))).toBe(false)
    await store.commit([put('local', 'own', 'x')], { space: 'reserve' })
    expect(await store.has('local', bytes('own'))).toBe(true)
    const { keys, unreadable, incomplete } = await damagedScan(store)
    expect(incomplete).toBe(true)
    expect(keys).toEqual(names.filter((name) => keys.includes(name)))
    expect(keys.length + unreadable.length).toBeLessThanOrEqual(59)
    expect(keys).toEqual(expect.arrayContaining([names[1], names[59]]))
  })
}
