/** Nodes that find out about each other, on a network in memory and in virtual time. */

import { MemoryDisk } from '../../src/node/adapters/memory-store/memory-disk.ts'
import type { MemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { MemoryNetwork } from '../../src/node/adapters/memory-transport/memory-network.ts'
import { MemoryTransport } from '../../src/node/adapters/memory-transport/memory-transport.ts'
import { nodeIdOf } from '../../src/node/core/access/user-keys.ts'
import { toHex } from '../../src/node/core/base/bytes.ts'
import { hlcFromMs } from '../../src/node/core/base/hybrid-clock.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { RolledBack } from '../../src/node/core/overlay/life-mark.ts'
import { LivenessEngine } from '../../src/node/engine/cluster/liveness-engine.ts'
import { NodeDirectory } from '../../src/node/engine/cluster/node-directory.ts'
import type { AdvertisedFacts } from '../../src/node/engine/cluster/own-record.ts'
import { OwnRecord } from '../../src/node/engine/cluster/own-record.ts'
import { PeerSwitch } from '../../src/node/engine/cluster/peer-switch.ts'
import { MemberHelloDesk } from '../../src/node/engine/network/hello-desk.ts'
import type { SessionEnd } from '../../src/node/ports/transport.ts'
import { SeededRandom } from '../sim/seeded-random.ts'
import { SimClock } from '../sim/sim-clock.ts'
import { VirtualTime } from '../sim/virtual-time.ts'
import { crypto, keysOf, networkId, nowMs, owner, passport } from './identities.ts'
import { silentLogger } from './silent.ts'

const hostSetImmediate = setImmediate
const turn = () => new Promise<void>((resolve) => void hostSetImmediate(resolve))
/** The passports of the identities are good at this time. */
const skewMs = nowMs - Date.UTC(2026, 0, 1)

export class LivenessWorld {
  readonly time = new VirtualTime()
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  readonly limits: Limits
  /** Node ids in hex that the placement map names. */
  readonly places = new Set<string>()
  readonly running = new Set<LivenessNode>()

  constructor(limits: Partial<Limits> = {}, seed = 1) {
    this.limits = { ...defaultLimits, ...limits }
    this.random = new SeededRandom(seed)
    const late = (run: () => void) => void this.time.after(this.random.integerBelow(5), run)
    this.network = new MemoryNetwork({
      deliver: (_from, _to, _bytes, run) => late(run),
      carry: (_from, _to, run) => late(run),
    })
  }

  /** Lets so much time pass, and everything happen that is due in it. */
  async pass(durationMs: number): Promise<void> {
    let isOver = false
    this.time.after(durationMs, () => {
      isOver = true
    })
    while (!isOver) {
      await turn()
      this.time.step()
    }
    await turn()
  }

  /** Waits for a promise while time goes on. */
  async during<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    promise.then(settled, settled)
    await turn()
    while (!isSettled) {
      this.time.step()
      await turn()
    }
    return await promise
  }

  async start(number: number, options: Partial<NodeOptions> = {}): Promise<LivenessNode> {
    const node = new LivenessNode(this, { number, endpoint: `node-${number}:1`, disk: new MemoryDisk(), zone: '', ...options })
    if (options.placed !== false) this.places.add(toHex(node.nodeId))
    await this.during(node.start())
    return node
  }

  cut(left: LivenessNode, right: LivenessNode): void {
    this.network.cut(left.endpoint, right.endpoint)
    this.network.cut(right.endpoint, left.endpoint)
  }

  mend(left: LivenessNode, right: LivenessNode): void {
    this.network.mend(left.endpoint, right.endpoint)
    this.network.mend(right.endpoint, left.endpoint)
  }

  async stopAll(): Promise<void> {
    for (const node of [...this.running]) await this.during(node.stop())
  }
}

/** Of a process that does not get round to its timers. */
class LateClock extends SimClock {
  readonly #lateMs: number

  constructor(time: VirtualTime, lateMs: number) {
    super(time, () => skewMs)
    this.#lateMs = lateMs
  }

