import { assert } from '../../../shared/assert.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { issuedOfOutcomeKey } from '../../core/consensus/outcome.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import { firstKeptOutcome, outcomesUpTo } from '../outcomes-up-to.ts'

/** Outcomes looked at when a new one is kept, so that a backlog shrinks. */
const outcomesAtOnce = 64

/** Everything that was issued up to an HLC, and the keys of its records. */
export interface ForgottenOutcomes {
  readonly upTo: bigint
  readonly keys: readonly Uint8Array[]
}

export const forgetNothing: ForgottenOutcomes = { upTo: 0n, keys: [] }

/** The outcomes of a block that are past their retention, and the oldest where there is no room for one more. */
export async function outcomesToForget(
  parts: { readonly store: RecordStore; readonly clock: NodeClock; readonly limits: Limits },
  block: Pick<BlockRecord, 'address' | 'outcomeCount' | 'outcomeFloor'>,
): Promise<ForgottenOutcomes> {
  const { address, outcomeCount } = block
  if (outcomeCount === 0) return forgetNothing
  const { store, clock, limits } = parts
  const expired = clock.last - hlcFromMs(limits.outcomeRetentionMs)
  const excess = outcomeCount + 1 - limits.outcomesMax
  const limit = Math.min(Math.max(outcomesAtOnce, 2 * excess), limits.scanRecordsMax)
  const before = prefixEnd(address)
  let damaged = false
  const incomplete = (): void => {
    damaged = true
  }
  const damage = { unreadable: () => undefined, incomplete }
  const found = await store.scan('outcome', {
    from: firstKeptOutcome(block),
    ...(before && { before }),
    limit,
    keysOnly: true,
    damage,
  })
  // Those that it hides would be counted for ever.
  if (damaged) return forgetNothing
  const keys: Uint8Array[] = []
  let upTo = 0n
  for (const { key } of found) {
    const issued = issuedOfOutcomeKey(key)
    assert(issued !== undefined, 'the family holds outcomes only')
    // Outcomes of one stamp go together: at or below the floor none would be found again.
    if (issued >= expired && keys.length >= excess && issued !== upTo) break
    upTo = issued
    keys.push(key)
  }
  if (keys.length === 0) return forgetNothing
  return { upTo, keys: keys.length < limit ? keys : await outcomesUpTo(parts, block, upTo) }
}
