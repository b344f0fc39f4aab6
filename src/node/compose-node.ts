import { CodedError } from '../shared/coded-error.ts'
import type { ClusterPeers, ComposedCluster } from './compose-cluster.ts'
import { composeCluster } from './compose-cluster.ts'
import type { PassportChain } from './core/access/passport.ts'
import { userIdOf } from './core/access/user-keys.ts'
import type { BlockAddress } from './core/base/address.ts'
import { equalBytes } from './core/base/bytes.ts'
import type { Limits } from './core/base/limits.ts'
import { defaultLimits } from './core/base/limits.ts'
import { isBlockEntry } from './core/consensus/block-entry-codec.ts'
import type { BlockRecord } from './core/consensus/block-record.ts'
import type { Member } from './core/consensus/group.ts'
import { BlockEngine } from './engine/block/block-engine.ts'
import type { BlockParts } from './engine/block/block-parts.ts'
import type { BlockService } from './engine/block/block-service.ts'
import { SignedBlockLogic } from './engine/block/signed-block-logic.ts'
import { TombstoneSweeper } from './engine/block/tombstone-sweeper.ts'
import { VerifiedVersions } from './engine/block/verified-versions.ts'
import { NodeClock } from './engine/clock/node-clock.ts'
import type { ClusterService } from './engine/cluster/cluster-service.ts'
import type { NodeDescription } from './engine/cluster/lonely-cluster.ts'
import { LonelyCluster } from './engine/cluster/lonely-cluster.ts'
import type { AdvertisedFacts } from './engine/cluster/own-record.ts'
import type { RootFollower } from './engine/cluster/root-follower.ts'
import { RunningCluster } from './engine/cluster/running-cluster.ts'
import type { ContentRequest } from './engine/content/content-parts.ts'
import type { ContentPlacement } from './engine/content/content-place.ts'
import { ContentReplicas } from './engine/content/content-replicas.ts'
import { ContentServer } from './engine/content/content-server.ts'
import { ContentSpread } from './engine/content/content-spread.ts'
import type { KeyValueService } from './engine/kv/key-value-service.ts'
import { KeyValueStore } from './engine/kv/key-value-store.ts'
import { PageLogic } from './engine/kv/page-logic.ts'
import { pageRules } from './engine/kv/page-rules.ts'
import { PageServer } from './engine/kv/page-server.ts'
import type { NetworkState } from './engine/network/network-state.ts'
import type { NetworkView } from './engine/network/network-view.ts'
import { OpenedKeyRing } from './engine/network/opened-key-ring.ts'
import { readOwnPassport } from './engine/network/own-passport.ts'
import { RootLogic } from './engine/network/root-logic.ts'
import { selfIssuedPassport } from './engine/network/self-issued-passport.ts'
import { startNetwork } from './engine/network/start-network.ts'
import { OutcomeLookup } from './engine/outcome-lookup.ts'
import { PayloadPipeline } from './engine/payload/payload-pipeline.ts'
import type { NodeState, NodeStatus, StorageNode } from './engine/storage-node.ts'
import { verifyNode } from './engine/verify/verify-node.ts'
import { createClusterObserver } from './observe/cluster-observer.ts'
import type { NodePorts } from './ports/node-ports.ts'
import type { VerifyReport } from './ports/record-store.ts'

export interface NodeOptions {
  /** Name of the network that a first start founds. */
  readonly networkName: string
  /** The defaults unless given. */
  readonly limits?: Limits
  /** Told of values that were collected. */
  readonly valuesCollected?: ((facts: { readonly values: number }) => void) | undefined
  /** Told of each damaged record that keeps a value from being collected. */
  readonly damageRead?: ((facts: { readonly code: string }) => void) | undefined
  /** Told of the keys that have changed, whoever changed them, once that is durable. Must not throw. */
  readonly keysChanged?: ((keys: Iterable<string>) => void) | undefined
  /** What others are told of the node. */
  readonly description?: NodeDescription
  /** `host:port` under which others are told to reach it; where its transport listens, unless given. */
  readonly advertise?: readonly string[]
}

