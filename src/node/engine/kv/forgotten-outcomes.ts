import type { BlockAddress } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { issuedOfOutcomeKey } from '../../core/consensus/outcome.ts'
import type { RecordStore } from '../../ports/record-store.ts'

const lookedAtOnce = 1000

/** Keys of the outcomes of a block that were issued at or below a stamp: the same at every member that has the same state. */
export async function forgottenOutcomes(
  { store, limits }: { readonly store: RecordStore; readonly limits: Pick<Limits, 'scanRecordsMax'> },
  page: BlockAddress,
  forgetUpTo: bigint,
): Promise<readonly Uint8Array[]> {
  if (forgetUpTo === 0n) return []
  const before = prefixEnd(page)
  const limit = Math.min(lookedAtOnce, limits.scanRecordsMax)
  const keys: Uint8Array[] = []
  for (let after: Uint8Array = page; ; ) {
    const found = await store.scan('outcome', { after, ...(before && { before }), limit, keysOnly: true })
    for (const { key } of found) {
      const issued = issuedOfOutcomeKey(key)
      // They are in the order of their stamps.
      if (issued === undefined || issued > forgetUpTo) return keys
      keys.push(key)
      after = key
    }
    if (found.length < limit) return keys
  }
}
