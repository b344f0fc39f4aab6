/**
 * A machine of the world: a disk and keys that stay, and a process that comes and goes. The process is the node as it is served, over
 * the ports of the world: one that is gone never answers, hears of no timer, and its disk keeps what was synced.
 */
import { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import type { MemoryNetwork } from '../../src/node/adapters/memory-transport/memory-network.ts'
import { MemoryTransport } from '../../src/node/adapters/memory-transport/memory-transport.ts'
import { createNode } from '../../src/node/compose-node.ts'
import { nodeIdOf } from '../../src/node/core/access/user-keys.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import type { RecoveryRecord } from '../../src/node/core/overlay/recovery-record.ts'
import { Deadline } from '../../src/node/engine/deadline.ts'
import { forceRecovery } from '../../src/node/engine/network/force-recovery.ts'
import { joinNetwork } from '../../src/node/engine/network/join-network.ts'
import { loadUserKeys, makeNodeKeys } from '../../src/node/engine/network/node-keys.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import { verifyAtRest } from '../../src/node/engine/verify/verify-at-rest.ts'
import type { Compressor } from '../../src/node/ports/compressor.ts'
import type { Crypto } from '../../src/node/ports/crypto.ts'
import type { NodePorts } from '../../src/node/ports/node-ports.ts'
import type { RecordStore, RecordWrite } from '../../src/node/ports/record-store.ts'
import type { Transport, TransportEvents } from '../../src/node/ports/transport.ts'
import { assert } from '../../src/shared/assert.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import { MemoryVault } from '../support/memory-vault.ts'
import { silentLogger, silentMeter } from '../support/silent.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimClock } from './sim-clock.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface SimHostParts {
  readonly name: string
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly limits: Limits
  readonly crypto: Crypto
  readonly byteLimit?: number
  /** What its process reaches others over. */
  readonly network?: { readonly between: MemoryNetwork; readonly watched: (transport: Transport) => Transport }
  readonly tell: (what: string) => void
  /** Told of what a store was asked to write, once it is durable. */
  readonly written?: (host: SimHost, writes: readonly RecordWrite[]) => void
}

/** Compressed bytes differ between versions of zstd, and addresses with them. */
const noCompressor: Compressor = { compress: (plain) => plain, decompress: (packed) => packed }
const joinTimeoutMs = 3000
const silentEvents: TransportEvents = {
  sessionBegan: () => undefined,
  sessionEnded: () => undefined,
  helloRefused: () => undefined,
  dialFailed: () => undefined,
  messageDropped: () => undefined,
}

export class SimHost {
  readonly disk = new MemoryDisk()
  readonly #vault = new MemoryVault()
  readonly #parts: SimHostParts
  /** How long a sync takes, from and to. */
  syncMs: readonly [number, number] = [0.2, 2]
  skewMs = 0
  /** The process as it runs; undefined while the machine is down or the node is starting. */
  node: StorageNode | undefined
  /** Of the process as it runs. */
  store: RecordStore | undefined
  starts = 0
  /** Its node is of the network. */
  isMember = false
  /** Nobody starts it by itself. */
  isLost = false
  #clock: SimClock | undefined
  #gone = Promise.withResolvers<'gone'>()
  /** What waits for a process that is paused. */
  #held: (() => void)[] | undefined
  /** Called when the process ended by itself, because its disk failed. */
  ended: () => void = () => undefined

  constructor(parts: SimHostParts) {
    this.#parts = parts
    this.disk.scheduleSync = (complete) => {
      const [low, high] = this.syncMs
      const micro = parts.random.between(Math.round(low * 1000), Math.round(high * 1000))
      parts.time.after(micro / 1000, () => this.happen(complete))
    }
  }

  get name(): string {
    return this.#parts.name
  }

  get endpoint(): string {
    return `${this.#parts.name}:1`
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
    const { limits, tell } = this.#parts
    const clock = this.#begin()
    this.starts += 1
    const store = this.#openStore(() => {
      if (this.#clock !== clock) return
      tell('the disk failed, and the process ends')
      this.#end()
      this.ended()
    })
    const transport = this.#parts.network === undefined ? undefined : await this.#transportOver(clock)
    const node = createNode({ networkName: 'simulated', limits }, { ...this.#portsOver(store, clock), transport })
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
    this.store = store
    this.isMember = true
    tell(`serves, start ${this.starts}, ${store.condition.kind}`)
  }

  /** Makes its empty disk one of a node of the network. Rejects as `joinNetwork` does. */
  async join(link: string): Promise<void> {
    const { limits, name, tell } = this.#parts
    const clock = this.#begin()
    const store = this.#openStore(() => undefined)
    const transport = await this.#transportOver(clock)
    using deadline = new Deadline(clock, joinTimeoutMs, new AbortController().signal)
    const facts = { machineName: name, endpoints: [this.endpoint], zone: '', labels: [], software: '' }
    try {
      await joinNetwork({ ...this.#portsOver(store, clock), transport, limits }, { link, ...facts }, deadline.signal)
      tell('joined')
    } finally {
      await transport.stop()
      await store.close()
      this.#end()
    }
  }

  get isPaused(): boolean {
    return this.#held !== undefined
  }

  /** Nothing happens in the process, as where its machine has no time for it. What comes meanwhile waits for it. */
  pause(): void {
    this.#held ??= []
  }

  /** It goes on, with one thing after the other. */
  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const run of held) this.#parts.time.after(0, () => this.happen(run))
  }

  /** Runs it now, or when the process goes on. */
  readonly happen = (run: () => void): void => {
    if (this.#held === undefined) run()
    else this.#held.push(run)
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

  /** Recovers its network by force with its disk as the only survivor. Rejects where power goes meanwhile. */
  async recover(administrator?: SimHost): Promise<RecoveryRecord> {
    const { limits, random, crypto, tell } = this.#parts
    const clock = this.#begin()
    const store = this.#openStore(() => undefined)
    try {
      const keys = await makeNodeKeys({ keyVault: this.#vault, crypto, random })
      const by = administrator && (await loadUserKeys({ keyVault: administrator.#vault, crypto })).signing
      const parts = { ...this.#portsOver(store, clock), limits, keys, administrator: by }
      const recovered = await Promise.race([forceRecovery(parts), this.gone])
      if (recovered === 'gone') throw new CodedError('not-running', 'power went during the recovery')
      tell(`recovered by force, recovery ${recovered.proof.number}`)
      return recovered
    } finally {
      if (this.#clock === clock) {
        await store.close()
        this.#end()
      }
    }
  }

  /** The disk of a machine that is down, to be looked at. */
  openDisk(): RecordStore {
    return openMemoryStore({ random: this.#parts.random, disk: this.disk })
  }

  /** What is found wrong on the disk of a machine that is down. */
  async findingsAtRest(): Promise<readonly string[]> {
    const { random, limits } = this.#parts
    await using store = openMemoryStore({ random, disk: this.disk })
    const parts = { store, crypto: this.#parts.crypto, random, compressor: noCompressor, keyVault: this.#vault, limits }
    return (await verifyAtRest(parts)) ?? []
  }

  #begin(): SimClock {
    const clock = new SimClock(this.#parts.time, () => this.skewMs, this.happen)
    this.#clock = clock
    return clock
  }

  #end(): void {
    this.node = undefined
    this.store = undefined
    this.#clock?.end()
    this.#clock = undefined
    this.resume()
    this.#parts.network?.between.vanish(this.endpoint, { silently: true })
    this.#gone.resolve('gone')
    this.#gone = Promise.withResolvers()
  }

  #openStore(failed: () => void): RecordStore {
    const { random, limits, byteLimit, written } = this.#parts
    const store = openMemoryStore({
      random,
      disk: this.disk,
      limits,
      events: { failed },
      ...(byteLimit !== undefined && { byteLimit }),
    })
    if (written === undefined) return store
    const commit = store.commit.bind(store)
    store.commit = (writes, options) => {
      const committed = commit(writes, options)
      committed.then(
        () => written(this, writes),
        () => undefined,
      )
      return committed
    }
    return store
  }

  async #transportOver(clock: SimClock): Promise<Transport> {
    const { network, random, limits, crypto } = this.#parts
    assert(network !== undefined, 'this machine has a network')
    const { node } = await makeNodeKeys({ keyVault: this.#vault, crypto, random })
    const nodeId = nodeIdOf(crypto, node.publicKey)
    const { between, watched } = network
    const link = { network: between, endpoint: this.endpoint }
    return watched(new MemoryTransport({ nodeId, clock, random, limits, events: silentEvents, ...link }))
  }

  #portsOver(store: RecordStore, clock: SimClock): NodePorts {
    const { random, crypto } = this.#parts
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
