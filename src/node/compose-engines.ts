import { CodedError } from '../shared/coded-error.ts'
import type { ClusterPeers, ComposedCluster } from './compose-cluster.ts'
import { composeCluster } from './compose-cluster.ts'
import type { NodeOptions } from './compose-options.ts'
import type { PassportChain } from './core/access/passport.ts'
import { userIdOf } from './core/access/user-keys.ts'
import type { BlockAddress } from './core/base/address.ts'
import { equalBytes } from './core/base/bytes.ts'
import type { Limits } from './core/base/limits.ts'
import { isBlockEntry } from './core/consensus/block-entry-codec.ts'
import type { BlockRecord } from './core/consensus/block-record.ts'
import type { Member } from './core/consensus/group.ts'
import type { PageRules } from './core/kv/page-apply.ts'
import { BlockEngine } from './engine/block/block-engine.ts'
import type { BlockParts } from './engine/block/block-parts.ts'
import { SignedBlockLogic } from './engine/block/signed-block-logic.ts'
import { TombstoneSweeper } from './engine/block/tombstone-sweeper.ts'
import { VerifiedVersions } from './engine/block/verified-versions.ts'
import { NodeClock } from './engine/clock/node-clock.ts'
import type { ClusterService } from './engine/cluster/cluster-service.ts'
import { Departure } from './engine/cluster/departure.ts'
import { EpochCloser } from './engine/cluster/epoch-closer.ts'
import { LonelyCluster } from './engine/cluster/lonely-cluster.ts'
import type { AdvertisedFacts } from './engine/cluster/own-record.ts'
import type { RootFollower } from './engine/cluster/root-follower.ts'
import { RunningCluster } from './engine/cluster/running-cluster.ts'
import { TakeBack } from './engine/cluster/take-back.ts'
import type { ContentRequest } from './engine/content/content-parts.ts'
import type { ContentPlacement } from './engine/content/content-place.ts'
import { ContentReplicas } from './engine/content/content-replicas.ts'
import { ContentServer } from './engine/content/content-server.ts'
import { ContentSpread } from './engine/content/content-spread.ts'
import { KeyValueStore } from './engine/kv/key-value-store.ts'
import { PageLogic } from './engine/kv/page-logic.ts'
import { pageRules } from './engine/kv/page-rules.ts'
import { PageServer } from './engine/kv/page-server.ts'
import { SnapshotValues } from './engine/kv/snapshot-values.ts'
import type { NetworkState } from './engine/network/network-state.ts'
import type { NetworkView } from './engine/network/network-view.ts'
import { OpenedKeyRing } from './engine/network/opened-key-ring.ts'
import { readOwnPassport } from './engine/network/own-passport.ts'
import { RootLogic } from './engine/network/root-logic.ts'
import { selfIssuedPassport } from './engine/network/self-issued-passport.ts'
import { startNetwork } from './engine/network/start-network.ts'
import { OutcomeLookup } from './engine/outcome-lookup.ts'
import { PayloadPipeline } from './engine/payload/payload-pipeline.ts'
import type { NodeStatus } from './engine/storage-node.ts'
import { createClusterObserver } from './observe/cluster-observer.ts'
import type { NodePorts } from './ports/node-ports.ts'
import type { Transport, TransportEvents } from './ports/transport.ts'

export interface EngineParts {
  readonly options: NodeOptions
  readonly ports: NodePorts
  readonly limits: Limits
  /** How the node stands, for the face of its cluster. */
  readonly status: () => NodeStatus
}

/** Everything that a node runs, once it was started. */
export interface RunningParts {
  readonly network: NetworkState
  readonly keyValues: KeyValueStore
  readonly blocks: BlockEngine
  readonly blockParts: BlockParts
  readonly cluster: ClusterService
  /** Stops all of it in reverse order. */
  readonly resources: AsyncDisposableStack
  /** Ends every wait for other nodes: what was proposed and not decided is of unknown outcome then. */
  readonly giveUp: () => Promise<void>
}

