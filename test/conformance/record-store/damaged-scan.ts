import type { RecordStore, ScanOptions } from '../../../src/node/ports/record-store.ts'

/** A scan of entries that goes on behind damage, and what it tells of that. */
export async function damagedScan(store: RecordStore, options: Partial<ScanOptions> = {}) {
  const unreadable: string[] = []
  let incomplete = false
  const damage = {
    unreadable: (key: Uint8Array) => void unreadable.push(Buffer.from(key).toString()),
    incomplete: () => {
      incomplete = true
    },
  }
  const found = await store.scan('entry', { limit: 100, ...options, damage })
  return { keys: found.map(({ key }) => Buffer.from(key).toString()), unreadable, incomplete }
}