  override after(durationMs: number, run: () => undefined): Disposable {
    return super.after(durationMs + this.#lateMs, run)
  }
}

interface NodeOptions {
  readonly number: number
  readonly endpoint: string
  readonly disk: MemoryDisk
  readonly zone: string
  /** Its endpoint unless given. */
  readonly advertises?: readonly string[]
  /** How late its timers come. */
  readonly lateMs?: number
  /** False: the placement map does not name it. */
  readonly placed?: boolean
}

export class LivenessNode {
  readonly endpoint: string
  readonly disk: MemoryDisk
  readonly store: MemoryStore
  readonly nodeId: Uint8Array
  readonly own: OwnRecord
  readonly directory: NodeDirectory
  readonly engine: LivenessEngine
  readonly transport: MemoryTransport
  readonly peers = new PeerSwitch()
  readonly keys
  /** Changes of states as `node from to`, by the numbers of the nodes' zones. */
  readonly changes: { readonly nodeId: string; readonly from: string; readonly to: string }[] = []
  readonly refused: string[] = []
  readonly ended: SessionEnd[] = []
  readonly seenRolledBack: string[] = []
  readonly rolledBack: { readonly by: Uint8Array | undefined; readonly notice: RolledBack }[] = []
  readonly seenCopied: string[] = []
  /** How often it learnt that another process runs on a copy of its directory. */
  copied = 0
  advertised: AdvertisedFacts
  readonly #world: LivenessWorld
  readonly #clock: SimClock
  readonly #desk: MemberHelloDesk

  constructor(world: LivenessWorld, { number, endpoint, disk, zone, advertises = [endpoint], lateMs = 0 }: NodeOptions) {
    const { time, limits, places } = world
    this.#world = world
    this.endpoint = endpoint
    this.disk = disk
    this.keys = keysOf(number)
    this.#clock = new LateClock(time, lateMs)
    const [clock, random] = [this.#clock, world.random.fork()]
    this.store = openMemoryStore({ random, disk, limits })
    this.advertised = { endpoints: advertises, zone, labels: [], storing: true }
    const { node } = this.keys
    this.nodeId = nodeIdOf(crypto, node.publicKey)
    const shared = { crypto, clock, limits, networkId }
    const issued = () => hlcFromMs(clock.nowMs())
    const advertised = () => this.advertised
    this.own = new OwnRecord({ ...shared, store: this.store, node, software: '1.2.3', issued, advertised })
    const events = {
      sessionBegan: () => undefined,
      sessionEnded: ({ reason }: { readonly reason: SessionEnd }) => void this.ended.push(reason),
      helloRefused: () => undefined,
      dialFailed: () => undefined,
      messageDropped: () => undefined,
    }
    this.transport = new MemoryTransport({ ...shared, nodeId: this.nodeId, random, events, network: world.network, endpoint })
    const isOfNetwork = (nodeId: Uint8Array) => places.has(toHex(nodeId))
    const { transport, peers, own, store } = this
    this.directory = new NodeDirectory({ ...shared, store, logger: silentLogger, ownNodeId: this.nodeId, transport, isOfNetwork })
    this.engine = new LivenessEngine({
      ...shared,
      random,
      transport,
      peers,
      directory: this.directory,
      own,
      isOfNetwork,
      observer: {
        stateChanged: ({ nodeId, from, to }) => void this.changes.push({ nodeId: toHex(nodeId), from, to }),
        recordRefused: ({ reason }) => void this.refused.push(reason),
        rollBackSeen: ({ nodeId }) => void this.seenRolledBack.push(toHex(nodeId)),
        rolledBack: () => undefined,
        copySeen: ({ nodeId }) => void this.seenCopied.push(toHex(nodeId)),
        copied: () => undefined,
        leftBehind: () => undefined,
        removed: () => undefined,
      },
      onRolledBack: (facts) => void this.rolledBack.push(facts),
      onCopied: () => void this.copied++,
    })
    const membership = () => ({
      owner: owner.user.signing.publicKey,
      chain: [passport(owner, this.keys)],
      record: own.current,
      newestEpoch: 1,
      revocationVersion: 0,
      revocations: [],
      isPlaced: () => true,
      enforceExpiry: true,
      recoveries: [],
    })
    this.#desk = new MemberHelloDesk({
      ...{ ...shared, node, membership },
      met: (member) => this.engine.met(member),
      isParted: () => false,
    })
  }

  async start(): Promise<void> {
    await this.engine.start()
    await this.transport.start(this.#desk, this.peers)
    this.#world.running.add(this)
  }

  /** In order. */
  async stop(): Promise<void> {
    this.#world.running.delete(this)
    await this.engine.stop()
    await this.transport.stop()
    await this.store.close()
  }

  /** Without power: nobody is told anything, and the disk is left as it was synced last. */
  vanish(): void {
    this.#world.running.delete(this)
    this.#clock.end()
    this.#world.network.vanish(this.endpoint, { silently: true })
    this.disk.crash()
  }

  /** What this node says of another. */
  stateOf(node: LivenessNode): string | undefined {
    return this.engine.nodes().find(({ nodeId }) => toHex(nodeId) === toHex(node.nodeId))?.state
  }

  changesOf(node: LivenessNode): string[] {
    return this.changes.filter(({ nodeId }) => nodeId === toHex(node.nodeId)).map(({ from, to }) => `${from} ${to}`)
  }
}
