import { toHex } from '../core/base/bytes.ts'
import type { RolledBack } from '../core/overlay/life-mark.ts'
import type { PeerState } from '../core/overlay/swim/swim-messages.ts'
import { peerStates } from '../core/overlay/swim/swim-messages.ts'
import type { Logger } from '../ports/logger.ts'
import type { Meter } from '../ports/meter.ts'
import type { HelloRefusal, TransportEvents } from '../ports/transport.ts'
import { metricCatalogue } from './metric-catalogue.ts'
import type { ObserverPorts } from './observer-ports.ts'

/** Why a record of a node was not taken; closed, since it labels a metric. */
export type RecordRefusal = 'stranger' | 'forged' | 'full' | 'too-many' | 'malformed'

/** What is found out about the nodes of a cluster. */
export interface LivenessObserver {
  stateChanged(facts: { readonly nodeId: Uint8Array; readonly from: PeerState | 'unknown'; readonly to: PeerState }): void
  /** `malformed` counts whole messages. */
  recordRefused(facts: { readonly reason: RecordRefusal }): void
  /** The directory of another node came back older than it was; it is told. */
  rollBackSeen(facts: { readonly nodeId: Uint8Array }): void
  /** This node's own. `by`: who saw it further; none where the own signature shows it. */
  rolledBack(facts: RolledBack & { readonly by: Uint8Array | undefined }): void
  /** Two processes of another node run on copies of one directory; the second one is told. */
  copySeen(facts: { readonly nodeId: Uint8Array }): void
  /** This node's own directory is in use twice. `endpoints`: what the other process advertises. */
  copied(facts: { readonly storeId: Uint8Array; readonly endpoints: readonly string[] }): void
  /** The network was recovered by force, and this node's own directory is not of it any more. */
  leftBehind(facts: {
    readonly number: number
    readonly recoveredMs: number
    readonly survivor: { readonly nodeId: Uint8Array }
  }): void
  /** This node is not of its network any more. */
  removed(facts: { readonly how: 'left' | 'evicted'; readonly epoch: number }): void
}

/** Reads that need not see the newest state. */
export interface CopyObserver {
  /** `source`: the copy of this node, that of another one, or none, so that the primary answered. */
  copyRead(facts: { readonly consistency: 'bounded' | 'eventual'; readonly source: 'own' | 'other' | 'primary' }): void
  /** The primary of a block was asked up to where it is committed; false: nobody answered as one. */
  copyConfirmed(facts: { readonly confirmed: boolean }): void
}

/** One function for each thing that happens between nodes; each feeds the log, a metric, or both. None of them throws. */
export type ClusterObserver = LivenessObserver & CopyObserver & TransportEvents

/** Hellos refused for one reason within a minute that are logged one by one. */
const refusalsToldPerMinute = 10
const minuteMs = 60_000

export function createClusterObserver({ logger: parent, meter }: ObserverPorts): ClusterObserver {
  const logger = parent.child('cluster')
  return { ...livenessEvents(logger, meter), ...copyEvents(meter), ...transportEvents(logger, meter) }
}

/** The part of a cluster's status that has gauges. */
export interface ObservedCluster {
  readonly nodes: readonly { readonly state: PeerState | 'unknown' }[]
  readonly quorum: { readonly members: number; readonly alive: number; readonly needed: number }
  readonly groupsPending: number
  readonly copiesPending: number | undefined
  readonly patience: number
}

/** `unknown`: not heard of since the start. */
const observedStates = [...peerStates, 'unknown'] as const

/** Registers what a node knows of its network as gauges; asked when the metrics are read, and perhaps unknown before the node runs. */
export function registerClusterGauges(meter: Meter, status: () => ObservedCluster | undefined): void {
  const value = (read: (status: ObservedCluster) => number | undefined) => () => {
    const current = status()
    const number = current === undefined ? undefined : read(current)
    return number === undefined ? [] : [{ labels: {}, value: number }]
  }
  meter.gauge(metricCatalogue.clusterNodes, () => {
    const states = status()?.nodes.map(({ state }) => state)
    if (states === undefined) return []
    return observedStates.map((state) => ({ labels: { state }, value: states.filter((other) => other === state).length }))
  })
  meter.gauge(
    metricCatalogue.clusterHealth,
    value(({ patience }) => patience),
  )
  meter.gauge(
    metricCatalogue.clusterQuorumMembers,
    value(({ quorum }) => quorum.members),
  )
  meter.gauge(
    metricCatalogue.clusterQuorumAlive,
    value(({ quorum }) => quorum.alive),
  )
  meter.gauge(
    metricCatalogue.clusterQuorumNeeded,
    value(({ quorum }) => quorum.needed),
  )
  meter.gauge(
    metricCatalogue.clusterGroupsPending,
    value(({ groupsPending }) => groupsPending),
  )
  meter.gauge(
    metricCatalogue.clusterCopiesPending,
    value(({ copiesPending }) => copiesPending),
  )
}