/** What decides about blocks, before anybody is served. */
interface Foundation {
  readonly parts: EngineParts
  readonly resources: AsyncDisposableStack
  readonly clock: NodeClock
  readonly network: NetworkState
  readonly outcomes: OutcomeLookup
  readonly rules: PageRules
  readonly cluster: ComposedCluster
  readonly content: ContentReplicas
}

const askNobody: ContentRequest = () =>
  Promise.reject(new CodedError('unavailable', 'this node reaches no other; nothing was changed'))

/** Builds and starts the engines of a node over its ports. A start that fails releases what it had acquired. */
export async function composeEngines(parts: EngineParts, signal: AbortSignal | undefined): Promise<RunningParts> {
  await using resources = new AsyncDisposableStack()
  const { options, limits } = parts
  const { store, crypto, random, compressor, logger, clock: hostClock } = parts.ports
  const foundation = await composeFoundation(parts, resources, signal)
  const { clock, network, outcomes, rules, cluster, content } = foundation
  const { networkId, keys, self, stores, secrets } = network
  const { host, route, ask, copies } = cluster
  const pipeline = new PayloadPipeline({ crypto, compressor, random, secrets: new OpenedKeyRing(secrets), limits })
  const verified = new VerifiedVersions(crypto, limits.verifiedVersionsMax)
  const tools = { store, crypto, random, clock, outcomes, limits, pipeline, content }
  const blockParts: BlockParts = { ...tools, networkId, verified, user: keys.user, self }
  const blocks = new BlockEngine(blockParts, { host, route, ask, copies })
  resources.defer(() => blocks.stop())
  const keyValues = new KeyValueStore({
    ports: parts.ports,
    clock,
    payload: pipeline,
    limits,
    origin: { networkId, signer: keys.node, digest: crypto },
    rules,
    host,
    route,
    ask,
    copies,
    content,
    outcomes,
    writer: userIdOf(crypto, keys.user.signing.publicKey),
    stores,
    valuesCollected: options.valuesCollected,
    damageRead: options.damageRead,
  })
  resources.defer(() => keyValues.stop())
  await keyValues.start()
  signal?.throwIfAborted()
  const { peers } = cluster
  const taking = new TakeBack({
    ...{ store, limits, host, clock: hostClock, logger: logger.child('recovery') },
    recovery: network.leftBehind === undefined ? self.recovery : 0,
  })
  const takingBack = (): number => taking.left
  const { view } = cluster
  const service =
    peers === undefined
      ? lonelyService(parts, { blocks, view, takingBack })
      : await openToPeers(foundation, peers, { keyValues, blocks, takingBack })
  resources.defer(() => taking.stop())
  await taking.start()
  const sweeper = new TombstoneSweeper({ ...blockParts, hostClock, logger: logger.child('sweeper'), blocks })
  resources.defer(() => sweeper.stop())
  sweeper.start()
  return { network, keyValues, blocks, blockParts, cluster: service, resources: resources.move(), giveUp: () => host.stop() }
}

