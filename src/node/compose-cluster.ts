import { CodedError } from '../shared/coded-error.ts'
import type { ComposedCopies } from './compose-copies.ts'
import { composeCopies } from './compose-copies.ts'
import type { Parting } from './compose-parting.ts'
import { composeParting } from './compose-parting.ts'
import type { ProvenMember } from './core/access/judge-hello.ts'
import type { SignedNodeRecord } from './core/access/node-record.ts'
import type { PassportChain } from './core/access/passport.ts'
import type { BlockAddress } from './core/base/address.ts'
import { equalBytes } from './core/base/bytes.ts'
import type { Limits } from './core/base/limits.ts'
import type { Member } from './core/consensus/group.ts'
import { membersOf } from './core/consensus/group.ts'
import type { RecoveryProof } from './core/overlay/recovery-record.ts'
import type { NodeClock } from './engine/clock/node-clock.ts'
import type { AskMember } from './engine/cluster/ask-member.ts'
import { MemberCalls } from './engine/cluster/ask-member.ts'
import { BlockRoute } from './engine/cluster/block-route.ts'
import { CatchUp } from './engine/cluster/catch-up.ts'
import type { CopyReads } from './engine/cluster/copy-reads.ts'
import { GroupKeeper } from './engine/cluster/group-keeper.ts'
import type { Liveness } from './engine/cluster/liveness.ts'
import { LivenessEngine } from './engine/cluster/liveness-engine.ts'
import { NodeDirectory } from './engine/cluster/node-directory.ts'
import type { AdvertisedFacts } from './engine/cluster/own-record.ts'
import { OwnRecord } from './engine/cluster/own-record.ts'
import { PeerSwitch } from './engine/cluster/peer-switch.ts'
import { RootFollower } from './engine/cluster/root-follower.ts'
import { SessionGuard } from './engine/cluster/session-guard.ts'
import { SnapshotSource } from './engine/cluster/snapshot-source.ts'
import { TransportLink } from './engine/cluster/transport-link.ts'
import type { LogicOf } from './engine/consensus/block-logic.ts'
import type { HostedBlock } from './engine/consensus/hosted-block.ts'
import { lonelyLink } from './engine/consensus/lonely-link.ts'
import { ReplicaHost } from './engine/consensus/replica-host.ts'
import type { ReplicaLink } from './engine/consensus/replica-link.ts'
import { Admission } from './engine/network/admission.ts'
import { MemberHelloDesk } from './engine/network/hello-desk.ts'
import { isParted, shownRecoveries } from './engine/network/left-behind.ts'
import type { NetworkState } from './engine/network/network-state.ts'
import { NetworkView } from './engine/network/network-view.ts'
import { NodeRemovals } from './engine/network/node-removals.ts'
import { PassportKeeper } from './engine/network/passport-keeper.ts'
import { RootKeeper } from './engine/network/root-keeper.ts'
import type { CopyObserver, LivenessObserver } from './observe/cluster-observer.ts'
import type { NodePorts } from './ports/node-ports.ts'
import type { Transport } from './ports/transport.ts'

export interface ClusterParts {
  readonly ports: NodePorts
  /** Undefined on a node that reaches no other. */
  readonly transport: Transport | undefined
  readonly limits: Limits
  readonly clock: NodeClock
  readonly network: NetworkState
  readonly logicOf: LogicOf
  readonly observer: LivenessObserver & CopyObserver
  /** The version of this program. */
  readonly software: string
  readonly advertised: () => AdvertisedFacts
  /** The passport that admitted this node, or that it issues to itself. */
  readonly chain: PassportChain
}

/** What decides about mutable blocks in this node, and how it reaches others. */
export interface ComposedCluster {
  readonly view: NetworkView
  readonly host: ReplicaHost
  readonly route: BlockRoute
  readonly ask: AskMember
  /** Reads that any copy may answer. */
  readonly copies: CopyReads
  readonly root: RootKeeper
  readonly liveness: Liveness
  /** Undefined on a node without a transport. */
  readonly peers: ClusterPeers | undefined
}