const askNobody: ContentRequest = () =>
  Promise.reject(new CodedError('unavailable', 'this node reaches no other; nothing was changed'))

/** Everything that a node runs, once it was started. */
interface RunningParts {
  readonly network: NetworkState
  readonly keyValues: KeyValueStore
  readonly blocks: BlockEngine
  readonly blockParts: BlockParts
  readonly clock: NodeClock
  readonly cluster: ComposedCluster
  readonly service: ClusterService
  /** Stops all of it in reverse order. */
  readonly resources: AsyncDisposableStack
}

/** Joins the engines of a node over the ports that it is given. The node owns the store from then on: `stop` closes it. */
export function createNode(options: NodeOptions, ports: NodePorts): StorageNode {
  return new ComposedNode(options, ports)
}

class ComposedNode implements StorageNode {
  readonly #options: NodeOptions
  readonly #limits: Limits
  readonly #ports: NodePorts
  #state: NodeState = 'idle'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #running: RunningParts | undefined
  #startedAtMs = 0
  #spread: ContentSpread | undefined

  constructor(options: NodeOptions, ports: NodePorts) {
    this.#options = options
    this.#limits = options.limits ?? defaultLimits
    this.#ports = ports
  }

  get keyValues(): KeyValueService {
    return this.#parts().keyValues
  }

  get blocks(): BlockService {
    return this.#parts().blocks
  }

  get cluster(): ClusterService {
    return this.#parts().service
  }

