import type { PortLike } from '../ipc/wire/port-channel.ts'
import type { SocketLike } from '../ipc/wire/socket-channel.ts'
import type { Served, WireServer } from '../ipc/wire/wire-server.ts'
import { servePort, serveSocket } from '../ipc/wire/wire-server.ts'
import { assert } from '../shared/assert.ts'
import type { CodedError } from '../shared/coded-error.ts'
import { storeFormat } from './adapters/level-store/store-format.ts'
import { SystemClock } from './adapters/system-clock/system-clock.ts'
import type { ControlContext } from './api/control/control-base.ts'
import { controlLimits } from './api/control/control-limits.ts'
import { EventHub } from './api/control/event-hub.ts'
import { JobKeeper } from './api/control/jobs/job-keeper.ts'
import { createControlRouter } from './api/control/router.ts'
import type { StatusSources } from './api/control/system-handlers.ts'
import { nodeStatus } from './api/control/system-handlers.ts'
import { assertSafeBind } from './api/grpc/bind-safety.ts'
import { changedPortFaults } from './cli/run/check-ports.ts'
import { assertSafeConsole } from './cli/run/console-options.ts'
import { grpcServerOptions } from './cli/run/grpc-options.ts'
import { assertKeysOpen } from './cli/run/keys-open.ts'
import { namedFileFaults, namesSameFiles } from './cli/run/named-files.ts'
import { keyVaultAt } from './cli/run/node-adapters.ts'
import type { ObservedProcess } from './cli/run/observed-process.ts'
import type { ServedNode } from './compose-served-node.ts'
import type { HostPort } from './config/host-port.ts'
import { parseHostPort } from './config/host-port.ts'
import type { LoadedConfig } from './config/load-node-config.ts'
import { InvalidConfigError } from './config/load-node-config.ts'
import type { NodeConfig } from './config/node-config-schema.ts'
import { SettingsFile } from './config/settings-file.ts'
import { defaultLimits } from './core/base/limits.ts'
import type { NodeStatus } from './engine/storage-node.ts'
import { createControlObserver } from './observe/control-observer.ts'

export interface ScreensParts extends Omit<ObservedProcess, keyof Disposable> {
  readonly loaded: LoadedConfig
  readonly version: string
  /** The store was opened only to be looked at. */
  readonly safeMode: boolean
  /** How a shell on this computer calls the command line. */
  readonly command: string
}

/** What screens are told of a node from its first change on, and served once it runs: the same on every wire. */
export class Screens implements AsyncDisposable {
  readonly #parts: ScreensParts
  readonly #clock = new SystemClock()
  readonly #hub: EventHub
  readonly #wires = new Set<WireServer>()
  readonly #listening: HostPort[] = []
  #status: StatusSources | undefined
  #jobs: JobKeeper | undefined
  #served: Served<ControlContext> | undefined

