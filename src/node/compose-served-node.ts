import type { EventLoopDelay } from './adapters/event-loop/event-loop-delay.ts'
import { openLevelStore } from './adapters/level-store/open-level-store.ts'
import { makeCertificate } from './adapters/tls-certificate/make-certificate.ts'
import { assertSafeBind } from './api/grpc/bind-safety.ts'
import type { GrpcServer, ServedServices } from './api/grpc/grpc-server.ts'
import { createGrpcServer } from './api/grpc/grpc-server.ts'
import { assertPortsFreeForFirstStart } from './cli/run/check-ports.ts'
import { connectionBudget } from './cli/run/descriptor-budget.ts'
import { grpcServerOptions } from './cli/run/grpc-options.ts'
import { checkNamedFiles } from './cli/run/named-files.ts'
import { keyVaultAt, systemAdapters } from './cli/run/node-adapters.ts'
import { observedBlocks } from './cli/run/observed-blocks.ts'
import { observedKeyValues } from './cli/run/observed-key-values.ts'
import { openDirectoryWarning } from './cli/run/open-directory.ts'
import { advertisedOf, peerTransport } from './cli/run/peer-transport.ts'
import { PeersAtStart } from './cli/run/peers-at-start.ts'
import { removeLeftReadyFiles } from './cli/run/ready-file.ts'
import type { ResourceList } from './cli/run/resource-list.ts'
import { createNode } from './compose-node.ts'
import type { HostPort } from './config/host-port.ts'
import type { NodeConfig } from './config/node-config-schema.ts'
import type { Environment } from './config/process-environment.ts'
import { toHex } from './core/base/bytes.ts'
import { defaultLimits } from './core/base/limits.ts'
import type { StorageNode } from './engine/storage-node.ts'
import { registerClusterGauges } from './observe/cluster-observer.ts'
import type { MetricHistory } from './observe/metric-history.ts'
import type { NodeObserver } from './observe/node-observer.ts'
import { registerStatusGauges } from './observe/status-gauges.ts'
import type { KeyDescription } from './ports/key-vault.ts'
import type { Logger } from './ports/logger.ts'
import type { Meter } from './ports/meter.ts'
import type { TransportMaker } from './ports/node-ports.ts'
import type { RecordStore } from './ports/record-store.ts'

/** Until there is a choice: a first start founds a network for this node alone. */
const firstNetworkName = 'memo'

/** What a start is at, in order. */
export type ServePhase = 'lock' | 'store' | 'identity' | 'ports'

/** The process around a node, as far as its start asks for it. */
export interface ServeParts {
  readonly config: NodeConfig
  /** Address of the HTTP port, where the process serves one: checked before a first start founds anything. */
  readonly httpPort: HostPort | undefined
  /** Opens the store only to look at it: the node serves what is there and refuses every change. */
  readonly readOnly?: boolean
  readonly version: string
  readonly environment: Environment
  readonly observer: NodeObserver
  readonly meter: Meter
  readonly logger: Logger
  readonly history: MetricHistory
  readonly eventLoop: EventLoopDelay
  /** Gets what was acquired, also by a start that fails later. */
  readonly resources: ResourceList
  /** A write failed: the store can no longer keep its promise, everything has to end. */
  readonly writeFailed: () => void
  /** A client of the gRPC port came or went. */
  readonly clientsChanged?: () => void
  /** Keys have changed, whoever changed them. */
  readonly keysChanged?: (keys: Iterable<string>) => void
  readonly entered: (phase: ServePhase) => void
}

export interface ServedNode {
  readonly node: StorageNode
  /** What every face calls: the services with their traffic told to the observer. */
  readonly services: ServedServices
  readonly adapters: ReturnType<typeof systemAdapters>
  readonly keysKept: readonly KeyDescription[]
  /** Where gRPC is served. */
  readonly grpc: HostPort
  readonly grpcServer: GrpcServer
}

