import { describe, expect, test } from 'vitest'
import type { RecordStore, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'
import type { Damage, StoreBed, StoreTraits } from './store-bed.ts'
import { bytes, filler, put } from './store-bed.ts'
import { History, judge } from './store-verdict.ts'

async function workload(store: RecordStore, history: History, from: number, batches: number): Promise<void> {
  for (let index = from; index < from + batches; index++) {
    const batch: RecordWrite[] = [
      put('entry', `e/${index}`, filler(60, index)),
      put('block', `b/${index % 5}`, filler(200, index)),
      put('content', `c/${index}`, filler(index % 3 === 0 ? 20_000 : 400, index)),
      put('local', 'last', filler(8, index)),
    ]
    await store.commit(batch)
    history.acknowledged(batch)
  }
}

export function describeFaults(makeBed: () => Promise<StoreBed>, { damages }: StoreTraits): void {
  test('a full disk is answered as one, and nothing is written', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    await store.commit([put('entry', 'a', '1')])
    bed.setFull(true)
    let taken = 0
    let refused: unknown
    for (; refused === undefined && taken < 100; taken++) {
      await store.commit([put('content', `c/${taken}`, filler(200_000, taken))]).catch((error: unknown) => {
        refused = error
      })
    }
    expect(refused).toMatchObject({ code: 'storage-full' })
    expect(await store.has('content', bytes(`c/${taken - 1}`))).toBe(false)
    expect(await store.has('entry', bytes('a'))).toBe(true)
    bed.setFull(false)
    const again = () => store.commit([put('content', 'again', filler(200_000))]).then(() => 'taken', String)
    await expect.poll(again, { timeout: 10_000 }).toBe('taken')
    await expect.poll(() => store.usage().families.content.records).toBe(taken)
    expect((await store.verify()).findings).toEqual([])
  })

  test('after a failed sync nothing is answered, and what was answered before is kept', async () => {
    await using bed = await makeBed()
    let failures = 0
    const store = await bed.open({ events: { failed: () => void failures++ } })
    await store.commit([put('entry', 'kept', '1')])
    bed.failSync()
    const commits = [store.commit([put('entry', 'lost', '1')]), store.commit([put('entry', 'lost/2', '1')])]
    for (const settled of await Promise.allSettled(commits)) expect(settled.status).toBe('rejected')
    expect(failures).toBe(1)
    await expect(store.commit([put('entry', 'later', '1')])).rejects.toMatchObject({ code: 'not-running' })
    await bed.crash()
    await using again = await bed.open()
    expect(again.condition.kind).toBe('sound')
    expect(await again.has('entry', bytes('kept'))).toBe(true)
    expect(await again.has('entry', bytes('later'))).toBe(false)
    expect((await again.verify()).findings).toEqual([])
  })

  describe.each(damages)('damage: $name', (damage) => {
    test(`ends as ${damage.verdict}`, async () => {
      await proveDamage(makeBed, damage)
    })
  })
}

async function proveDamage(makeBed: () => Promise<StoreBed>, damage: Damage): Promise<void> {
  await using bed = await makeBed()
  const history = new History()
  const first = await bed.open()
  await workload(first, history, 0, 40)
  await first.close()
  const second = await bed.open()
  const { storeId } = second.identity
  await workload(second, history, 40, 20)
  if (damage.closed) await second.close()
  else await bed.crash()
  expect(await damage.apply(bed), 'there is something to damage').toBe(true)
  const reported: string[] = []
  const events = { damageFound: ({ finding }: { readonly finding: string }) => void reported.push(finding) }
  const { category, store, detail } = await judge(() => bed.open({ events }), history)
  await using opened = store
  expect(category, detail).not.toBe('stale-until-verify')
  if (damage.verdict === 'sound') expect(category).toBe('equal')
  else if (damage.verdict === 'found') {
    // What was healed is all there, and was reported.
    if (category === 'equal') expect(reported).not.toEqual([])
  } else {
    expect(category).toBe('suspect')
    expect(opened?.identity.storeId).not.toEqual(storeId)
    for (const family of recordFamilies) {
      const refused = await opened?.commit([put(family, 'x', 'y')], { space: 'reserve' }).catch((error: unknown) => error)
      expect(isCoded(refused, 'store-read-only')).toBe(true)
    }
  }
}
