/**
 * A machine of the world: a disk and keys that stay, and a process that comes and goes. The process is the node as it is served, over
 * the ports of the world: one that is gone never answers, hears of no timer, and its disk keeps what was synced.
 */
import { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { createNode } from '../../src/node/compose-node.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import { verifyAtRest } from '../../src/node/engine/verify/verify-at-rest.ts'
import type { Compressor } from '../../src/node/ports/compressor.ts'
import type { NodePorts } from '../../src/node/ports/node-ports.ts'
import type { RecordStore } from '../../src/node/ports/record-store.ts'
import { MemoryVault } from '../support/memory-vault.ts'
import { silentLogger, silentMeter } from '../support/silent.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimClock } from './sim-clock.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface SimHostParts {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly limits: Limits
  readonly byteLimit?: number
  readonly tell: (what: string) => void
}

/** Compressed bytes differ between versions of zstd, and addresses with them. */
const noCompressor: Compressor = { compress: (plain) => plain, decompress: (packed) => packed }
const crypto = new NodeCrypto({ verifyKeysMax: 64 })

export class SimHost {
  readonly disk = new MemoryDisk()
  readonly #vault = new MemoryVault()
  readonly #parts: SimHostParts
  /** How long a sync takes, from and to. */
  syncMs: readonly [number, number] = [0.2, 2]
  skewMs = 0
  /** The process as it runs; undefined while the machine is down or the node is starting. */
  node: StorageNode | undefined
  starts = 0
  #clock: SimClock | undefined
  #gone = Promise.withResolvers<'gone'>()
  /** Called when the process ended by itself, because its disk failed. */
  ended: () => void = () => undefined

  constructor(parts: SimHostParts) {
    this.#parts = parts
    this.disk.scheduleSync = (complete) => {
      const [low, high] = this.syncMs
      const micro = parts.random.between(Math.round(low * 1000), Math.round(high * 1000))
      parts.time.after(micro / 1000, complete)
    }
  }

  /** What a clock says that is right. */
  trueNowMs(): number {
    return new SimClock(this.#parts.time, () => 0).nowMs()
  }

  get isUp(): boolean {
    return this.#clock !== undefined
  }

  /** Resolves when the process that runs now is gone: nothing that was asked of it is answered any more. */
  get gone(): Promise<'gone'> {
    return this.#gone.promise
  }

  async start(): Promise<void> {
    const { time, limits, tell } = this.#parts
    const clock = new SimClock(time, () => this.skewMs)
    this.#clock = clock
    this.starts += 1
    const store = this.#openStore(() => {
      if (this.#clock !== clock) return
      tell('the disk failed, and the process ends')
      this.#end()
      this.ended()
    })
    const node = createNode({ networkName: 'simulated', limits }, this.#portsOver(store, clock))
    try {
      await node.start()
    } catch (error) {
      if (this.#clock !== clock) return
      await node.stop()
      this.#end()
      throw error
    }
    if (this.#clock !== clock) return
    this.node = node
    tell(`serves, start ${this.starts}, ${store.condition.kind}`)
  }

  /** Ends in order: what was admitted is answered. */
  async stop(): Promise<void> {
    const { node } = this
    const clock = this.#clock
    this.node = undefined
    try {
      await node?.stop()
    } catch (error) {
      if (this.#clock === clock) throw error
    }
    // The process may have been gone before, and another one may have come.
    if (this.#clock === clock) this.#end()
  }

  /** Power goes. Of the batches that were written and not synced the disk keeps some, the oldest first, and a part of the next. */
  losePower(options: { readonly keep: number; readonly torn: boolean }): void {
    this.#end()
    this.disk.crash(options)
  }

  /** What is found wrong on the disk of a machine that is down. */
  async findingsAtRest(): Promise<readonly string[]> {
    const { random, limits } = this.#parts
    await using store = openMemoryStore({ random, disk: this.disk })
    const parts = { store, crypto, random, compressor: noCompressor, keyVault: this.#vault, limits }
    return (await verifyAtRest(parts)) ?? []
  }

  #end(): void {
    this.node = undefined
    this.#clock?.end()
    this.#clock = undefined
    this.#gone.resolve('gone')
    this.#gone = Promise.withResolvers()
  }

  #openStore(failed: () => void): RecordStore {
    const { random, limits, byteLimit } = this.#parts
    return openMemoryStore({
      random,
      disk: this.disk,
      limits,
      events: { failed },
      ...(byteLimit !== undefined && { byteLimit }),
    })
  }

  #portsOver(store: RecordStore, clock: SimClock): NodePorts {
    const { random } = this.#parts
    return {
      clock,
      random,
      crypto,
      compressor: noCompressor,
      keyVault: this.#vault,
      store,
      logger: silentLogger,
      meter: silentMeter,
    }
  }
}
