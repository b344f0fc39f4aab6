/** Whole nodes of one network in one process: memory disks, a network in memory, virtual time. */

import { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import type { MemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { MemoryNetwork } from '../../src/node/adapters/memory-transport/memory-network.ts'
import { MemoryTransport } from '../../src/node/adapters/memory-transport/memory-transport.ts'
import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { createNode } from '../../src/node/compose-node.ts'
import { nodeIdOf } from '../../src/node/core/access/user-keys.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { RequestId } from '../../src/node/core/base/request-id.ts'
import type { RecoveryRecord } from '../../src/node/core/overlay/recovery-record.ts'
import type { CallContext } from '../../src/node/engine/call-context.ts'
import { forceRecovery } from '../../src/node/engine/network/force-recovery.ts'
import { joinNetwork } from '../../src/node/engine/network/join-network.ts'
import type { NodeKeys } from '../../src/node/engine/network/node-keys.ts'
import { makeNodeKeys } from '../../src/node/engine/network/node-keys.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import type { SigningKey } from '../../src/node/ports/crypto.ts'
import type { NodePorts } from '../../src/node/ports/node-ports.ts'
import type { RecordStore } from '../../src/node/ports/record-store.ts'
import type { Transport } from '../../src/node/ports/transport.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import { SeededRandom } from '../sim/seeded-random.ts'
import { SimClock } from '../sim/sim-clock.ts'
import { VirtualTime } from '../sim/virtual-time.ts'
import { MemoryVault } from './memory-vault.ts'
import { silentLogger, silentMeter } from './silent.ts'

export const crypto = new NodeCrypto({ verifyKeysMax: 64 })
const hostSetImmediate = setImmediate
const turn = () => new Promise<void>((resolve) => void hostSetImmediate(resolve))
/** Calls that bring no deadline of their own. */
const callTimeoutMs = 15_000
const settleMaxMs = 120_000
const settleLookMs = 50
const invited = { uses: 16, validityMs: 3_600_000 }

export class MemoryCluster {
  readonly time = new VirtualTime()
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  readonly limits: Limits
  readonly nodes: MemoryNode[] = []
  #waiting = 0
  #pumping = false

  constructor(limits: Partial<Limits> = {}, seed = 1) {
    this.limits = { ...defaultLimits, ...limits }
    this.random = new SeededRandom(seed)
    const late = (run: () => void) => void this.time.after(this.random.integerBelow(3), run)
    this.network = new MemoryNetwork({
      deliver: (_from, _to, _bytes, run) => late(run),
      carry: (_from, _to, run) => late(run),
    })
  }

  /** So many nodes of one network, settled. */
  static async of(count: number, limits: Partial<Limits> = {}): Promise<MemoryCluster> {
    const cluster = new MemoryCluster(limits)
    await cluster.add('node-1').start()
    for (let number = 2; number <= count; number++) await cluster.grow(`node-${number}`)
    await cluster.settled()
    return cluster
  }

  get clock(): SimClock {
    return new SimClock(this.time, () => 0)
  }

  /** A node that was never started. */
  add(name: string, options: Partial<MemoryNodeOptions> = {}): MemoryNode {
    const node = new MemoryNode(this, { name, ...options })
    this.nodes.push(node)
    return node
  }

  at(index: number): MemoryNode {
    const node = this.nodes[index]
    if (node === undefined) throw new Error(`there is no node ${index}`)
    return node
  }

  /** One more node joins and starts. */
  async grow(name: string, options: Partial<MemoryNodeOptions> = {}): Promise<MemoryNode> {
    const link = await this.at(0).invite()
    const node = this.add(name, options)
    await node.join(link)
    await node.start()
    return node
  }

  async pass(durationMs: number): Promise<void> {
    await this.during(new Promise<void>((resolve) => void this.time.after(durationMs, resolve)))
  }

  /** Waits for a promise while time goes on. */
  async during<Value>(promise: Promise<Value>): Promise<Value> {
    this.#waiting++
    void this.#pump()
    try {
      return await promise
    } finally {
      this.#waiting--
    }
  }

  /** Until every running node has all of them in its map, and nothing is left to move. */
  async settled(): Promise<void> {
    const endMs = this.time.nowMs + settleMaxMs
    // A node says what it found at its last look.
    const calmMs = 2 * this.limits.groupLookMs
    for (let sinceMs = this.time.nowMs; this.time.nowMs - sinceMs < calmMs; ) {
      if (this.time.nowMs > endMs) throw new Error(`the cluster does not settle: ${this.standing()}`)
      await this.pass(settleLookMs)
      if (!this.#isSettled()) sinceMs = this.time.nowMs
    }
  }

  standing(): string {
    return this.#running()
      .map(({ name, node }) => {
        const { epoch, nodes, groupsPending, copiesPending } = node.cluster.status()
        return `${name} epoch ${epoch} ${nodes.map(({ state }) => state)} groups ${groupsPending} copies ${copiesPending}`
      })
      .join('; ')
  }

  async stop(): Promise<void> {
    for (const node of this.#running()) await node.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #running(): readonly MemoryNode[] {
    return this.nodes.filter(({ isRunning }) => isRunning)
  }

  #isSettled(): boolean {
    const statuses = this.#running().map(({ node }) => node.cluster.status())
    return statuses.every(
      ({ epoch, nodes, groupsPending, copiesPending }) =>
        epoch === statuses[0]?.epoch &&
        nodes.length >= statuses.length &&
        nodes.filter(({ state }) => state === 'alive').length === statuses.length &&
        groupsPending === 0 &&
        copiesPending === 0,
    )
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    await turn()
    while (this.#waiting > 0) {
      this.time.step()
      await turn()
    }
    this.#pumping = false
  }
}

export interface MemoryNodeOptions {
  readonly name: string
  readonly byteLimit?: number
  readonly wrapStore?: (store: RecordStore) => RecordStore
  readonly wrapTransport?: (transport: Transport) => Transport
}

export class MemoryNode {
  readonly name: string
  readonly disk = new MemoryDisk()
  readonly vault = new MemoryVault()
  /** Why others were not taken, as of all starts. */
  readonly refusedHellos: string[] = []
  /** Where it listens and says that it is; another one holds from its next start. */
  endpoint: string
  readonly #cluster: MemoryCluster
  readonly #options: MemoryNodeOptions
  #clock: SimClock | undefined
  #node: StorageNode | undefined
  #store: MemoryStore | undefined

  constructor(cluster: MemoryCluster, options: MemoryNodeOptions) {
    this.#cluster = cluster
    this.#options = options
    this.name = options.name
    this.endpoint = `${options.name}:1`
  }

  get isRunning(): boolean {
    return this.#node !== undefined
  }

  get node(): StorageNode {
    if (this.#node === undefined) throw new Error(`${this.name} is not running`)
    return this.#node
  }

  get store(): MemoryStore {
    if (this.#store === undefined) throw new Error(`${this.name} is not running`)
    return this.#store
  }

  get epoch(): number {
    return this.node.cluster.status().epoch
  }

  async keys(): Promise<NodeKeys> {
    return await makeNodeKeys({ keyVault: this.vault, crypto, random: this.#cluster.random })
  }

  async start(): Promise<void> {
    const { wrapStore = (store) => store } = this.#options
    const { limits } = this.#cluster
    const { store, ports, transport } = await this.#ports()
    const node = createNode(
      { networkName: 'test', limits, description: { software: '1', zone: '', labels: [] } },
      { ...ports, store: wrapStore(store), transport },
    )
    this.#store = store
    try {
      await this.#cluster.during(node.start())
    } catch (error) {
      await this.#cluster.during(node.stop())
      throw error
    }
    this.#node = node
  }

  async stop(): Promise<void> {
    const { node } = this
    this.#node = undefined
    await this.#cluster.during(node.stop())
  }

  /** Without power: nobody is told anything, and the disk is left as it was synced last. */
  vanish(): void {
    this.#node = undefined
    this.#clock?.end()
    this.#cluster.network.vanish(this.endpoint, { silently: true })
    this.disk.crash()
  }

  /** Recovers the network by force with this node, which is stopped, as the only survivor. */
  async recover(administrator?: SigningKey): Promise<RecoveryRecord> {
    const { limits } = this.#cluster
    const { store, ports, transport } = await this.#ports()
    const keys = await this.keys()
    try {
      return await this.#cluster.during(forceRecovery({ ...ports, store, limits, keys, administrator }))
    } finally {
      await this.#cluster.during(transport.stop())
      await this.#cluster.during(store.close())
    }
  }

  async join(link: string): Promise<void> {
    const { limits } = this.#cluster
    const { store, ports, transport } = await this.#ports()
    const facts = { machineName: this.name, endpoints: [this.endpoint], zone: '', labels: [], software: '1' }
    try {
      await this.#call(({ signal }) => joinNetwork({ ...ports, store, transport, limits }, { link, ...facts }, signal))
    } finally {
      await this.#cluster.during(transport.stop())
      await this.#cluster.during(store.close())
    }
  }

  async invite(options = invited): Promise<string> {
    return (await this.#call((context) => this.node.cluster.invite(options, context))).link
  }

  async put(key: string, value: string | Uint8Array, facts: ChangeFacts = {}) {
    const { precondition = { kind: 'any' }, requestId } = facts
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    return await this.#call((context) =>
      this.node.keyValues.put('', key, bytes, { precondition }, { ...context, ...(requestId && { requestId }) }),
    )
  }

  /** Undefined where there is no such key. */
  async get(key: string): Promise<string | undefined> {
    const found = await this.bytes(key)
    return found && Buffer.from(found).toString()
  }

  async bytes(key: string): Promise<Uint8Array | undefined> {
    return (await this.#call((context) => this.node.keyValues.get('', key, {}, context)))?.value
  }

  /** Any call, with the time that calls have. */
  async call<Value>(ask: (node: StorageNode, context: CallContext) => Promise<Value>): Promise<Value> {
    return await this.#call((context) => ask(this.node, context))
  }

  /** The code of a call that fails. */
  async codeOf(call: Promise<unknown>): Promise<string> {
    try {
      await call
    } catch (error) {
      if (error instanceof CodedError) return error.code
      throw error
    }
    return 'ok'
  }

  async #call<Value>(ask: (context: CallContext) => Promise<Value>): Promise<Value> {
    const controller = new AbortController()
    using _deadline = this.#cluster.time.after(callTimeoutMs, () =>
      controller.abort(new CodedError('deadline-exceeded', 'the test waits no longer')),
    )
    return await this.#cluster.during(ask({ signal: controller.signal }))
  }

  async #ports() {
    const { time, network, limits } = this.#cluster
    const { byteLimit, wrapTransport = (transport) => transport } = this.#options
    const random = this.#cluster.random.fork()
    const clock = new SimClock(time, () => 0)
    this.#clock = clock
    const store = openMemoryStore({ random, disk: this.disk, limits, ...(byteLimit !== undefined && { byteLimit }) })
    const { node } = await this.keys()
    const events = {
      sessionBegan: () => undefined,
      sessionEnded: () => undefined,
      helloRefused: ({ reason }: { readonly reason: string }) => void this.refusedHellos.push(reason),
      dialFailed: () => undefined,
      messageDropped: () => undefined,
    }
    const nodeId = nodeIdOf(crypto, node.publicKey)
    const transport = wrapTransport(
      new MemoryTransport({ nodeId, network, endpoint: this.endpoint, clock, random, limits, events }),
    )
    const ports: Omit<NodePorts, 'store' | 'transport'> = {
      clock,
      random,
      crypto,
      compressor: { compress: (plain) => plain, decompress: (packed) => packed },
      keyVault: this.vault,
      logger: silentLogger,
      meter: silentMeter,
    }
    return { store, ports, transport }
  }
}

interface ChangeFacts {
  readonly precondition?: { readonly kind: 'any' | 'absent' | 'present' } | { readonly kind: 'version'; readonly version: bigint }
  readonly requestId?: RequestId
}
