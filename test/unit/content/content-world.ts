/** Nodes that hold immutable blocks together, on memory disks and a memory network in virtual time. */
import { MemoryDisk } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import type { MemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { MemoryNetwork } from '../../../src/node/adapters/memory-transport/memory-network.ts'
import { MemoryTransport } from '../../../src/node/adapters/memory-transport/memory-transport.ts'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { Acknowledgements, ContentBlock, ContentHeader, StorePlace } from '../../../src/node/core/block/content-block.ts'
import {
  contentAddress,
  contentSaltBytes,
  decodeContentCopy,
  encodeContentHeader,
} from '../../../src/node/core/block/content-block.ts'
import type { Tombstone } from '../../../src/node/core/block/removal.ts'
import { signRemoval } from '../../../src/node/core/block/removal.ts'
import type { Member } from '../../../src/node/core/consensus/group.ts'
import type { PeerRequestKind } from '../../../src/node/core/wire/peer-body.ts'
import { requestKindOf } from '../../../src/node/core/wire/peer-body.ts'
import { NodeClock } from '../../../src/node/engine/clock/node-clock.ts'
import { PeerSwitch } from '../../../src/node/engine/cluster/peer-switch.ts'
import type { ContentParts } from '../../../src/node/engine/content/content-parts.ts'
import { ContentReplicas } from '../../../src/node/engine/content/content-replicas.ts'
import { ContentServer } from '../../../src/node/engine/content/content-server.ts'
import { ContentSpread } from '../../../src/node/engine/content/content-spread.ts'
import type { TransportEvents } from '../../../src/node/ports/transport.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { identity, TestDesk } from '../../conformance/transport/test-desk.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'
import { SimClock } from '../../sim/sim-clock.ts'
import { VirtualTime } from '../../sim/virtual-time.ts'
import { silentLogger } from '../../support/silent.ts'

export const never = new AbortController().signal
export const crypto = new NodeCrypto({ verifyKeysMax: 16 })
const hostSetImmediate = setImmediate
const turn = () => new Promise<void>((resolve) => void hostSetImmediate(resolve))
export const networkId = new Uint8Array(32).fill(5)
export const page = addressFromDigest(new Uint8Array(32).fill(3), 'mutable')

const silentEvents: TransportEvents = {
  sessionBegan: () => undefined,
  sessionEnded: () => undefined,
  helloRefused: () => undefined,
  dialFailed: () => undefined,
  messageDropped: () => undefined,
}

export interface WorldGroups {
  /** By the numbers of nodes, of every address. */
  newest: readonly number[]
  /** Where pages belong, if not there. */
  pages?: readonly number[]
  differing: readonly (readonly number[])[]
  epoch: number
}

/** One node, which can be stopped and started again on its disk. */
export class ContentNode {
  readonly number: number
  readonly world: ContentWorld
  readonly disk = new MemoryDisk()
  readonly signer
  /** Of this node's own, where it does not know the newest. */
  groups: WorldGroups | undefined
  store!: MemoryStore
  clock!: SimClock
  hybrid!: NodeClock
  replicas!: ContentReplicas
  spread!: ContentSpread
  transport!: MemoryTransport
  /** Kinds of the requests that it was asked, in their order. */
  readonly asked: PeerRequestKind[] = []
  /** Held back before it answers. */
  delayMs = 0
  skewMs = 0
  rights = { read: true, write: true, store: true, invite: false, administer: false }

  constructor(number: number, world: ContentWorld) {
    this.number = number
    this.world = world
    this.signer = crypto.signingKey(world.random.bytes(32))
  }

  get member(): Member {
    return memberOf(this.number)
  }

  async start(): Promise<void> {
    const { world, number } = this
    const { limits, time, random } = world
    this.clock = new SimClock(time, () => this.skewMs)
    this.store = openMemoryStore({ random, disk: this.disk, limits })
    this.hybrid = new NodeClock({ clock: this.clock, store: this.store, limits, logger: silentLogger })
    await this.hybrid.start()
    const options = { nodeId: this.member.nodeId, limits, events: silentEvents, clock: this.clock, random: random.fork() }
    this.transport = new MemoryTransport({ ...options, network: world.network, endpoint: endpointOf(number) })
    const peers = new PeerSwitch()
    const parts: ContentParts = {
      store: this.store,
      crypto,
      clock: this.clock,
      hybridClock: this.hybrid,
      limits,
      logger: silentLogger,
      networkId,
      placement: this.#placement(),
      request: (nodeId, body, asking) => this.transport.request(nodeId, body, asking),
      liveness: { mayAnswer: (nodeId) => !world.dead.has(nodeId[0] ?? 0) },
      least: 'majority',
    }
    this.replicas = new ContentReplicas(parts)
    new ContentServer(parts, this.replicas).register(peers)
    this.spread = new ContentSpread(parts, this.replicas)
    const answer = peers.request.bind(peers)
    peers.request = async (peer, body, signal) => {
      const kind = requestKindOf(body)
      if (kind !== undefined) this.asked.push(kind)
      const { rights } = world.node(peer.nodeId[0] ?? 0)
      if (this.delayMs > 0) await this.clock.sleep(this.delayMs, signal)
      return await answer({ ...peer, rights }, body, signal)
    }
    await this.transport.start(new TestDesk(identity(number)), peers)
    for (const other of world.nodes) {
      if (other === this) continue
      this.transport.learn(other.member.nodeId, [endpointOf(other.number)])
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.spread.stop(), this.replicas.stop(), this.transport.stop(), this.hybrid.stop()])
    await this.store.close()
  }

  put(block: ContentBlock, place?: StorePlace): Promise<bigint> {
    return this.replicas.put({ block, birth: this.hybrid.next(), ...(place && { place }) })
  }

  read(address: BlockAddress, signal = never): Promise<string | undefined> {
    const open = (copy: ContentBlock): string => {
      if (!copy.address.every((byte, at) => byte === contentAddress(crypto, copy)[at]))
        throw new CodedError('data-corrupt', 'bad')
      return Buffer.from(copy.stored).toString()
    }
    return Promise.resolve().then(() => this.replicas.read(address, open, signal))
  }

  tombstone(address: BlockAddress, signer = this.signer): Tombstone {
    const removed = this.hybrid.next()
    return { proof: signRemoval(signer, networkId, { address, generation: 0n, version: 0n, issued: removed }), removed }
  }

  remove(address: BlockAddress, signer = this.signer): Promise<void> {
    const tombstone = this.tombstone(address, signer)
    return this.replicas.remove({ tombstone, acknowledgements: 'majority', also: [] }, 'reserve')
  }

  has({ address }: ContentBlock): boolean {
    return this.store.has('content', address) as boolean
  }

  birthOf(address: BlockAddress): bigint | undefined {
    const bytes = this.store.get('content', address) as Uint8Array | undefined
    return bytes && decodeContentCopy(address, bytes)?.birth
  }

  async candidates(): Promise<readonly Uint8Array[]> {
    return (await this.store.scan('collect', { limit: 100 })).map(({ key }) => key)
  }

  #placement(): ContentParts['placement'] {
    const groups = (): WorldGroups => this.groups ?? this.world.groups
    return {
      self: this.member,
      get epoch() {
        return groups().epoch
      },
      groupOf: (address) => {
        const { newest, pages = newest } = groups()
        return (address === page ? pages : newest).map(memberOf)
      },
      differing: () => groups().differing.map((group) => group.map(memberOf)),
      reach: async () => {
        this.groups = undefined
      },
    }
  }
}