/** Starts a node on its store, with the face of gRPC: the same in every kind of process. Throws CodedError when it cannot start. */
export async function startServedNode(parts: ServeParts): Promise<ServedNode> {
  const { config, meter, version, resources, entered } = parts
  entered('lock')
  assertSafeBind(grpcServerOptions(config))
  await checkNamedFiles(config)
  const adapters = systemAdapters()
  const place = { dataDirectory: config.data, keyFile: config.keyFile, environment: parts.environment }
  const keyVault = keyVaultAt(place, adapters, parts.logger.child('vault'))
  await keyVault.assertKeyFileInUse()
  await assertPortsFreeForFirstStart({ data: config.data, grpc: config.grpc, http: parts.httpPort, listen: config.listen })
  const warning = await openDirectoryWarning(config.data)
  if (warning !== undefined) parts.observer.configWarned({ warning })
  const startedMs = performance.now()
  const store = await openStore(parts, adapters)
  resources.add(() => store[Symbol.asyncDispose]())
  const observer = scrubbingOnDamage(parts.observer, store)
  await removeLeftReadyFiles(config)
  entered('identity')
  const node = createNode(
    {
      networkName: firstNetworkName,
      limits: defaultLimits,
      valuesCollected: observer.valuesCollected,
      damageRead: observer.damageRead,
      keysChanged: parts.keysChanged,
      description: { software: version, zone: config.zone ?? '', labels: config.labels },
      advertise: advertisedOf(config.advertise),
    },
    { ...adapters, keyVault, store, logger: parts.logger, meter, transport: transportFor(parts, adapters) },
  )
  resources.add(() => node.stop())
  await node.start()
  const keysKept = await keyVault.describe()
  parts.history.start(() => ({
    liveBytes: node.status().usage.liveBytes,
    eventLoopP99Ms: parts.eventLoop.takeP99Ms(),
  }))
  resources.add(async () => parts.history[Symbol.dispose]())
  registerStatusGauges(meter, version, () => node.status())
  registerClusterGauges(meter, () => node.cluster.status())
  reportStart(node, observer, version, performance.now() - startedMs)
  entered('ports')
  const services = {
    keyValues: observedKeyValues(node.keyValues, observer, adapters.clock),
    blocks: observedBlocks(node.blocks, observer, adapters.clock),
    cluster: node.cluster,
  }
  const grpcServer = makeGrpcServer(parts, services, adapters)
  resources.add(() => grpcServer.stop())
  return { node, services, adapters, keysKept, grpc: await grpcServer.start(), grpcServer }
}

/** A node that is looked at reaches no other; one of several reaches them also where it listens for none. */
function transportFor({ config, readOnly }: ServeParts, adapters: ServedNode['adapters']): TransportMaker {
  return ({ nodeId, hasOthers, events }) => {
    if (readOnly === true || (config.listen === undefined && !hasOthers)) return undefined
    const transport = peerTransport({ ...adapters, nodeId, listen: config.listen, limits: defaultLimits, events })
    const { peers } = config
    return peers.length === 0 ? transport : new PeersAtStart(transport, { peers, clock: adapters.clock, limits: defaultLimits })
  }
}

/** A record that is not there where another names it, or does not verify, may not be the only one. */
function scrubbingOnDamage(observer: NodeObserver, store: RecordStore): NodeObserver {
  return {
    ...observer,
    damageRead: (facts) => {
      observer.damageRead(facts)
      store.scrubSoon?.()
    },
  }
}

function openStore(
  { config, readOnly = false, version, observer, entered, writeFailed }: ServeParts,
  adapters: ServedNode['adapters'],
) {
  return openLevelStore({
    directory: config.data,
    limits: defaultLimits,
    ...(config.capacity !== undefined && { byteLimit: config.capacity }),
    random: adapters.random,
    clock: adapters.clock,
    inspect: readOnly,
    madeBy: `memo ${version}`,
    locked: () => entered('store'),
    events: {
      ...observer.store,
      failed(facts) {
        writeFailed() // first: the log may lie on the same disk
        observer.store.failed(facts)
      },
    },
  })
}

function makeGrpcServer(
  { config, observer, clientsChanged }: ServeParts,
  services: ServedNode['services'],
  adapters: ServedNode['adapters'],
): GrpcServer {
  const ports = { ...adapters, observer, makeCertificate, ...(clientsChanged !== undefined && { clientsChanged }) }
  const { grpcConnectionsMax, warning } = connectionBudget(defaultLimits)
  if (warning !== undefined) observer.configWarned({ warning })
  return createGrpcServer({ ...grpcServerOptions(config), limits: { ...defaultLimits, grpcConnectionsMax } }, services, ports)
}

function reportStart(node: StorageNode, observer: NodeObserver, version: string, durationMs: number): void {
  const { identity, keys, condition } = node.status()
  observer.nodeStarted({
    version,
    nodeId: toHex(identity.nodeId),
    networkId: toHex(identity.networkId),
    storeId: toHex(identity.storeId),
    bootCount: identity.bootCount,
    keys,
    condition: condition.kind,
    durationMs: Math.round(durationMs),
  })
}
