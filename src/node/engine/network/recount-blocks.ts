import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { prepareAlone } from '../../core/consensus/prepare-alone.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import { countRecords } from '../count-records.ts'
import { writeNetworkRecord } from './network-record.ts'

/** Blocks that are looked at, and changed in one batch, in one step. */
const blocksAtOnce = 256

export interface RecountParts {
  readonly store: RecordStore
  readonly networkId: Uint8Array
  /** The root, which its own recovery writes. */
  readonly root: BlockAddress
  /** With the recovery number that the store's recovery gives. */
  readonly self: Proposer
  readonly signal?: AbortSignal | undefined
}

/**
 * Counts the entries and outcomes of every block of a recovered store and writes those whose counts were wrong: a lost frame may have
 * added or removed records that a block's later record counts. Each batch raises the recovery number with it, so that a store which
 * is recovered again before its network took it back has a higher one than any block here. Returns how many blocks were changed.
 */
export async function recountBlocks({ store, networkId, root, self, signal }: RecountParts): Promise<number> {
  let after: Uint8Array = emptyBytes
  let changed = 0
  for (;;) {
    signal?.throwIfAborted()
    const found = await store.scan('block', { after, limit: blocksAtOnce, ...(signal && { signal }) })
    const writes: RecordWrite[] = []
    for (const { key, value } of found) {
      after = key
      const address = addressFromBytes(key)
      const record = address && decodeBlockRecord(address, value)
      // What cannot be read is told when it is asked for.
      const counted = record === undefined || equalBytes(key, root) ? undefined : await recounted(store, record, signal)
      if (counted === undefined) continue
      const prepared = prepareAlone(counted, self)
      assert(prepared !== undefined, 'a higher recovery number takes over every block of one member')
      const next = { ...prepared, committedIndex: prepared.committedIndex + 1n }
      writes.push({ kind: 'put', family: 'block', key, value: encodeBlockRecord(next) })
    }
    if (writes.length > 0) {
      const numbered = [writeNetworkRecord({ networkId, recovery: self.recovery }), ...writes]
      await store.commit(numbered, { space: 'reserve' })
    }
    changed += writes.length
    if (found.length < blocksAtOnce) return changed
  }
}

/** The record with the counts of what is there; undefined where it has them. */
async function recounted(store: RecordStore, record: BlockRecord, signal?: AbortSignal): Promise<BlockRecord | undefined> {
  const outcomes = await countRecords(store, 'outcome', record.address, signal)
  const outcomesHold = outcomes.records === record.outcomeCount
  if (record.state.kind !== 'map') return outcomesHold ? undefined : { ...record, outcomeCount: outcomes.records }
  const { head } = record.state
  const entries = await countRecords(store, 'entry', record.address, signal)
  if (outcomesHold && entries.records === head.recordCount && entries.bytes === head.recordBytes) return undefined
  const counted = { ...head, recordCount: entries.records, recordBytes: entries.bytes }
  return { ...record, outcomeCount: outcomes.records, state: { kind: 'map', head: counted } }
}
