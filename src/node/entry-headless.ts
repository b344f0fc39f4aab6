import type { Writable } from 'node:stream'
import { openLevelStore } from './adapters/level-store/open-level-store.ts'
import { pinoLogger } from './adapters/pino-logger/pino-logger.ts'
import { PromMeter } from './adapters/prom-meter/prom-meter.ts'
import { makeCertificate } from './adapters/tls-certificate/make-certificate.ts'
import { assertSafeBind } from './api/grpc/bind-safety.ts'
import { createGrpcServer } from './api/grpc/grpc-server.ts'
import { healthReport } from './api/http/health-report.ts'
import { createHttpServer } from './api/http/http-server.ts'
import { exitCodes } from './cli/exit-codes.ts'
import { assertPortsFreeForFirstStart } from './cli/run/check-ports.ts'
import { assertSafeConsole, grpcServerOptions } from './cli/run/grpc-options.ts'
import { keyVaultAt, systemAdapters } from './cli/run/node-adapters.ts'
import { observedKeyValues } from './cli/run/observed-key-values.ts'
import { openDirectoryWarning } from './cli/run/open-directory.ts'
import type { ReadyFacts } from './cli/run/ready-file.ts'
import { checkReadyFolder, removeReadyFile, runningFilePath, writeReadyFile } from './cli/run/ready-file.ts'
import { runBanner } from './cli/run/run-banner.ts'
import { StopRequests } from './cli/run/stop-requests.ts'
import { tuneHeap } from './cli/run/tune-heap.ts'
import { createNode } from './compose-node.ts'
import { hostPortText } from './config/host-port.ts'
import type { LoadedConfig } from './config/load-node-config.ts'
import type { NodeConfig } from './config/node-config-schema.ts'
import type { Environment } from './config/process-environment.ts'
import { toHex } from './core/base/bytes.ts'
import { defaultLimits } from './core/base/limits.ts'
import type { StorageNode } from './engine/storage-node.ts'
import type { NodeObserver } from './observe/node-observer.ts'
import { createNodeObserver } from './observe/node-observer.ts'
import { registerStatusGauges } from './observe/status-gauges.ts'
import type { KeyDescription } from './ports/key-vault.ts'
import type { Meter } from './ports/meter.ts'

export interface HeadlessHost {
  readonly version: string
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly environment: Environment
}

/** An orderly stop that takes longer has met something that hangs: the process ends, and the next start replays the journal. */
const stopTimeoutMs = 9000

/** Until there is a choice: a first start founds a network for this node alone. */
const firstNetworkName = 'memo'

interface Resource {
  readonly release: () => PromiseLike<void>
}

/** Runs a node until a signal or a fault ends it; resolves to the exit code. Throws CodedError when it cannot start. */
export async function runHeadless({ config, warnings }: LoadedConfig, host: HeadlessHost): Promise<number> {
  tuneHeap()
  const destination = { write: (line: string) => host.stderr.write(line) }
  const logger = pinoLogger({ level: config.logLevel, pretty: host.stderr.isTTY === true, destination })
  const meter = new PromMeter({ processMetrics: true })
  const observer = createNodeObserver({ logger, meter })
  for (const warning of warnings) observer.configWarned({ warning })
  using stops = new StopRequests(observer)
  const resources: Resource[] = []
  try {
    const starting = startAll({ config, host, observer, meter, logger, stops, resources })
    const early = await Promise.race([starting.then(() => undefined), stops.first])
    if (early !== undefined) await starting.catch(() => {}) // what was begun must be there to be released
  } catch (error) {
    await releaseAll(resources, stops.hurry)
    throw error
  }
  const { exitCode } = await stops.first
  const startedMs = performance.now()
  const watchdog = setTimeout(() => process.exit(exitCode === exitCodes.ok ? exitCodes.failure : exitCode), stopTimeoutMs)
  const failures = await releaseAll(resources, stops.hurry)
  clearTimeout(watchdog)
  for (const error of failures) observer.stopFailed({ error })
  observer.nodeStopped({ durationMs: Math.round(performance.now() - startedMs) })
  return exitCode === exitCodes.ok && failures.length > 0 ? exitCodes.failure : exitCode
}

interface Starting {
  readonly config: NodeConfig
  readonly host: HeadlessHost
  readonly observer: NodeObserver
  readonly meter: Meter
  readonly logger: ReturnType<typeof pinoLogger>
  readonly stops: StopRequests
  readonly resources: Resource[]
}

