import { addressBytes, addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes, startsWith, toHex } from '../../core/base/bytes.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Member } from '../../core/consensus/group.ts'
import { isMember } from '../../core/consensus/group.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { decodeVote, slotOfAcceptedKey } from '../../core/consensus/vote-codec.ts'
import type { RecordFamily, RecordStore, StoredRecord } from '../../ports/record-store.ts'

/** What a data directory holds of a network's mutable blocks, in numbers. */
export interface BlockSurvey {
  /** Blocks with a record. */
  readonly blocks: number
  /** Of these, those of which no member can have decided anything without this one: it has their newest state. */
  readonly certain: number
  /** Of which others may have decided more than this one has heard of. */
  readonly uncertain: number
  /** That this node held before, or was learning: copies that are behind, or may be. */
  readonly former: number
  /** Whose state was being fetched, or cannot be read: nothing of them can be taken back. */
  readonly unusable: number
  /** Entries that were accepted here and are not known to be chosen; each is adopted. */
  readonly accepted: number
  /** Blocks without a record whose birth is among them. */
  readonly births: number
  /** Entries that this node knows to be decided, over all blocks. */
  readonly decided: bigint
  /** HLC of the newest change of a map block; 0 without one. */
  readonly newestChange: bigint
}

const recordsAtOnce = 256

/** Reads every block's record, vote and accepted entries. */
export async function surveyBlocks(store: RecordStore, self: Member, signal?: AbortSignal): Promise<BlockSurvey> {
  const installing = await installingBlocks(store, signal)
  const counts = { blocks: 0, certain: 0, uncertain: 0, former: 0, unusable: 0 }
  let [decided, newestChange] = [0n, 0n]
  for await (const { key, value } of records(store, 'block', signal)) {
    const address = addressFromBytes(key)
    const record = address && decodeBlockRecord(address, value)
    counts.blocks++
    if (record === undefined || installing.has(toHex(key))) {
      counts.unusable++
      continue
    }
    counts[certaintyOf(record, self)]++
    decided += record.committedIndex + 1n
    const revision = record.state.kind === 'map' ? record.state.head.revisionFloor : 0n
    if (revision > newestChange) newestChange = revision
  }
  return { ...counts, ...(await acceptedEntries(store, signal)), decided, newestChange }
}

/** A write needs a majority, which of a group of two is both. */
function certaintyOf({ group }: BlockRecord, self: Member): 'certain' | 'uncertain' | 'former' {
  if (!isMember(group, self)) return 'former'
  return group.members.length <= 2 ? 'certain' : 'uncertain'
}

async function installingBlocks(store: RecordStore, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const installing = new Set<string>()
  for await (const { key, value } of records(store, 'vote', signal)) {
    if (decodeVote(value)?.installing !== false) installing.add(toHex(key))
  }
  return installing
}

async function acceptedEntries(store: RecordStore, signal?: AbortSignal): Promise<Pick<BlockSurvey, 'accepted' | 'births'>> {
  let [accepted, births] = [0, 0]
  let last: { readonly address: Uint8Array; readonly committed: bigint } | undefined
  for await (const { key } of records(store, 'accepted', signal, true)) {
    const address = key.subarray(0, addressBytes)
    if (last === undefined || !startsWith(key, last.address)) {
      const found = addressFromBytes(address)
      const bytes = found && (await store.get('block', found))
      const record = found && bytes && decodeBlockRecord(found, bytes)
      last = { address, committed: record?.committedIndex ?? -1n }
      if (bytes === undefined) births++
    }
    if (BigInt(slotOfAcceptedKey(key) ?? -1) > last.committed) accepted++
  }
  return { accepted, births }
}

async function* records(
  store: RecordStore,
  family: RecordFamily,
  signal?: AbortSignal,
  keysOnly?: true,
): AsyncGenerator<StoredRecord> {
  for (let after: Uint8Array = emptyBytes; ; ) {
    signal?.throwIfAborted()
    const found = await store.scan(family, {
      after,
      limit: recordsAtOnce,
      ...(keysOnly && { keysOnly }),
      ...(signal && { signal }),
    })
    for (const record of found) {
      after = record.key
      yield record
    }
    if (found.length < recordsAtOnce) return
  }
}
