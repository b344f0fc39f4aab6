import type { BlockAddress } from '../../core/base/address.ts'
import { encodeContentCopy } from '../../core/block/content-block.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import { encodeEntry } from '../../core/kv/entry.ts'
import type { AppliedBatch, RequestResult } from '../../core/kv/page-apply.ts'
import type { PageChange } from '../../core/kv/page-change.ts'
import { encodeOutcomes } from '../../core/kv/page-outcome.ts'
import { candidateKey, candidateReason, entryKey } from '../../core/kv/record-keys.ts'
import type { RecordWrite } from '../../ports/record-store.ts'

const isNew = { isNew: true } as const

/**
 * What a batch writes beside the record of its page. `held`: the entries before it, by the text of their keys; `isFirst`: nobody can have
 * brought its values before.
 */
export function pageWrites(
  page: BlockAddress,
  applied: AppliedBatch,
  changes: readonly PageChange[],
  held: ReadonlySet<string>,
  forgotten: readonly Uint8Array[],
  hlc: bigint,
  isFirst: boolean,
): RecordWrite[] {
  const writes: RecordWrite[] = []
  const fresh = isFirst ? isNew : undefined
  for (const [index, change] of changes.entries()) addValues(writes, change, applied.results[index], hlc, fresh)
  for (const [text, { key, entry }] of applied.entries) {
    const name = entryKey(page, key)
    if (entry === undefined) writes.push({ kind: 'delete', family: 'entry', key: name })
    else {
      const value = encodeEntry(entry)
      const put = { kind: 'put', family: 'entry', key: name, value } as const
      writes.push(held.has(text) ? put : { ...put, isNew: true })
    }
  }
  for (const { due, address, key } of applied.candidates) {
    writes.push({
      kind: 'put',
      family: 'collect',
      key: candidateKey(due, address),
      value: candidateReason(page, key),
      ...fresh,
    })
  }
  for (const key of forgotten) writes.push({ kind: 'delete', family: 'outcome', key })
  // Of requests that were decided before, nothing is kept anew.
  for (const kept of applied.outcomes) {
    writes.push({ kind: 'put', family: 'outcome', key: outcomeKey(page, kept.requestId), value: encodeOutcomes(kept), ...isNew })
  }
  return writes
}

/** The values that travel with changes, as stored by who does not apply them. */
export function carriedValues(
  page: BlockAddress,
  changes: readonly PageChange[],
  hlc: bigint,
  graceSpan: bigint,
): readonly RecordWrite[] {
  return changes.flatMap(({ operations }) =>
    operations.flatMap((operation): RecordWrite[] => {
      if (operation.kind !== 'put') return []
      const { key, value } = operation
      const { block } = value
      if (block === undefined) return []
      return [
        { kind: 'put', family: 'content', key: block.address, value: encodeContentCopy(block, hlc) },
        {
          kind: 'put',
          family: 'collect',
          key: candidateKey(hlc + graceSpan, block.address),
          value: candidateReason(page, key.bytes),
        },
      ]
    }),
  )
}

/** The values of the puts that this turn carried out. One that met a conflict leaves nothing, or keeps its candidates. */
function addValues(
  writes: RecordWrite[],
  change: PageChange,
  result: RequestResult | undefined,
  hlc: bigint,
  fresh: typeof isNew | undefined,
): void {
  if (result?.kind !== 'decided' || result.repeated) return
  let place = 0
  for (const operation of change.operations) {
    if (result.outcomes[place++]?.kind !== 'done' || operation.kind !== 'put') continue
    const { block, settles } = operation.value
    if (block !== undefined) {
      writes.push({ kind: 'put', family: 'content', key: block.address, value: encodeContentCopy(block, hlc), ...fresh })
    }
    for (const key of settles) writes.push({ kind: 'delete', family: 'collect', key })
  }
}