async function startAll(starting: Starting): Promise<void> {
  const { config, host, observer, meter, logger, stops, resources } = starting
  assertSafeConsole(config)
  assertSafeBind(grpcServerOptions(config))
  if (config.readyFile !== undefined) await checkReadyFolder(config.readyFile)
  const adapters = systemAdapters()
  const place = { dataDirectory: config.data, keyFile: config.keyFile, environment: host.environment }
  const keyVault = keyVaultAt(place, adapters, logger.child('vault'))
  await keyVault.assertKeyFileInUse()
  await assertPortsFreeForFirstStart(config)
  const warning = await openDirectoryWarning(config.data)
  if (warning !== undefined) observer.configWarned({ warning })
  const startedMs = performance.now()
  const store = await openLevelStore({
    directory: config.data,
    limits: defaultLimits,
    ...(config.capacity !== undefined && { byteLimit: config.capacity }),
    random: adapters.random,
    madeBy: `memo ${host.version}`,
    events: {
      ...observer.store,
      failed(facts) {
        stops.writeFailed() // first: the log may lie on the same disk
        observer.store.failed(facts)
      },
    },
  })
  resources.push({ release: () => store[Symbol.asyncDispose]() })
  for (const path of readyFiles(config)) await removeReadyFile(path) // of a run that was killed; the lock says that it is gone
  const node = createNode(
    {
      networkName: firstNetworkName,
      limits: defaultLimits,
      valuesCollected: observer.valuesCollected,
      damageRead: observer.damageRead,
    },
    { ...adapters, keyVault, store, logger, meter },
  )
  resources.push({ release: () => node.stop() })
  await node.start()
  const keysKept = await keyVault.describe()
  registerStatusGauges(meter, host.version, () => node.status())
  reportStart(node, observer, host.version, performance.now() - startedMs)
  const ready = await startFaces(starting, node, keysKept, adapters)
  resources.push({ release: async () => void (await Promise.all(readyFiles(config).map(removeReadyFile))) })
  for (const path of readyFiles(config)) await writeReadyFile(path, ready)
  observer.nodeServing({
    ...ready,
    data: config.data,
    keysKept: keysKept.map(({ name, protection }) => ({ name, kept: protection.kind })),
  })
  if (host.stdout.isTTY === true)
    host.stdout.write(runBanner(ready, config.data, keysKept, node.status().condition.kind === 'suspect'))
}

async function startFaces(
  { config, host, observer, meter, resources }: Starting,
  node: StorageNode,
  keysKept: readonly KeyDescription[],
  adapters: ReturnType<typeof systemAdapters>,
): Promise<ReadyFacts> {
  const grpc = createGrpcServer(
    grpcServerOptions(config),
    { keyValues: observedKeyValues(node.keyValues, observer), blocks: node.blocks },
    { ...adapters, observer, makeCertificate },
  )
  resources.push({ release: () => grpc.stop() })
  const bound = await grpc.start()
  const http = createHttpServer({
    ...config.console,
    observer,
    sources: {
      version: host.version,
      metrics: () => meter.render(),
      health: () => healthReport({ version: host.version, pid: process.pid, status: node.status(), keysKept }),
    },
  })
  resources.push({ release: () => http.stop() })
  const { url } = await http.start()
  return {
    nodeId: toHex(node.status().identity.nodeId),
    pid: process.pid,
    grpc: hostPortText(bound),
    consoleUrl: url,
    listen: config.listen === undefined ? null : hostPortText(config.listen),
    version: host.version,
  }
}

function readyFiles(config: NodeConfig): readonly string[] {
  return [runningFilePath(config.data), ...(config.readyFile === undefined ? [] : [config.readyFile])]
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

/**
 * In reverse order of the start, each even when another fails; returns what failed. A second signal stops the wait for the faces,
 * never for node and store.
 */
async function releaseAll(resources: Resource[], hurry: Promise<void>): Promise<readonly unknown[]> {
  const failures: unknown[] = []
  for (let resource = resources.pop(); resource !== undefined; resource = resources.pop()) {
    const released = resource.release().then(undefined, (error: unknown) => void failures.push(error))
    await (resources.length > 1 ? Promise.race([released, hurry]) : released)
  }
  return failures
}