async function composeFoundation(
  parts: EngineParts,
  resources: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Promise<Foundation> {
  const { options, ports, limits } = parts
  const { store, crypto, logger, meter } = ports
  const clock = new NodeClock({ clock: ports.clock, store, limits, logger: logger.child('clock') })
  resources.defer(() => clock.stop())
  await clock.start()
  const stamp = (): bigint => clock.next()
  const { networkName, description } = options
  const founding = { ...ports, logger: logger.child('network'), networkName, description, stamp, signal }
  const network = await startNetwork(founding)
  signal?.throwIfAborted()
  const outcomes = new OutcomeLookup({ store, clock, limits })
  const rules = pageRules(limits, crypto)
  const pages = new PageLogic({ store, clock, limits, rules, outcomes, keysChanged: keysChanged(options, network.stores) })
  const signedBlocks = new SignedBlockLogic({ store, clock, limits, outcomes })
  const rootLogic = new RootLogic(store)
  // One for all that is told of other nodes: a metric has one owner.
  const observer = createClusterObserver({ logger, meter })
  const transport = transportOf(ports, network, observer)
  const cluster = composeCluster({
    ports,
    transport,
    limits,
    clock,
    network,
    logicOf: (record, body) => {
      if (!isPage(record, body)) return signedBlocks
      return record?.state.kind === 'map' && record.state.head.page === 'root' ? rootLogic : pages
    },
    observer,
    ...said(parts, transport),
    chain: await ownPassport(parts, network),
  })
  const { host, view, peers, liveness } = cluster
  resources.defer(() => host.stop())
  const content = new ContentReplicas({
    store,
    crypto,
    clock: ports.clock,
    hybridClock: clock,
    limits,
    logger: logger.child('content'),
    networkId: network.networkId,
    placement: placementIn(view, network.self, peers?.follower),
    request: peers === undefined ? askNobody : (nodeId, body, how) => peers.transport.request(nodeId, body, how),
    liveness,
    least: 'majority',
  })
  resources.defer(() => content.stop())
  return { parts, resources, clock, network, outcomes, rules, cluster, content }
}

/** Everything that answers other nodes is there before the first of them is heard. */
async function openToPeers(
  { parts, resources, clock: hybridClock, network, cluster, content }: Foundation,
  peers: ClusterPeers,
  {
    keyValues,
    blocks,
    takingBack,
  }: { readonly keyValues: KeyValueStore; readonly blocks: BlockEngine; readonly takingBack: () => number },
): Promise<ClusterService> {
  const { ports, limits } = parts
  const { crypto, store, clock, logger } = ports
  const { view, root, liveness, host, copies } = cluster
  const { self } = network
  const keeperAt = (page: BlockAddress) => keyValues.keeperAt(page)
  const pages = new PageServer({ crypto, networkId: view.networkId, lister: keyValues.lister, keeperAt })
  pages.register(peers.calls)
  pages.registerCopies(copies, host.signal)
  copies.answer('block-read', blocks.primary.serveCopy)
  peers.calls.serve('block-read', blocks.primary.serveRead)
  peers.calls.serve('block-change', blocks.primary.serveChange)
  const placement = placementIn(view, self, peers.follower)
  new ContentServer({ crypto, hybridClock, placement }, content).register(peers.switch)
  const request: ContentRequest = (nodeId, body, how) => peers.transport.request(nodeId, body, how)
  const spreading = { store, clock, limits, logger: logger.child('spread'), placement, request, liveness }
  const spread = new ContentSpread(spreading, content)
  view.onChange(() => spread.placementChanged())
  peers.liveness.onReturned(() => spread.reviewSoon())
  const values = new SnapshotValues({ store, clock, limits, logger: logger.child('spread'), content })
  peers.onInstalled(({ address, record }) => {
    if (record?.state.kind === 'map' && record.state.head.page !== 'root') values.installed(address)
  })
  const copiesPending = (): number | undefined => {
    const { epoch, blocksLeft, failures } = spread.status()
    return epoch === view.epoch ? blocksLeft + failures : undefined
  }
  const { transport, groups, admission, removals } = peers
  const isSettled = (): boolean => groups.isSettled && copiesPending() === 0 && spread.status().state === 'done'
  const closer = new EpochCloser({ clock, limits, logger: logger.child('epochs'), self, view, root, isSettled })
  resources.defer(() => peers.stop())
  resources.defer(() => root.stop())
  await peers.start()
  resources.defer(() => closer.stop())
  closer.start()
  resources.defer(() => values.stop())
  resources.defer(() => spread.stop())
  spread.start()
  const advertised = (): readonly string[] => said(parts, transport).advertised().endpoints
  const departure = new Departure({
    ...{ clock, limits, logger: logger.child('departure'), nodeId: self.nodeId, view, removals, isSettled },
    pending: () => ({ groupsPending: groups.pending, copiesPending: copiesPending() }),
    farewell: () => peers.liveness.leave(),
    hold: () => peers.parting.hold(),
  })
  const facts = { view, self, host, blocks, transport, liveness: peers.liveness, groups, admission, removals, departure }
  return new RunningCluster({ ...facts, advertised, copiesPending, takingBack })
}

function lonelyService(
  parts: EngineParts,
  engines: { readonly blocks: BlockEngine; readonly view: NetworkView; readonly takingBack: () => number },
): ClusterService {
  const { software, advertised } = said(parts, undefined)
  const { zone, labels } = advertised()
  return new LonelyCluster({ status: parts.status, ...engines, description: { software, zone, labels } })
}

function transportOf(
  { transport }: NodePorts,
  { self, placement }: NetworkState,
  events: TransportEvents,
): Transport | undefined {
  if (typeof transport !== 'function') return transport
  const hasOthers = placement.places.some(({ nodeId }) => !equalBytes(nodeId, self.nodeId))
  return transport({ nodeId: self.nodeId, hasOthers, events })
}

/** What this node says of itself. */
function said(
  { options }: EngineParts,
  transport: Transport | undefined,
): { readonly software: string; readonly advertised: () => AdvertisedFacts } {
  const { software, zone, labels } = options.description ?? { software: '', zone: '', labels: [] }
  const { advertise = (listening) => listening } = options
  const endpoints = (): readonly string[] => (transport === undefined ? [] : advertise(transport.listening))
  return { software, advertised: () => ({ endpoints: endpoints(), zone, labels, storing: true }) }
}

/** The passport that admitted this node; a founder issues its own. */
async function ownPassport({ ports, limits }: EngineParts, network: NetworkState): Promise<PassportChain> {
  const { store, random, clock } = ports
  const { networkId, keys, descriptor } = network
  const owner = descriptor.terms.at(-1)?.owner ?? keys.user.signing.publicKey
  const issued = selfIssuedPassport({ random, keys, networkId, owner, nowMs: clock.nowMs(), limits })
  return issued ?? (await readOwnPassport(store)) ?? []
}

/** Tells of the keys of the default store. */
function keysChanged(
  options: NodeOptions,
  stores: ReadonlyMap<string, BlockAddress>,
): (page: BlockAddress, keys: Iterable<string>) => void {
  const ownPage = stores.get('')
  return (page, keys) => {
    if (ownPage !== undefined && equalBytes(page, ownPage)) options.keysChanged?.(keys)
  }
}

/** By what the block is, and before it is anything by what would become of it. */
function isPage(record: BlockRecord | undefined, body: Uint8Array): boolean {
  return record === undefined ? !isBlockEntry(body) : record.state.kind === 'map'
}

/** Where immutable blocks belong by the map that holds. */
function placementIn(view: NetworkView, self: Member, follower: RootFollower | undefined): ContentPlacement {
  const own = { nodeId: self.nodeId, storeId: self.storeId }
  const isThere = ({ nodeId, storeId }: Member): boolean => !equalBytes(nodeId, self.nodeId) || equalBytes(storeId, self.storeId)
  return {
    self: own,
    get epoch() {
      return view.epoch
    },
    // A network of one store is that store, also when it came back under another id.
    groupOf: (address) => (view.isAlone ? [own] : view.placedAt(address)),
    get everybody() {
      return view.isAlone ? [own] : view.everybody
    },
    // What this node alone held in a directory that it has no more nobody else can be asked for.
    differing: (address) => view.differing(address).filter((group) => group.some(isThere)),
    reach: async (epoch, _nodeId, signal) => {
      await follower?.reach(epoch, signal)
    },
  }
}
