import type { Writable } from 'node:stream'
import { exitCodes } from './cli/exit-codes.ts'
import { consoleLink } from './cli/run/console-link.ts'
import { assertSafeConsole } from './cli/run/console-options.ts'
import type { ObservedProcess } from './cli/run/observed-process.ts'
import { observeProcess } from './cli/run/observed-process.ts'
import { consoleCommandText, ownCommand } from './cli/run/own-command.ts'
import type { ReadyFacts } from './cli/run/ready-file.ts'
import { removeOwnReadyFiles, writeReadyFiles } from './cli/run/ready-file.ts'
import { ResourceList } from './cli/run/resource-list.ts'
import { runBanner } from './cli/run/run-banner.ts'
import { StopRequests } from './cli/run/stop-requests.ts'
import { tuneHeap } from './cli/run/tune-heap.ts'
import { startConsole } from './compose-console.ts'
import { Screens } from './compose-screens.ts'
import type { ServedNode } from './compose-served-node.ts'
import { startServedNode } from './compose-served-node.ts'
import { hostPortText } from './config/host-port.ts'
import type { LoadedConfig } from './config/load-node-config.ts'
import type { NodeConfig } from './config/node-config-schema.ts'
import type { Environment } from './config/process-environment.ts'
import { toHex } from './core/base/bytes.ts'

export interface HeadlessHost {
  readonly version: string
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly environment: Environment
}

/** An orderly stop that takes longer has met something that hangs: the process ends, and the next start replays the journal. */
const stopTimeoutMs = 9000

/** Runs a node until a signal or a fault ends it; resolves to the exit code. Throws CodedError when it cannot start. */
export async function runHeadless(loaded: LoadedConfig, host: HeadlessHost): Promise<number> {
  const { config, warnings } = loaded
  tuneHeap()
  const destination = { write: (line: string) => host.stderr.write(line) }
  using observed = observeProcess({ level: config.logLevel, pretty: host.stderr.isTTY === true, destination })
  const { observer } = observed
  for (const warning of warnings) observer.configWarned({ warning })
  using stops = new StopRequests(observer)
  const resources = new ResourceList()
  try {
    const starting = startAll({ ...observed, loaded, config, host, stops, resources })
    const early = await Promise.race([starting.then(() => undefined), stops.first])
    if (early !== undefined) await starting.catch(() => {}) // what was begun must be there to be released
  } catch (error) {
    await resources.releaseAll(stops.hurry)
    throw error
  }
  const { exitCode } = await stops.first
  const startedMs = performance.now()
  const watchdog = setTimeout(() => process.exit(exitCode === exitCodes.ok ? exitCodes.failure : exitCode), stopTimeoutMs)
  const failures = await resources.releaseAll(stops.hurry)
  clearTimeout(watchdog)
  for (const error of failures) observer.stopFailed({ error })
  observer.nodeStopped({ durationMs: Math.round(performance.now() - startedMs) })
  return exitCode === exitCodes.ok && failures.length > 0 ? exitCodes.failure : exitCode
}

interface Starting extends Omit<ObservedProcess, keyof Disposable> {
  readonly loaded: LoadedConfig
  readonly config: NodeConfig
  readonly host: HeadlessHost
  readonly stops: StopRequests
  readonly resources: ResourceList
}

async function startAll(starting: Starting): Promise<void> {
  const { config, host, observer, stops, resources } = starting
  assertSafeConsole(config)
  const command = ownCommand({ environment: host.environment })
  const screens = new Screens({ ...starting, version: host.version, safeMode: false, command })
  const served = await startServedNode({
    ...starting,
    keysChanged: screens.keysChanged,
    clientsChanged: screens.clientsChanged,
    httpPort: config.console,
    version: host.version,
    environment: host.environment,
    writeFailed: () => stops.writeFailed(),
    entered: () => {},
  })
  const { node, keysKept } = served
  screens.start(served)
  resources.add(() => screens.stop())
  const {
    url,
    browserUrl,
    makeToken,
    host: consoleHost,
    port,
  } = await startConsole(starting, served, {
    version: host.version,
    serve: (socket) => screens.serveSocket(socket),
  })
  screens.listensAt({ host: consoleHost, port })
  const ready = readyFacts(served, { consoleUrl: url, version: host.version })
  resources.add(() => removeOwnReadyFiles(config, process.pid))
  await writeReadyFiles(config, ready)
  const signIn = consoleCommandText(command, config.data, host.environment)
  observer.nodeServing({
    ...ready,
    data: config.data,
    keysKept: keysKept.map(({ name, protection }) => ({ name, kept: protection.kind })),
    signIn,
  })
  if (host.stdout.isTTY !== true) return
  const link = consoleLink(browserUrl, makeToken().token)
  const suspect = node.status().condition.kind === 'suspect'
  host.stdout.write(runBanner(ready, { link, signIn, data: config.data, keys: keysKept, suspect }))
}

function readyFacts({ node, grpc }: ServedNode, facts: Pick<ReadyFacts, 'consoleUrl' | 'version'>): ReadyFacts {
  return {
    nodeId: toHex(node.status().identity.nodeId),
    pid: process.pid,
    grpc: hostPortText(grpc),
    consoleUrl: facts.consoleUrl,
    listen: node.cluster.status().listening[0] ?? null,
    version: facts.version,
  }
}