  constructor(parts: ScreensParts) {
    this.#parts = parts
    const status = () => {
      assert(this.#status !== undefined, 'a screen is served by a node that runs')
      return nodeStatus(this.#status)
    }
    this.#hub = new EventHub(this.#clock, { status, jobs: () => this.#jobs?.list() ?? [] })
  }

  readonly keysChanged = (keys: Iterable<string>): void => this.#hub.keysChanged(keys)

  readonly clientsChanged = (): void => this.#hub.clientsChanged()

  /** This process listens there. */
  listensAt(address: HostPort): void {
    this.#listening.push(address)
  }

  /** The node runs: screens may come. */
  start(served: ServedNode): void {
    const { logger, meter, history, logRing, logGate, version, loaded, safeMode, command } = this.#parts
    const { node, services, adapters, grpcServer, keysKept } = served
    this.listensAt(served.grpc)
    for (const address of node.cluster.status().listening.map(parseHostPort)) if (address !== undefined) this.listensAt(address)
    const settings = new SettingsFile(loaded, {
      sha256: (bytes) => adapters.crypto.sha256(bytes),
      assertStartable: async (next, before) => {
        await assertStartable(next, served.adapters, this.#parts)
        assertNone(await changedPortFaults(next, [loaded.config, before], this.#listening))
      },
      applied: ({ logLevel }) => {
        logGate.setLevel(logLevel)
        this.#hub.statusChanged()
      },
      changed: () => this.#hub.settingsChanged(),
    })
    const isReadOnly = () => settings.isReadOnly()
    const { keyValues } = services
    const jobs = new JobKeeper({ ...adapters, keyValues, isReadOnly, changed: () => this.#hub.jobsChanged() })
    const status: StatusSources = {
      node: () => node.status(),
      cluster: () => node.cluster.status(),
      isReadOnly,
      safeMode,
      pid: process.pid,
      plainKeys: keysKept.some(({ protection }) => protection.kind === 'plain'),
      latency: () => history.latency(),
      throughput: () => history.throughput(),
      daysToFull: () => history.daysToFull(roomOf(node.status())),
      grpc: () => {
        const { address, tls, auth } = grpcServer.facts()
        return { address, tls, auth, clients: grpcServer.clients.count }
      },
    }
    const router = createControlRouter({
      ...{
        status,
        nodeVersion: version,
        dataFormat: storeFormat,
        capabilities: [],
        keyValues,
        cluster: services.cluster,
        events: this.#hub,
      },
      ...{ history, logRing, logGate, clock: adapters.clock, settings, clients: grpcServer.clients, jobs },
      grpc: { info: () => ({ ...grpcServer.facts(), command }), test: () => grpcServer.test(controlLimits.grpcTestTimeoutMs) },
    })
    const control = createControlObserver({ logger, meter })
    const context: ControlContext = {
      ...{ clock: adapters.clock, random: adapters.random, observer: control, isReadOnly },
      callTimeoutMs: defaultLimits.callTimeoutMs,
    }
    this.#status = status
    this.#jobs = jobs
    this.#served = { router, context, wireFailed: control.wireFailed }
  }

  /** A screen over a message port. */
  servePort(port: PortLike): void {
    this.#serve((served) => servePort(port, served))
  }

  /** A screen over a socket that was accepted for a session. */
  serveSocket(socket: SocketLike): void {
    this.#serve((served) => serveSocket(socket, served))
  }

  /** Ends streams, jobs and connections. Idempotent. */
  async stop(): Promise<void> {
    this.#served = undefined
    await this.#hub.stop()
    await this.#jobs?.stop()
    for (const wire of this.#wires) wire.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #serve(serve: (served: Served<ControlContext>) => WireServer): void {
    assert(this.#served !== undefined, 'screens come after the start')
    const wire = serve(this.#served)
    this.#wires.add(wire)
    void wire.closed.then(() => this.#wires.delete(wire))
  }
}

/** What `memo run` would refuse although each value is valid. */
async function assertStartable(
  next: NodeConfig,
  adapters: ServedNode['adapters'],
  { loaded, logger }: Pick<ScreensParts, 'loaded' | 'logger'>,
): Promise<void> {
  assertSafeConsole(next)
  assertSafeBind(grpcServerOptions(next))
  await assertFilesUsable(next, loaded.config)
  if (next.keyFile === loaded.config.keyFile) return
  const place = { dataDirectory: next.data, keyFile: next.keyFile, environment: loaded.origin.input.environment }
  await assertKeysOpen(keyVaultAt(place, adapters, logger.child('vault')))
}

/** Files that stay as they are have been looked at by the start: what became of one since then is not the fault of another change. */
async function assertFilesUsable(next: NodeConfig, loaded: NodeConfig): Promise<void> {
  if (!namesSameFiles(next, loaded)) assertNone(await namedFileFaults(next))
}

/** Each is told at its setting. */
function assertNone(faults: readonly CodedError[]): void {
  const problems = faults.map(({ message, details }) => ({ name: String(details.key), message }))
  if (problems.length > 0) throw new InvalidConfigError(problems)
}

/** Bytes that the store may still grow by. */
function roomOf({ usage }: NodeStatus): number {
  const { byteLimit, reserveBytes, liveBytes, diskFreeBytes } = usage
  return byteLimit === undefined ? diskFreeBytes : Math.min(byteLimit - reserveBytes - liveBytes, diskFreeBytes)
}
