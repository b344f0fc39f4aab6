import { contractVersion } from '../../../ipc/contract/node-contract.ts'
import type { Hello, NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { ClusterStatus } from '../../engine/cluster/cluster-service.ts'
import type { NodeStatus as EngineStatus } from '../../engine/storage-node.ts'
import { clusterSummary } from './cluster-handlers.ts'
import { controlBase } from './control-base.ts'

/** Where the parts of a status come from. */
export interface StatusSources {
  readonly node: () => EngineStatus
  readonly cluster: () => ClusterStatus
  readonly isReadOnly: () => boolean
  /** The store was opened only to be looked at, after too many crashes. */
  readonly safeMode: boolean
  readonly pid: number
  /** Secret keys lie unencrypted in the data directory. */
  readonly plainKeys: boolean
  /** Over the last minute; null where nothing was asked for. */
  readonly latency: () => NodeStatus['latency']
  readonly throughput: () => NodeStatus['throughput']
  /** Null while it is not known or nothing grows. */
  readonly daysToFull: () => number | null
  readonly grpc: () => NodeStatus['grpc']
}

export interface SystemParts {
  readonly status: StatusSources
  readonly nodeVersion: string
  /** Format of the data directory. */
  readonly dataFormat: number
  /** What this node can do beyond the first version of the contract. */
  readonly capabilities: readonly string[]
}

export function systemHandlers(parts: SystemParts) {
  const { system } = controlBase
  return {
    // A screen of another version gets the same answer: it alone can say what to do about the difference.
    hello: system.hello.handler(() => helloOf(parts)),
    status: system.status.handler(() => nodeStatus(parts.status)),
  }
}

function helloOf({ status, nodeVersion, dataFormat, capabilities }: SystemParts): Hello {
  const { identity } = status.node()
  return {
    contractVersion,
    nodeVersion,
    dataFormat,
    nodeId: toHex(identity.nodeId),
    networkId: toHex(identity.networkId),
    networkName: identity.networkName,
    readOnly: status.isReadOnly(),
    capabilities: [...capabilities],
  }
}

/** A status is sent whenever it changes: its lists stay short. */
const findingsShownMax = 20

export function nodeStatus(sources: StatusSources): NodeStatus {
  const { state, identity, condition, usage, keys, uptimeMs, scrub } = sources.node()
  return {
    state: state === 'idle' ? 'starting' : state,
    readOnly: sources.isReadOnly(),
    safeMode: sources.safeMode,
    nodeId: toHex(identity.nodeId),
    storeId: toHex(identity.storeId),
    bootCount: identity.bootCount,
    uptimeMs,
    pid: sources.pid,
    condition: condition.kind,
    findings: (condition.kind === 'suspect' ? condition.findings : (scrub?.findings ?? [])).slice(0, findingsShownMax),
    plainKeys: sources.plainKeys,
    keys,
    blocks: usage.families.content.records + usage.families.block.records,
    cluster: clusterSummary(sources.cluster()),
    storage: {
      liveBytes: usage.liveBytes,
      diskBytes: usage.diskBytes,
      limitBytes: usage.byteLimit ?? null,
      diskFreeBytes: usage.diskFreeBytes,
      full: usage.full,
      daysToFull: sources.daysToFull(),
    },
    latency: sources.latency(),
    throughput: sources.throughput(),
    grpc: sources.grpc(),
  }
}
