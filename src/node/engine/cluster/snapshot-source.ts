import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { encodeChosenSlots } from '../../core/consensus/chosen-slots.ts'
import { logEntryBytes } from '../../core/consensus/log-entry-codec.ts'
import { encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { Slot } from '../../core/consensus/replica-events.ts'
import { framed } from '../../core/wire/framed-pieces.ts'
import type { SnapshotFamily, SnapshotRecord } from '../../core/wire/replica-calls.ts'
import { decodeEntriesQuestion, encodeSnapshotEnd, encodeSnapshotPiece } from '../../core/wire/replica-calls.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { Peer, PeerStream } from '../../ports/transport.ts'
import type { ChangeWatch } from '../consensus/change-watch.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import type { PeerSwitch } from './peer-switch.ts'

export interface SnapshotSourceParts {
  readonly store: RecordStore
  readonly host: ReplicaHost
  readonly limits: Limits
}

const families: readonly SnapshotFamily[] = ['entry', 'outcome']
/** Records read at a time; a piece ends earlier by its bytes. */
const recordsAtOnce = 1000

/**
 * Gives members that are behind what they lack: chosen entries while they are held, else the whole state. A snapshot is read while
 * entries go on being applied; what they change meanwhile is sent again at its end, while none is.
 */
export class SnapshotSource {
  readonly #parts: SnapshotSourceParts

  constructor(parts: SnapshotSourceParts) {
    this.#parts = parts
  }

  /** Before the transport starts. */
  register(peers: PeerSwitch): void {
    peers.onRequest('entries', (peer, body) => this.#entries(peer, body))
    peers.onStream('snapshot', (peer, body, stream, signal) => this.#snapshot(peer, body, stream, signal))
  }

  /** Empty where the first of them is gone. */
  async #entries(peer: Peer, body: Uint8Array): Promise<Uint8Array> {
    const { block, since } = await this.#asked(peer, body)
    const slots: Slot[] = []
    let bytes = 0
    for (const slot of block.chosenFrom(since)) {
      bytes += logEntryBytes(slot.entry)
      if (slots.length > 0 && bytes > this.#parts.limits.catchUpBytesMax) break
      slots.push(slot)
    }
    return encodeChosenSlots(slots)
  }

  async #snapshot(peer: Peer, body: Uint8Array, stream: PeerStream, signal: AbortSignal): Promise<void> {
    const { block, since } = await this.#asked(peer, body)
    // Who asks gives up a state for this one, and may have helped to choose what it holds.
    if (indexOf(block) < since) await block.state.idle()
    if (indexOf(block) < since) throw notHere()
    using changed = block.state.watchChanges()
    for (const family of families) await this.#sendFamily(block.address, family, stream, signal)
    // Read while nothing is applied, and sent when that goes on: a slow reader holds nobody up.
    const rest = await block.state.exclusively(() => this.#rest(block, changed))
    for (const piece of rest) await stream.write(framed(piece))
    stream.end()
  }

  /** What was changed while the rest was read, and the record as of which all of it stands. */
  async #rest(block: HostedBlock, changed: ChangeWatch): Promise<readonly Uint8Array[]> {
    const { record } = block
    if (record === undefined) throw notHere()
    const pieces: Uint8Array[] = []
    let records: SnapshotRecord[] = []
    let bytes = 0
    for (const { family, key } of changed.records) {
      const value = await this.#parts.store.get(family, key)
      records.push({ family, key, value })
      bytes += key.length + (value?.length ?? 0)
      if (records.length < recordsAtOnce && bytes < this.#parts.limits.snapshotPieceBytes) continue
      pieces.push(encodeSnapshotPiece(records))
      records = []
      bytes = 0
    }
    if (records.length > 0) pieces.push(encodeSnapshotPiece(records))
    return [...pieces, encodeSnapshotEnd(encodeBlockRecord(record))]
  }

  async #sendFamily(address: BlockAddress, family: SnapshotFamily, stream: PeerStream, signal: AbortSignal): Promise<void> {
    const before = prefixEnd(address)
    const bounds = { ...(before && { before }), limit: recordsAtOnce, bytesMax: this.#parts.limits.snapshotPieceBytes, signal }
    for (let after: Uint8Array = address; ; ) {
      const found = await this.#parts.store.scan(family, { ...bounds, after })
      const last = found.at(-1)
      if (last === undefined) return
      after = last.key
      await stream.write(framed(encodeSnapshotPiece(found.map(({ key, value }) => ({ family, key, value })))))
    }
  }

  async #asked(peer: Peer, body: Uint8Array): Promise<{ readonly block: HostedBlock; readonly since: number }> {
    const question = decodeEntriesQuestion(body)
    if (question === undefined) throw new CodedError('invalid-argument', 'a question for entries cannot be read')
    if (!peer.rights.store) throw new CodedError('permission-denied', 'this node may not hold blocks')
    const block = await this.#parts.host.open(question.address)
    if (block.record === undefined || block.state.isInstalling) throw notHere()
    return { block, since: question.since }
  }
}

function indexOf({ record }: HostedBlock): number {
  return record === undefined ? -1 : Number(record.committedIndex)
}

function notHere(): CodedError {
  return new CodedError('unavailable', 'this node does not have the state of this block')
}