export class ContentWorld implements AsyncDisposable {
  readonly time = new VirtualTime()
  readonly network = new MemoryNetwork()
  readonly random = new SeededRandom(1)
  readonly limits: Limits
  readonly nodes: ContentNode[] = []
  /** Numbers of nodes that are known to be gone. */
  readonly dead = new Set<number>()
  groups: WorldGroups

  private constructor(count: number, limits: Partial<Limits>) {
    this.limits = { ...defaultLimits, ...limits }
    const all = Array.from({ length: count }, (_, index) => index + 1)
    this.groups = { newest: all, differing: [], epoch: 1 }
    for (const number of all) this.nodes.push(new ContentNode(number, this))
  }

  static async start(count: number, limits: Partial<Limits> = {}): Promise<ContentWorld> {
    const world = new ContentWorld(count, limits)
    for (const node of world.nodes) await node.start()
    return world
  }

  node(number: number): ContentNode {
    const node = this.nodes[number - 1]
    if (node === undefined) throw new Error(`there is no node ${number}`)
    return node
  }

  /** The node hears nobody, and nobody hears it. */
  isolate(number: number): void {
    for (const other of this.nodes) {
      this.network.cut(endpointOf(number), endpointOf(other.number))
      this.network.cut(endpointOf(other.number), endpointOf(number))
    }
  }

  mend(number: number): void {
    for (const other of this.nodes) {
      this.network.mend(endpointOf(number), endpointOf(other.number))
      this.network.mend(endpointOf(other.number), endpointOf(number))
    }
  }

  /** Lets time pass until it is settled. */
  async settled<T>(promise: Promise<T>, withinMs = 10 * 60_000): Promise<T> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    promise.then(over, over)
    const endMs = this.time.nowMs + withinMs
    for (;;) {
      if (this.time.nowMs > endMs) throw new Error('it is not settled in any time')
      for (let turns = 0; turns < 3 && !isOver; turns++) await turn()
      if (isOver) return await promise
      if (!this.time.step()) throw new Error('nothing is left to happen')
    }
  }

  async pass(durationMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.time.after(durationMs, resolve)
    await this.settled(promise, durationMs + 1)
  }

  /** Waits until something holds; fails after a time in which it always would. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let rounds = 0; !holds(); rounds++) {
      if (rounds > 5000) throw new Error(`never happened: ${what}`)
      await this.pass(20)
    }
  }

  /** A block of these readable bytes that nobody has. */
  block(
    text: string,
    options: { readonly acknowledgements?: Acknowledgements; readonly remover?: ContentNode; readonly place?: StorePlace } = {},
  ): ContentBlock {
    const { acknowledgements = 'majority', remover, place } = options
    const stored = new TextEncoder().encode(text)
    const header: ContentHeader = {
      role: 'whole',
      codec: 'none',
      cipher: 'none',
      secretEpoch: 0,
      plainBytes: stored.length,
      remover: remover === undefined ? { kind: 'block', address: page } : { kind: 'key', publicKey: remover.signer.publicKey },
      acknowledgements,
      ...(place && { place }),
    }
    const headerBytes = encodeContentHeader(header)
    const salt = this.random.bytes(contentSaltBytes)
    const fields = { salt, owner: emptyBytes, headerBytes, tag: emptyBytes, stored }
    return { ...fields, header, address: contentAddress(crypto, fields) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled(Promise.all(this.nodes.map((node) => node.stop())))
  }
}

export function memberOf(number: number): Member {
  const { nodeId, storeId } = identity(number)
  return { nodeId, storeId }
}

function endpointOf(number: number): string {
  return `node:${number}`
}
