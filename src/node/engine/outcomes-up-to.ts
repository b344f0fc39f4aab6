import type { BlockAddress } from '../core/base/address.ts'
import { concatBytes, uint64Bytes } from '../core/base/bytes.ts'
import type { Limits } from '../core/base/limits.ts'
import type { BlockRecord } from '../core/consensus/block-record.ts'
import type { RecordStore } from '../ports/record-store.ts'

/**
 * Where the outcomes of a block begin that are kept: everything at or below the floor is gone. Whoever began at the block's address would
 * walk over all that the index still holds of what was removed there.
 */
export function firstKeptOutcome({ address, outcomeFloor }: Pick<BlockRecord, 'address' | 'outcomeFloor'>): Uint8Array {
  return concatBytes(address, uint64Bytes(outcomeFloor + 1n))
}

/**
 * Keys of all outcomes of a block that were issued at this HLC or before: the same at every member that has the same state. Rejects with
 * `data-corrupt` where some may be hidden.
 */
export async function outcomesUpTo(
  { store, limits }: { readonly store: RecordStore; readonly limits: Pick<Limits, 'scanRecordsMax'> },
  block: Pick<BlockRecord, 'address' | 'outcomeFloor'>,
  upTo: bigint,
): Promise<readonly Uint8Array[]> {
  if (upTo <= block.outcomeFloor) return []
  const before = outcomesBehind(block.address, upTo)
  const limit = limits.scanRecordsMax
  const found = await store.scan('outcome', { from: firstKeptOutcome(block), before, limit, keysOnly: true })
  const keys = found.map(({ key }) => key)
  for (let last = keys.at(-1), isWhole = found.length < limit; last !== undefined && !isWhole; last = keys.at(-1)) {
    const more = await store.scan('outcome', { after: last, before, limit, keysOnly: true })
    for (const { key } of more) keys.push(key)
    isWhole = more.length < limit
  }
  return keys
}

/** The first key behind all outcomes of a block that were issued at this HLC or before. */
function outcomesBehind(address: BlockAddress, upTo: bigint): Uint8Array {
  return concatBytes(address, uint64Bytes(upTo + 1n))
}
