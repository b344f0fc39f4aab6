import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import { areOfTwoProcesses, encodeNodeRecord, isGenuineNodeRecord, newerRecord } from '../../core/access/node-record.ts'
import { equalBytes, toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { KnownNode } from '../../core/overlay/known-node.ts'
import { knownWith, markIn } from '../../core/overlay/known-node.ts'
import type { RolledBack } from '../../core/overlay/life-mark.ts'
import { lossOf } from '../../core/overlay/life-mark.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { Transport } from '../../ports/transport.ts'
import { KnownNodesFile } from './known-nodes-file.ts'

export interface NodeDirectoryParts {
  readonly store: RecordStore
  readonly crypto: Crypto
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly networkId: Uint8Array
  readonly ownNodeId: Uint8Array
  readonly transport: Pick<Transport, 'learn'>
  /** Whether the placement map names the node. */
  isOfNetwork(nodeId: Uint8Array): boolean
}

/** How a record came: the node itself showed it in a hello that was judged well, or somebody passed it on. */
export type RecordSource = 'hello' | 'gossip'

export type RecordVerdict =
  /** Taken. `anotherStore`: the node runs on another data directory than before, so its starts are counted anew. */
  | { readonly kind: 'news'; readonly anotherStore: boolean }
  /** The one that is here. */
  | { readonly kind: 'known' }
  /** Superseded by what is here, and therefore not even verified. */
  | { readonly kind: 'older' }
  | { readonly kind: 'rolled-back'; readonly notice: RolledBack }
  /** Not taken: another process of the node, with a copy of its directory, said what is here. */
  | { readonly kind: 'copied'; readonly known: SignedNodeRecord }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'forged' }
  | { readonly kind: 'full' }

/**
 * The newest verified record of each other node of the network. The transport learns from it where they are, and it outlives a restart,
 * so that a node that starts again finds its peers without being told.
 */
export class NodeDirectory implements AsyncDisposable {
  readonly #parts: NodeDirectoryParts
  readonly #file: KnownNodesFile
  /** By the node id in hex. */
  readonly #nodes = new Map<string, KnownNode>()

  constructor(parts: NodeDirectoryParts) {
    this.#parts = parts
    this.#file = new KnownNodesFile({ ...parts, read: (key) => this.#nodes.get(key) })
  }

  /** Reads what was kept. A node that has no place any more is forgotten. */
  async start(): Promise<void> {
    const { networkId, crypto } = this.#parts
    for (const { nodeId, known } of await this.#file.load()) {
      const key = toHex(nodeId)
      const { record } = known
      if (this.#nodes.has(key)) continue
      const isGood = equalBytes(record.nodeId, nodeId) && isGenuineNodeRecord(crypto, networkId, record)
      if (isGood && this.#mayHold(nodeId)) this.#put(key, known)
      else this.#file.note(key)
    }
  }

  /** Writes what was learnt last. Idempotent. */
  async stop(): Promise<void> {
    await this.#file.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get size(): number {
    return this.#nodes.size
  }

  get(nodeId: Uint8Array): SignedNodeRecord | undefined {
    return this.#nodes.get(toHex(nodeId))?.record
  }

  /** Whether this very record is here, so that it need not be verified again. */
  holds(record: SignedNodeRecord): boolean {
    const known = this.get(record.nodeId)
    // A forger may keep the signature of what it changes.
    return known !== undefined && equalBytes(encodeNodeRecord(known), encodeNodeRecord(record))
  }

  *records(): Generator<SignedNodeRecord> {
    for (const { record } of this.#nodes.values()) yield record
  }

  /** Takes a record of another node where it is genuine and the newest. It keeps the record, whose bytes must not be shared. */
  take(record: SignedNodeRecord, source: RecordSource): RecordVerdict {
    const { limits } = this.#parts
    const key = toHex(record.nodeId)
    const known = this.#nodes.get(key)
    if (!this.#parts.isOfNetwork(record.nodeId)) return { kind: 'stranger' }
    if (this.holds(record)) return { kind: 'known' }
    const mark = known && markIn(known, record)
    const notice = mark && lossOf(mark, record, source === 'hello')
    const isNewer = known === undefined || newerRecord(record, known.record) === record
    const isCopy = known !== undefined && areOfTwoProcesses(known.record, record)
    if (!isNewer && notice === undefined && !isCopy) return { kind: 'older' }
    if (source !== 'hello' && !isGenuineNodeRecord(this.#parts.crypto, this.#parts.networkId, record)) return { kind: 'forged' }
    if (notice !== undefined) return { kind: 'rolled-back', notice }
    if (isCopy) return { kind: 'copied', known: known.record }
    if (!this.#mayHold(record.nodeId)) return { kind: 'full' }
    const anotherStore = known !== undefined && !equalBytes(known.record.storeId, record.storeId)
    this.#put(key, knownWith(known, record, limits.directoryStoresMax))
    this.#file.note(key)
    return { kind: 'news', anotherStore }
  }

  /** The ids of those that lost their place, which are not dialled any more. */
  forgetStrangers(): readonly Uint8Array[] {
    const forgotten: Uint8Array[] = []
    for (const [key, { record }] of this.#nodes) {
      if (this.#parts.isOfNetwork(record.nodeId)) continue
      this.#nodes.delete(key)
      this.#file.note(key)
      this.#parts.transport.learn(record.nodeId, [])
      forgotten.push(record.nodeId)
    }
    return forgotten
  }

  #mayHold(nodeId: Uint8Array): boolean {
    const { limits, ownNodeId, isOfNetwork } = this.#parts
    if (equalBytes(nodeId, ownNodeId) || !isOfNetwork(nodeId)) return false
    return this.#nodes.has(toHex(nodeId)) || this.#nodes.size < limits.directoryNodesMax
  }

  #put(key: string, known: KnownNode): void {
    this.#nodes.set(key, known)
    this.#parts.transport.learn(known.record.nodeId, known.record.endpoints)
  }
}
