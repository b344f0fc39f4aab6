import { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import type { MemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { PromMeter } from '../../src/node/adapters/prom-meter/prom-meter.ts'
import { SystemRandom } from '../../src/node/adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { createNode } from '../../src/node/compose-node.ts'
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { RequestId } from '../../src/node/core/base/request-id.ts'
import type { BlockRecord } from '../../src/node/core/consensus/block-record.ts'
import { decodeBlockRecord } from '../../src/node/core/consensus/record-codec.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import { verifyAtRest } from '../../src/node/engine/verify/verify-at-rest.ts'
import type { NodePorts } from '../../src/node/ports/node-ports.ts'
import type { RecordStore } from '../../src/node/ports/record-store.ts'
import { assert } from '../../src/shared/assert.ts'
import { ManualClock } from './key-value-world.ts'
import { MemoryVault } from './memory-vault.ts'
import { silentLogger } from './silent.ts'

export interface NodeWorldOptions {
  readonly limits?: Partial<Limits>
  readonly byteLimit?: number
  /** Between the store and the node. */
  readonly wrap?: (store: RecordStore) => RecordStore
  readonly keysChanged?: (keys: Iterable<string>) => void
}

const crypto = new NodeCrypto({ verifyKeysMax: 16 })
const random = new SystemRandom()

/** A whole node on a memory disk that can be stopped, crashed and started again. */
export class NodeWorld {
  readonly disk = new MemoryDisk()
  readonly clock = new ManualClock()
  readonly vault = new MemoryVault()
  readonly limits: Limits
  readonly #options: NodeWorldOptions
  readonly #session = random.bytes(16)
  #issued = 0n
  #node: StorageNode | undefined
  #store: MemoryStore | undefined

  constructor(options: NodeWorldOptions = {}) {
    this.#options = options
    this.limits = { ...defaultLimits, ...options.limits }
  }

  static async start(options: NodeWorldOptions = {}): Promise<NodeWorld> {
    const world = new NodeWorld(options)
    await world.start()
    return world
  }

  get node(): StorageNode {
    if (this.#node === undefined) throw new Error('the world is not started')
    return this.#node
  }

  get blocks() {
    return this.node.blocks
  }

  get store(): MemoryStore {
    if (this.#store === undefined) throw new Error('the world is not started')
    return this.#store
  }

  async start(): Promise<void> {
    const { byteLimit, wrap = (store) => store } = this.#options
    const { disk, limits, clock, vault: keyVault } = this
    this.#store = openMemoryStore({ random, disk, limits, ...(byteLimit !== undefined && { byteLimit }) })
    const ports: NodePorts = {
      clock,
      random,
      crypto,
      compressor: new ZstdCompressor(),
      keyVault,
      store: wrap(this.#store),
      logger: silentLogger,
      meter: new PromMeter({ processMetrics: false }),
    }
    this.#node = createNode({ networkName: 'test', limits, keysChanged: this.#options.keysChanged }, ports)
    await this.#node.start()
  }

  async restart(): Promise<void> {
    await this.node.stop()
    await this.start()
  }

  /** Power goes: what was not synced is lost but for `keep` batches. */
  async crash(options: { readonly keep?: number; readonly torn?: boolean } = {}): Promise<void> {
    this.disk.crash(options)
    await this.start()
  }

  /** What is found wrong in the store of the stopped node, which that changes in nothing. */
  async findingsAtRest(): Promise<readonly string[] | undefined> {
    const { disk, vault: keyVault, limits } = this
    await using store = openMemoryStore({ random, disk })
    const before = store.usage().syncedPosition
    const findings = await verifyAtRest({ store, crypto, random, compressor: new ZstdCompressor(), keyVault, limits })
    assert(store.usage().syncedPosition === before, 'nothing is written')
    return findings
  }

  /** A caller's request id that was not used before. */
  nextId(): RequestId {
    return { session: this.#session, sequence: ++this.#issued, issued: (BigInt(this.clock.nowMs()) << 16n) + this.#issued }
  }

  recordOf(address: BlockAddress): BlockRecord | undefined {
    const bytes = this.store.get('block', address)
    return bytes && decodeBlockRecord(address, bytes)
  }
}