/** What a node with a transport has beside the rest. */
export interface ClusterPeers {
  readonly transport: Transport
  readonly switch: PeerSwitch
  readonly calls: MemberCalls
  readonly liveness: LivenessEngine
  readonly own: OwnRecord
  readonly groups: GroupKeeper
  readonly admission: Admission
  readonly removals: NodeRemovals
  readonly parting: Parting
  readonly follower: RootFollower
  /** Calls back for each block whose state came as a snapshot. */
  readonly onInstalled: (listener: (block: HostedBlock) => void) => void
  /** Listens and begins to look after groups; everything that serves peers is there by then. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Other nodes, as far as there are any. */
interface Reach {
  link: ReplicaLink
  liveness: Liveness
  ask: AskMember
  tripMs: (nodeId: Uint8Array) => number | undefined
}

/** Nobody else is there. */
const lonelyLiveness: Liveness = { mayAnswer: () => false }
const lonelyAsk: AskMember = () =>
  Promise.reject(new CodedError('unavailable', 'this node reaches no other; nothing was changed'))

/** Joins what a node needs to decide about blocks, alone or with others. */
export function composeCluster(parts: ClusterParts): ComposedCluster {
  const { ports, limits, clock, network, logicOf, transport } = parts
  const { store, crypto, random, logger } = ports
  const { self, keys } = network
  const view = new NetworkView(network)
  const reach: Reach = { link: lonelyLink, liveness: lonelyLiveness, ask: lonelyAsk, tripMs: () => undefined }
  const link: ReplicaLink = {
    send: (to, address, message) => reach.link.send(to, address, message),
    catchUp: (from, address, since, signal) => reach.link.catchUp(from, address, since, signal),
  }
  const liveness: Liveness = {
    mayAnswer: (nodeId) => equalBytes(nodeId, self.nodeId) || (!view.isTakenOut(nodeId) && reach.liveness.mayAnswer(nodeId)),
  }
  const ask: AskMember = (to, call, signal) => reach.ask(to, call, signal)
  const birthGroup = (address: BlockAddress) => view.birthGroup(address)
  const host = new ReplicaHost({
    store,
    clock: ports.clock,
    limits,
    logger: logger.child('consensus'),
    self,
    link,
    logicOf,
    birthGroup,
    isUncertain: (address) => view.isUncertain(address),
    epoch: () => view.epoch,
    applied: (block) => {
      copies.applied(block)
      if (equalBytes(block.address, view.root)) root.applied()
    },
  })
  const holders = (address: BlockAddress): readonly Member[] =>
    membersOf([...view.differing(address), equalBytes(address, view.root) ? network.rootGroup.members : []])
  const route = new BlockRoute({ host, clock: ports.clock, random, limits, self, store, liveness, birthGroup, holders })
  const tripMs = (nodeId: Uint8Array): number | undefined => reach.tripMs(nodeId)
  const copies: ComposedCopies = composeCopies({
    ...{ host, store, route, ask, limits, self, liveness, tripMs, holders },
    clock: ports.clock,
    observer: parts.observer,
  })
  const root: RootKeeper = new RootKeeper({
    crypto,
    random,
    store,
    clock,
    logger: logger.child('root'),
    keys,
    view,
    host,
    route,
    ask,
  })
  view.onChange(() => host.placementChanged())
  if (network.leftBehind !== undefined) host.withdraw('left-behind')
  if (network.removal !== undefined) host.withdraw('removed')
  const composed = { view, host, route, ask, copies: copies.reads, root, liveness }
  if (transport === undefined) return { ...composed, peers: undefined }
  const peers = composePeers({ ...parts, view, host, root, liveness }, transport)
  reach.link = peers.link
  reach.liveness = peers.liveness
  reach.ask = peers.calls.ask
  reach.tripMs = (nodeId) => peers.liveness.tripMs(nodeId)
  copies.register(peers.calls)
  return { ...composed, peers }
}

interface PeersParts extends ClusterParts {
  readonly view: NetworkView
  readonly host: ReplicaHost
  readonly root: RootKeeper
  readonly liveness: Liveness
}

function composePeers(parts: PeersParts, transport: Transport): ClusterPeers & { readonly link: ReplicaLink } {
  const { ports, limits, network, view, host, root } = parts
  const { store, logger, clock } = ports
  const { self } = network
  const peers = new PeerSwitch()
  const follower = new RootFollower({ clock, limits, logger: logger.child('root'), view, root, signal: host.signal })
  const met = composeLiveness(parts, transport, peers)
  const { liveness, own, directory, isLive } = met
  const placedAt = (address: BlockAddress): readonly Member[] => view.placedAt(address)
  const groups = new GroupKeeper({ store, clock, limits, logger: logger.child('groups'), self, host, placedAt, isLive })
  met.onState(() => groups.look())
  const calls = new MemberCalls({ transport, host, clock, limits, self, liveness: parts.liveness })
  const installed: ((block: HostedBlock) => void)[] = []
  const catchUp = new CatchUp({
    ...{ transport, store, host, limits },
    installed: (block) => {
      for (const listener of installed) listener(block)
    },
    carried: ({ record, address }, body) => parts.logicOf(record, body).carried?.(address, body) ?? [],
    kept: async (block) => (equalBytes(block.address, view.root) ? await root.copyWrites(block) : []),
  })
  const link = new TransportLink({
    ...{ transport, clock, limits },
    logger: logger.child('consensus'),
    epoch: () => view.epoch,
    newerEpoch: () => follower.look(),
    receive: (from, address, message, epoch) => host.receive(from, address, message, epoch),
    catchUp: (from, address, since, signal) => catchUp.from(from, address, since, signal),
  })
  const passport = new PassportKeeper(
    {
      ...{ store, clock, limits, view, transport, random: ports.random, crypto: ports.crypto, keys: network.keys },
      logger: logger.child('passport'),
    },
    parts.chain,
  )
  const admission = composeAdmission(parts, passport, () => [own.current, ...directory.records()])
  const removals = new NodeRemovals({
    ...{ clock, hybridClock: parts.clock, keys: network.keys, view, root, nodeId: self.nodeId },
    chain: () => passport.chain,
  })
  calls.register(peers)
  link.register(peers)
  root.register(calls)
  passport.register(peers)
  new SnapshotSource({ store, host, limits }).register(peers)
  peers.onJoin((body, signal) => admission.admit(body, signal))
  const guard = new SessionGuard(ports.crypto, transport, view, limits)
  peers.onSession({ connected: () => groups.look() })
  const parting = composeParting({ ports, self, view, host, observer: parts.observer, transport })
  view.onChange(() => {
    liveness.placementChanged()
    groups.look()
    parting.look()
  })
  const memberMet = (member: ProvenMember): void => {
    liveness.met(member)
    guard.letIn(member.nodeId, member.chain)
    if (member.newestEpoch > view.epoch) follower.look()
  }
  const desk = composeDesk(parts, own, passport, memberMet, parting.missed)
  return {
    ...{ transport, switch: peers, calls, liveness, own, groups, admission, removals, parting, follower, link },
    onInstalled: (listener) => void installed.push(listener),
    async start() {
      await liveness.start()
      await transport.start(desk, peers)
      liveness.ownChanged()
      // It greets others and lets nobody in; what it holds can still be looked at here.
      if (network.leftBehind !== undefined || network.removal !== undefined) return
      groups.start()
      follower.start(self, admission)
      passport.start()
    },
    async stop() {
      await passport.stop()
      await groups.stop()
      await follower.stop()
      await liveness.stop()
      await transport.stop()
    },
  }
}

/** Who is in the cluster, and where. */
function composeLiveness(parts: PeersParts, transport: Transport, peers: PeerSwitch) {
  const { ports, limits, clock, network, view, host, observer, software, advertised } = parts
  const { store, crypto, random, logger } = ports
  const { self, keys } = network
  const shared = { store, crypto, clock: ports.clock, limits, networkId: view.networkId }
  const isOfNetwork = (nodeId: Uint8Array): boolean => view.isOfNetwork(nodeId)
  const own = new OwnRecord({ ...shared, node: keys.node, software, issued: () => clock.last, advertised })
  const known = { ...shared, logger: logger.child('directory'), ownNodeId: self.nodeId, transport, isOfNetwork }
  const directory = new NodeDirectory(known)
  const listeners: (() => void)[] = []
  const stateChanged: LivenessObserver['stateChanged'] = (facts) => {
    observer.stateChanged(facts)
    for (const listener of listeners) listener()
  }
  // It votes, leads and is heard no more; what it holds can still be looked at and exported here.
  const withdraw = (): void => {
    host.withdraw('older')
    transport.stop().catch((error: unknown) => logger.error('the transport did not stop', { error }))
  }
  const liveness = new LivenessEngine({
    ...shared,
    random,
    transport,
    peers,
    directory,
    own,
    observer: { ...observer, stateChanged },
    isOfNetwork,
    onRolledBack: withdraw,
    onCopied: withdraw,
  })
  const isLive = ({ nodeId, storeId }: Member): boolean => {
    if (equalBytes(nodeId, self.nodeId)) return equalBytes(storeId, self.storeId)
    const record = directory.get(nodeId)
    return record !== undefined && equalBytes(record.storeId, storeId) && liveness.mayAnswer(nodeId)
  }
  return { liveness, own, directory, isLive, onState: (listener: () => void) => void listeners.push(listener) }
}

function composeAdmission(parts: PeersParts, passport: PassportKeeper, records: () => readonly SignedNodeRecord[]): Admission {
  const { ports, limits, clock: hybridClock, network, view, host, root } = parts
  const { crypto, random, clock, logger } = ports
  return new Admission({
    ...{ crypto, random, clock, hybridClock, limits, view, root, records },
    logger: logger.child('admission'),
    keys: network.keys,
    chain: () => passport.chain,
    signal: host.signal,
  })
}

/** What this node shows to others, and judges them by. */
function composeDesk(
  parts: PeersParts,
  own: OwnRecord,
  passport: PassportKeeper,
  met: (member: ProvenMember) => void,
  missed: (proof: RecoveryProof) => void,
): MemberHelloDesk {
  const { ports, limits, network, view } = parts
  const { crypto } = ports
  const parting = { crypto, view, recovery: network.self.recovery, missed }
  return new MemberHelloDesk({
    crypto,
    clock: ports.clock,
    node: network.keys.node,
    networkId: view.networkId,
    limits,
    membership: () => ({
      owner: view.owner,
      chain: passport.chain,
      record: own.current,
      newestEpoch: view.epoch,
      revocationVersion: view.facts.admission.revocationVersion,
      revocations: view.facts.admission.revocations,
      isPlaced: (nodeId) => view.isOfNetwork(nodeId),
      enforceExpiry: true,
      recoveries: shownRecoveries(view),
    }),
    met,
    isParted: (other, shown) => isParted(parting, other, shown),
  })
}