  start(signal?: AbortSignal): Promise<void> {
    if (this.#stopping !== undefined) return Promise.reject(new CodedError('not-running', 'the node was stopped'))
    this.#starting ??= this.#start(signal)
    return this.#starting
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  status(): NodeStatus {
    const { store, clock } = this.#ports
    const { network, keyValues } = this.#parts()
    const { self, networkId, descriptor, keys } = network
    const usage = store.usage()
    return {
      state: this.#state,
      identity: {
        nodeId: self.nodeId,
        networkId,
        networkName: descriptor.foundation.name,
        storeId: self.storeId,
        bootCount: self.bootCount,
        userKey: keys.user.signing.publicKey,
      },
      condition: store.condition,
      usage,
      scrub: store.scrub,
      keys: this.#state === 'running' ? keyValues.keysOf('') : 0,
      collectable: usage.families.collect.records,
      uptimeMs: clock.monotonicMs() - this.#startedAtMs,
    }
  }

  async verify(signal?: AbortSignal): Promise<VerifyReport> {
    const { network, blockParts } = this.#parts()
    // Nothing is taken as verified that was verified before.
    const verified = new VerifiedVersions(this.#ports.crypto, 1)
    return await verifyNode({ ...blockParts, verified, root: network.root }, signal)
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    this.#state = 'starting'
    this.#startedAtMs = this.#ports.clock.monotonicMs()
    try {
      signal?.throwIfAborted()
      this.#running = await this.#build(signal)
      this.#state = 'running'
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
  }

  /** A start that fails releases what it had acquired. */
  async #build(signal: AbortSignal | undefined): Promise<RunningParts> {
    await using resources = new AsyncDisposableStack()
    const limits = this.#limits
    const { store, crypto, random, compressor, logger } = this.#ports
    const clock = new NodeClock({ clock: this.#ports.clock, store, limits, logger: logger.child('clock') })
    resources.defer(() => clock.stop())
    await clock.start()
    const stamp = (): bigint => clock.next()
    const network = await startNetwork({
      ...this.#ports,
      logger: logger.child('network'),
      networkName: this.#options.networkName,
      stamp,
      signal,
    })
    signal?.throwIfAborted()
    const secrets = new OpenedKeyRing(network.secrets)
    const pipeline = new PayloadPipeline({ crypto, compressor, random, secrets, limits })
    const { networkId, keys, self, stores } = network
    const verified = new VerifiedVersions(crypto, limits.verifiedVersionsMax)
    const outcomes = new OutcomeLookup({ store, clock, limits })
    const rules = pageRules(limits, crypto)
    const pages = new PageLogic({ store, clock, rules, outcomes, keysChanged: this.#keysChanged(stores) })
    const signedBlocks = new SignedBlockLogic({ store, clock, limits, outcomes })
    const rootLogic = new RootLogic(store)
    const cluster = composeCluster({
      ports: this.#ports,
      limits,
      clock,
      network,
      logicOf: (record, body) => {
        if (!isPage(record, body)) return signedBlocks
        return record?.state.kind === 'map' && record.state.head.page === 'root' ? rootLogic : pages
      },
      observer: createClusterObserver({ logger, meter: this.#ports.meter }),
      ...this.#said(),
      chain: await this.#passport(network),
    })
    const { host, route, ask, view, peers } = cluster
    resources.defer(() => host.stop())
    const content = new ContentReplicas({
      store,
      crypto,
      clock: this.#ports.clock,
      hybridClock: clock,
      limits,
      logger: logger.child('content'),
      networkId,
      placement: placementIn(view, self, peers?.follower),
      request: peers === undefined ? askNobody : (nodeId, body, options) => peers.transport.request(nodeId, body, options),
      liveness: cluster.liveness,
      least: 'majority',
    })
    resources.defer(() => content.stop())
    const tools = { store, crypto, random, clock, outcomes, limits, pipeline, content }
    const blockParts: BlockParts = { ...tools, networkId, verified, user: keys.user, self }
    const blocks = new BlockEngine(blockParts, { host, route, ask })
    resources.defer(() => blocks.stop())
    const keyValues = new KeyValueStore({
      ports: this.#ports,
      clock,
      payload: pipeline,
      limits,
      origin: { networkId, signer: keys.node, digest: crypto },
      rules,
      host,
      route,
      ask,
      content,
      outcomes,
      writer: userIdOf(crypto, keys.user.signing.publicKey),
      stores,
      valuesCollected: this.#options.valuesCollected,
      damageRead: this.#options.damageRead,
    })
    resources.defer(() => keyValues.stop())
    await keyValues.start()
    signal?.throwIfAborted()
    const running = { network, clock, cluster, keyValues, blocks, blockParts }
    if (peers !== undefined) await this.#openToPeers(running, content, peers, resources)
    const sweeper = new TombstoneSweeper({ ...blockParts, hostClock: this.#ports.clock, logger: logger.child('sweeper'), blocks })
    resources.defer(() => sweeper.stop())
    sweeper.start()
    return { ...running, service: this.#serviceOf(running), resources: resources.move() }
  }

  /** Everything that answers other nodes is there before the first of them is heard. */
  async #openToPeers(
    { network, clock: hybridClock, cluster, keyValues, blocks }: Omit<RunningParts, 'resources' | 'service'>,
    content: ContentReplicas,
    peers: ClusterPeers,
    resources: AsyncDisposableStack,
  ): Promise<void> {
    const { crypto, store, clock, logger } = this.#ports
    const { view, root, liveness } = cluster
    const keeperAt = (page: BlockAddress) => keyValues.keeperAt(page)
    new PageServer({ crypto, networkId: view.networkId, lister: keyValues.lister, keeperAt }).register(peers.calls)
    peers.calls.serve('block-read', blocks.primary.serveRead)
    peers.calls.serve('block-change', blocks.primary.serveChange)
    const placement = placementIn(view, network.self, peers.follower)
    new ContentServer({ crypto, hybridClock, networkId: view.networkId, placement }, content).register(peers.switch)
    const spread = new ContentSpread(
      {
        store,
        clock,
        limits: this.#limits,
        logger: logger.child('spread'),
        placement,
        request: (nodeId, body, options) => peers.transport.request(nodeId, body, options),
        liveness,
      },
      content,
    )
    this.#spread = spread
    view.onChange(() => spread.placementChanged())
    resources.defer(() => peers.stop())
    resources.defer(() => root.stop())
    await peers.start()
    resources.defer(() => spread.stop())
    spread.start()
  }

  #serviceOf({ network, cluster, blocks }: Omit<RunningParts, 'resources' | 'service'>): ClusterService {
    const { peers, view, host } = cluster
    const { software, advertised } = this.#said()
    if (peers === undefined) {
      const { zone, labels } = advertised()
      return new LonelyCluster({ status: () => this.status(), blocks, description: { software, zone, labels } })
    }
    const { transport, liveness, groups, admission } = peers
    return new RunningCluster({
      view,
      self: network.self,
      host,
      blocks,
      transport,
      liveness,
      groups,
      admission,
      advertised: () => advertised().endpoints,
      copiesPending: () => {
        const spread = this.#spread?.status()
        return spread === undefined || spread.epoch !== view.epoch ? undefined : spread.blocksLeft + spread.failures
      },
    })
  }

  /** What this node says of itself. */
  #said(): { readonly software: string; readonly advertised: () => AdvertisedFacts } {
    const { software, zone, labels } = this.#options.description ?? { software: '', zone: '', labels: [] }
    const { advertise } = this.#options
    const { transport } = this.#ports
    const endpoints = (): readonly string[] => advertise ?? transport?.listening ?? []
    return { software, advertised: () => ({ endpoints: endpoints(), zone, labels, storing: true }) }
  }

  /** The passport that admitted this node; a founder issues its own. */
  async #passport(network: NetworkState): Promise<PassportChain> {
    const { store, random, clock } = this.#ports
    const { networkId, keys, descriptor } = network
    const owner = descriptor.terms.at(-1)?.owner ?? keys.user.signing.publicKey
    const issued = selfIssuedPassport({ random, keys, networkId, owner, nowMs: clock.nowMs(), limits: this.#limits })
    return issued ?? (await readOwnPassport(store)) ?? []
  }

  /** Tells of the keys of the default store. */
  #keysChanged(stores: ReadonlyMap<string, BlockAddress>): (page: BlockAddress, keys: Iterable<string>) => void {
    const ownPage = stores.get('')
    return (page, keys) => {
      if (ownPage !== undefined && equalBytes(page, ownPage)) this.#options.keysChanged?.(keys)
    }
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    const wasRunning = this.#state === 'running'
    if (wasRunning) this.#state = 'stopping'
    try {
      if (this.#running !== undefined) await this.#drain(this.#running.resources)
    } finally {
      await this.#ports.store.close()
      if (this.#state !== 'failed') this.#state = 'stopped'
    }
  }

  /** Lets what was admitted finish, for as long as a call may last; closing the store then ends the rest. */
  async #drain(resources: AsyncDisposableStack): Promise<void> {
    const { clock, logger } = this.#ports
    const late = Promise.withResolvers<'late'>()
    using _deadline = clock.after(this.#limits.stopTimeoutMs, () => {
      late.resolve('late')
    })
    const drained = resources.disposeAsync()
    if ((await Promise.race([drained, late.promise])) !== 'late') return
    logger.warn('the stop did not wait any longer for requests in flight', { stopTimeoutMs: this.#limits.stopTimeoutMs })
    drained.catch((error: unknown) => logger.error('an engine failed to stop', { error }))
  }

  #parts(): RunningParts {
    if (this.#running === undefined) throw new CodedError('not-running', 'the node is not running')
    return this.#running
  }
}

/** By what the block is, and before it is anything by what would become of it. */
function isPage(record: BlockRecord | undefined, body: Uint8Array): boolean {
  return record === undefined ? !isBlockEntry(body) : record.state.kind === 'map'
}

/** Where immutable blocks belong by the map that holds. */
function placementIn(view: NetworkView, self: Member, follower: RootFollower | undefined): ContentPlacement {
  const own = { nodeId: self.nodeId, storeId: self.storeId }
  return {
    self: own,
    get epoch() {
      return view.epoch
    },
    // A network of one store is that store, also when it came back under another id.
    groupOf: (address) => (view.placement.places.length === 1 ? [own] : view.placedAt(address)),
    differing: (address) => view.differing(address),
    reach: async (epoch, _nodeId, signal) => {
      await follower?.reach(epoch, signal)
    },
  }
}
