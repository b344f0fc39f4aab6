/** What nodes have on their disks of the default key-value page and of the root. */

import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromBytes } from '../../../src/node/core/base/address.ts'
import { startsWith, toHex } from '../../../src/node/core/base/bytes.ts'
import { decodeText } from '../../../src/node/core/base/text.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import { decodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'

/** The record of the map block of this kind; undefined where the node has none. */
export async function mapRecord(store: RecordStore, page: 'root' | 'key-value'): Promise<BlockRecord | undefined> {
  for (const { key, value } of await store.scan('block', { limit: 1000 })) {
    const address = addressFromBytes(key)
    const record = address && decodeBlockRecord(address, value)
    if (record?.state.kind === 'map' && record.state.head.page === page) return record
  }
  return undefined
}

/** Every entry and outcome of the page, and as of which slot: nodes that agree have the same. */
export async function heldPage(store: RecordStore): Promise<{ readonly index: bigint; readonly records: readonly string[] }> {
  const record = await mapRecord(store, 'key-value')
  if (record === undefined) return { index: -1n, records: [] }
  const records = [...(await recordsOf(store, 'entry', record.address)), ...(await recordsOf(store, 'outcome', record.address))]
  return { index: record.committedIndex, records }
}

/** Names of the root's sections. */
export async function rootSections(store: RecordStore): Promise<readonly string[]> {
  const record = await mapRecord(store, 'root')
  if (record === undefined) return []
  const found = await store.scan('entry', { from: record.address, limit: 1000, keysOnly: true })
  const own = found.filter(({ key }) => startsWith(key, record.address))
  return own.map(({ key }) => decodeText(key.subarray(record.address.length)) ?? toHex(key))
}

async function recordsOf(store: RecordStore, family: 'entry' | 'outcome', address: BlockAddress): Promise<readonly string[]> {
  const found = await store.scan(family, { from: address, limit: 10_000 })
  return found.filter(({ key }) => startsWith(key, address)).map(({ key, value }) => `${family} ${toHex(key)} ${toHex(value)}`)
}