function copyEvents(meter: Meter): CopyObserver {
  const reads = meter.counter(metricCatalogue.copyReads)
  const confirmations = meter.counter(metricCatalogue.copyConfirmations)
  return {
    copyRead: ({ consistency, source }) => reads.add(1, { consistency, source }),
    copyConfirmed: ({ confirmed }) => confirmations.add(1, { outcome: confirmed ? 'confirmed' : 'unanswered' }),
  }
}

function livenessEvents(logger: Logger, meter: Meter): LivenessObserver {
  const changes = meter.counter(metricCatalogue.clusterStateChanges)
  const refusals = meter.counter(metricCatalogue.nodeRecordsRefused)
  const rollBacks = meter.counter(metricCatalogue.nodesRolledBack)
  const copies = meter.counter(metricCatalogue.nodesCopied)
  return {
    stateChanged({ nodeId, from, to }) {
      changes.add(1, { to })
      const facts = { peer: toHex(nodeId), from, to }
      if (to === 'dead') logger.warn('a node does not answer any more', facts)
      else if (to === 'suspect') logger.debug('a node did not answer and is asked again', facts)
      // A suspect that answered was never missed.
      else if (from === 'suspect' && to === 'alive') logger.debug('a suspect node answered', facts)
      else logger.info(to === 'left' ? 'a node left' : 'a node is there', facts)
    },
    recordRefused({ reason }) {
      refusals.add(1, { reason })
      logger.debug('what was said of a node was not taken', { reason })
    },
    rollBackSeen({ nodeId }) {
      rollBacks.add(1, { whose: 'other' })
      logger.warn('the data directory of a node came back older than it was; it is told', { peer: toHex(nodeId) })
    },
    rolledBack({ by, storeId, highest, seen }) {
      rollBacks.add(1, { whose: 'own' })
      logger.error('the data directory of this node is older than it was: what it promised since is lost', {
        ...(by !== undefined && { peer: toHex(by) }),
        storeId: toHex(storeId),
        highestBootCount: highest.bootCount,
        highestPosition: highest.syncedPosition,
        bootCount: seen.bootCount,
        position: seen.syncedPosition,
      })
    },
    copySeen({ nodeId }) {
      copies.add(1, { whose: 'other' })
      logger.warn('two processes of a node run on copies of one data directory; the second one is told', { peer: toHex(nodeId) })
    },
    copied({ storeId, endpoints }) {
      copies.add(1, { whose: 'own' })
      logger.error('another process runs on a copy of this data directory: this one takes no part any more', {
        storeId: toHex(storeId),
        endpoints,
      })
    },
    leftBehind({ number, recoveredMs, survivor }) {
      logger.error(
        'the network was recovered by force without this data directory, which takes no part any more: join anew with an empty one',
        { recovery: number, recoveredAt: new Date(recoveredMs).toISOString(), survivor: toHex(survivor.nodeId) },
      )
    },
    removed({ how, epoch }) {
      if (how === 'left') logger.info('this node has left its network, and takes no part any more', { epoch })
      else {
        const text = 'this node was evicted from its network, and takes no part any more: join anew with an empty data directory'
        logger.error(text, { epoch })
      }
    },
  }
}

function transportEvents(logger: Logger, meter: Meter): TransportEvents {
  const sessions = meter.counter(metricCatalogue.peerSessions)
  const ends = meter.counter(metricCatalogue.peerSessionsEnded)
  const refusals = meter.counter(metricCatalogue.peerHellosRefused)
  const dials = meter.counter(metricCatalogue.peerDialsFailed)
  const dropped = meter.counter(metricCatalogue.peerMessagesDropped)
  const droppedBytes = meter.counter(metricCatalogue.peerBytesDropped)
  const told = new Map<HelloRefusal, { readonly sinceMs: number; readonly count: number }>()
  return {
    sessionBegan({ nodeId, endpoint, dialled }) {
      sessions.add(1, { side: dialled ? 'dialled' : 'accepted' })
      logger.info('a session with a node began', { peer: toHex(nodeId), endpoint, dialled })
    },
    sessionEnded({ nodeId, reason }) {
      ends.add(1, { reason })
      logger.info('a session with a node ended', { peer: toHex(nodeId), reason })
    },
    helloRefused({ endpoint, reason }) {
      refusals.add(1, { reason })
      const nowMs = performance.now()
      const last = told.get(reason)
      const minute = last !== undefined && nowMs - last.sinceMs < minuteMs ? last : { sinceMs: nowMs, count: 0 }
      told.set(reason, { ...minute, count: minute.count + 1 })
      if (minute.count < refusalsToldPerMinute) logger.warn('the hello of a node was refused', { endpoint, reason })
    },
    dialFailed({ nodeId, endpoint, error }) {
      dials.add(1)
      logger.debug('a node was not reached', { peer: toHex(nodeId), endpoint, error })
    },
    messageDropped({ nodeId, bytes }) {
      dropped.add(1)
      droppedBytes.add(bytes)
      logger.debug('a message to a node was dropped', { peer: toHex(nodeId), bytes })
    },
  }
}
