import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeChosenSlots } from '../../core/consensus/chosen-slots.ts'
import type { Member } from '../../core/consensus/group.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import { acceptedKey, decodeAccepted } from '../../core/consensus/vote-codec.ts'
import { FramedReader } from '../../core/wire/framed-pieces.ts'
import { requestBody, streamBody } from '../../core/wire/peer-body.ts'
import type { SnapshotFamily } from '../../core/wire/replica-calls.ts'
import {
  decodeSnapshotEnd,
  decodeSnapshotPiece,
  encodeEntriesQuestion,
  snapshotMessageBytesMax,
} from '../../core/wire/replica-calls.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { PeerStream, Transport } from '../../ports/transport.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import type { CaughtUp } from '../consensus/replica-link.ts'
import { voteWrite } from '../consensus/vote-writes.ts'

export interface CatchUpParts {
  readonly transport: Transport
  readonly store: RecordStore
  readonly host: ReplicaHost
  readonly limits: Limits
  /** Written down before the state of a block that is whole is replaced, for a start in between. */
  readonly kept: (block: HostedBlock) => Promise<readonly RecordWrite[]>
  /** What travels with an accepted entry, of which nobody else may have enough. */
  readonly carried: (block: HostedBlock, body: Uint8Array) => readonly RecordWrite[]
  /** Told of each block whose state came as a snapshot: what travels with its entries did not. */
  readonly installed: (block: HostedBlock) => void
}

const families: readonly SnapshotFamily[] = ['entry', 'outcome']
const clearedAtOnce = 1000

/** Brings a block of this node to where another member has it. */
export class CatchUp {
  readonly #parts: CatchUpParts

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** Rejects with `unavailable` where the member is not reached, or does not have the block itself. */
  async from(member: Member, address: BlockAddress, since: number, signal: AbortSignal): Promise<CaughtUp> {
    const { transport, host } = this.#parts
    const block = await host.open(address)
    if (!block.state.isInstalling && since > 0) {
      const question = encodeEntriesQuestion({ address, since })
      const slots = decodeChosenSlots(await transport.request(member.nodeId, requestBody('entries', question), { signal }))
      if (slots === undefined) throw new CodedError('internal', 'a node gave entries that cannot be read')
      if (slots[0]?.slot === since) return { kind: 'chosen', slots }
    }
    const wanted = block.state.isInstalling ? Number(block.record?.committedIndex ?? 0n) : since
    const ended = new AbortController()
    const question = streamBody('snapshot', encodeEntriesQuestion({ address, since: wanted }))
    try {
      const stream = await transport.openStream(member.nodeId, question, AbortSignal.any([signal, ended.signal]))
      stream.end()
      const installed = await block.state.replaced(
        wanted,
        async (isWhole) => await this.#begin(block, isWhole),
        async () => await this.#install(block, stream, wanted),
      )
      return installed ?? { kind: 'chosen', slots: [] }
    } finally {
      ended.abort(new CodedError('cancelled', 'nothing more is wanted of a snapshot'))
    }
  }

  /** A state that is being replaced is no state: a crash in between is known by the mark, which goes with the last piece. */
  async #begin(block: HostedBlock, isWhole: boolean): Promise<() => Promise<void>> {
    const { store, kept } = this.#parts
    const writes = isWhole ? await kept(block) : []
    return () => store.commit([...writes, voteWrite(block.address, block.ownPromise, true)], { space: 'reserve' })
  }

  async #install(block: HostedBlock, stream: PeerStream, wanted: number): Promise<CaughtUp> {
    const { store } = this.#parts
    const { address } = block
    for (const family of families) await this.#clear(address, family)
    let end: Uint8Array | undefined
    const reader = new FramedReader(snapshotMessageBytesMax)
    for await (const bytes of stream.pieces) {
      const messages = reader.take(bytes)
      if (messages === undefined) throw new CodedError('internal', 'a snapshot cannot be read')
      for (const message of messages) {
        if (end !== undefined) throw new CodedError('internal', 'a snapshot goes on behind its end')
        end = decodeSnapshotEnd(message)
        if (end === undefined) await this.#take(address, message)
      }
    }
    const record = end && decodeBlockRecord(address, end)
    if (record === undefined || !reader.isBetween) throw new CodedError('unavailable', 'a snapshot broke off')
    const index = Number(record.committedIndex)
    if (index < wanted) throw new CodedError('internal', 'a snapshot is older than what was asked for')
    // A state of another member as this one keeps it: promises are each member's own.
    const own = { ...record, promised: block.ownPromise }
    const put = { kind: 'put', family: 'block', key: address, value: encodeBlockRecord(own) } as const
    const vote = voteWrite(address, block.ownPromise, false)
    await store.commit([put, vote, ...(await this.#acceptedUpTo(block, index))], { space: 'reserve' })
    block.state.installed(own)
    this.#parts.installed(block)
    return { kind: 'installed', index, group: record.group }
  }

  async #take(address: BlockAddress, bytes: Uint8Array): Promise<void> {
    const records = decodeSnapshotPiece(address, bytes)
    if (records === undefined) throw new CodedError('internal', 'a piece of a snapshot cannot be read')
    const writes = records.map(
      ({ family, key, value }): RecordWrite =>
        value === undefined ? { kind: 'delete', family, key } : { kind: 'put', family, key, value },
    )
    if (writes.length > 0) await this.#parts.store.commit(writes)
  }

  async #clear(address: BlockAddress, family: SnapshotFamily): Promise<void> {
    const { store } = this.#parts
    const before = prefixEnd(address)
    for (;;) {
      const found = await store.scan(family, {
        after: address,
        ...(before && { before }),
        limit: clearedAtOnce,
        keysOnly: true,
      })
      if (found.length === 0) return
      await store.commit(
        found.map(({ key }) => ({ kind: 'delete', family, key })),
        { space: 'reserve' },
      )
    }
  }

  /** What was accepted of slots that the state holds. */
  async #acceptedUpTo(block: HostedBlock, index: number): Promise<readonly RecordWrite[]> {
    const { store, carried } = this.#parts
    const { address } = block
    const before = acceptedKey(address, index + 1)
    const found = await store.scan('accepted', { from: address, before, limit: clearedAtOnce })
    // This member was counted among those who have the values of what it accepted: they stay, though it is not applied here.
    for (const { value } of found) {
      const entry = decodeAccepted(value)?.entry
      const writes = entry?.kind === 'change' ? carried(block, entry.body) : []
      if (writes.length > 0) await store.commit(writes, { space: 'reserve' })
    }
    return found.map(({ key }) => ({ kind: 'delete', family: 'accepted', key }))
  }
}
