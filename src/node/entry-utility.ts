/** The node in a process of the desktop app, which main starts, watches and stops over the port between them. */

import { Command } from 'commander'
import { supervisionTimes, supervisionVersion } from '../ipc/supervision/node-messages.ts'
import type { PortLike } from '../ipc/wire/port-channel.ts'
import { CodedError } from '../shared/coded-error.ts'
import type { RunFlags } from './cli/commands/setting-options.ts'
import { withSettingOptions } from './cli/commands/setting-options.ts'
import { exitCodeOf, exitCodes } from './cli/exit-codes.ts'
import { packageVersion } from './cli/package-version.ts'
import type { ObservedProcess } from './cli/run/observed-process.ts'
import { observeProcess } from './cli/run/observed-process.ts'
import { ownCommand } from './cli/run/own-command.ts'
import type { Received } from './cli/run/parent-port.ts'
import { findParentPort, MainLink } from './cli/run/parent-port.ts'
import { ResourceList } from './cli/run/resource-list.ts'
import type { StopReason } from './cli/run/stop-requests.ts'
import { StopRequests } from './cli/run/stop-requests.ts'
import { tuneHeap } from './cli/run/tune-heap.ts'
import { Screens } from './compose-screens.ts'
import { startServedNode } from './compose-served-node.ts'
import { hostPortText } from './config/host-port.ts'
import type { LoadedConfig } from './config/load-node-config.ts'
import { loadNodeConfig } from './config/load-node-config.ts'
import type { NodeConfig } from './config/node-config-schema.ts'
import type { Environment } from './config/process-environment.ts'
import { processEnvironment } from './config/process-environment.ts'
import type { NodeObserver } from './observe/node-observer.ts'

/** An orderly stop that takes longer has met something that hangs: the process ends, and the next start replays the journal. */
const stopTimeoutMs = 9000
/** What keeps a process from ending after everything was closed is nothing that is worth waiting for. */
const lingerMs = 1000

interface StartOrder {
  readonly arguments: readonly string[]
  readonly safeMode: boolean
}

class UtilityNode {
  readonly #link: MainLink
  readonly #resources = new ResourceList()
  readonly #order = Promise.withResolvers<StartOrder | undefined>()
  #stops: StopRequests | undefined
  #serveScreens: ((port: PortLike) => void) | undefined

  constructor(link: MainLink) {
    this.#link = link
  }

  /** Resolves to the exit code when everything is closed. */
  async run(): Promise<number> {
    this.#link.receive((received) => this.#receive(received))
    this.#link.send({ kind: 'hello', protocolVersion: supervisionVersion, pid: process.pid })
    const heartbeat = setInterval(() => this.#link.send({ kind: 'heartbeat' }), supervisionTimes.heartbeatMs)
    try {
      const order = await this.#order.promise
      return order === undefined ? exitCodes.ok : await this.#serve(order)
    } catch (error) {
      this.#link.send({ kind: 'failed', ...failureOf(error) })
      return exitCodeOf(error)
    } finally {
      clearInterval(heartbeat)
      this.#link.send({ kind: 'closed' })
    }
  }

  #receive({ message, ports: [port] }: Received): void {
    switch (message.kind) {
      case 'start':
        this.#order.resolve(message)
        break
      case 'port':
        if (port !== undefined && this.#serveScreens !== undefined) this.#serveScreens(port)
        else port?.close()
        break
      case 'shutdown':
        this.#order.resolve(undefined)
        this.#stops?.asked()
        break
    }
  }

  async #serve({ arguments: words, safeMode }: StartOrder): Promise<number> {
    this.#link.send({ kind: 'phase', phase: 'lock' })
    const environment = processEnvironment()
    const loaded = configOf(words, environment)
    const { config, warnings } = loaded
    this.#link.send({ kind: 'configured', dataDirectory: config.data })
    using observed = observeProcess({ level: config.logLevel, pretty: false, destination: process.stderr })
    const { observer } = observed
    for (const warning of warnings) observer.configWarned({ warning })
    using stops = new StopRequests(observer)
    this.#stops = stops
    const starting = this.#start({ ...observed, loaded, config, environment, safeMode, stops })
    try {
      const early = await Promise.race([starting.then(() => undefined), stops.first])
      if (early !== undefined) await starting.catch(() => {}) // what was begun must be there to be released
    } catch (error) {
      await this.#resources.releaseAll(stops.hurry)
      throw error
    }
    const reason = await stops.first
    const clean = await this.#stop(reason, stops, observer)
    return reason.exitCode === exitCodes.ok && !clean ? exitCodes.failure : reason.exitCode
  }

  async #start(parts: StartParts): Promise<void> {
    const { config, observer, safeMode, stops } = parts
    const command = ownCommand({ environment: parts.environment })
    const screens = new Screens({ ...parts, version: packageVersion(), command })
    const served = await startServedNode({
      ...parts,
      keysChanged: screens.keysChanged,
      clientsChanged: screens.clientsChanged,
      resources: this.#resources,
      httpPort: undefined,
      readOnly: safeMode,
      version: packageVersion(),
      writeFailed: () => stops.writeFailed(),
      entered: (phase) => this.#link.send({ kind: 'phase', phase }),
    })
    screens.start(served)
    this.#resources.add(() => screens.stop())
    this.#serveScreens = (port) => screens.servePort(port)
    const grpc = hostPortText(served.grpc)
    observer.nodeServing({ grpc, data: config.data, pid: process.pid, safeMode })
    this.#link.send({ kind: 'serving', grpc })
    this.#link.send({ kind: 'phase', phase: 'ready' })
  }

  /** True when everything was released in order. */
  async #stop(reason: StopReason, stops: StopRequests, observer: NodeObserver): Promise<boolean> {
    if (reason.exitCode !== exitCodes.ok) this.#link.send({ kind: 'fault', reason: faultTexts[reason.kind] })
    this.#serveScreens = undefined
    const startedMs = performance.now()
    const watchdog = setTimeout(() => process.exit(reason.exitCode || exitCodes.failure), stopTimeoutMs)
    const failures = await this.#resources.releaseAll(stops.hurry)
    clearTimeout(watchdog)
    for (const error of failures) observer.stopFailed({ error })
    observer.nodeStopped({ durationMs: Math.round(performance.now() - startedMs) })
    return failures.length === 0
  }
}

const faultTexts: Readonly<Record<StopReason['kind'], string>> = {
  signal: 'a signal ended it',
  asked: 'it was asked to stop',
  'write-failed': 'a write to the disk failed, so that nothing more could be kept safely',
  bug: 'something failed in a way that was not foreseen; the log says more',
}

interface StartParts extends Omit<ObservedProcess, keyof Disposable> {
  readonly loaded: LoadedConfig
  readonly config: NodeConfig
  readonly environment: Environment
  readonly safeMode: boolean
  readonly stops: StopRequests
}

/** The flags of `memo run`, by its own rules. Throws CodedError `config-invalid`. */
function configOf(words: readonly string[], environment: Environment): LoadedConfig {
  const command = withSettingOptions(new Command('run'), { environment })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  try {
    command.parse([...words], { from: 'user' })
  } catch (error) {
    throw new CodedError('config-invalid', error instanceof Error ? error.message : String(error), { cause: error })
  }
  const flags = command.opts<RunFlags>()
  return loadNodeConfig({ flags, configFile: flags.config, environment })
}

function failureOf(error: unknown): { code: string; message: string; details: Record<string, string> } {
  if (!(error instanceof CodedError)) return { code: 'internal', message: String(error), details: {} }
  const details = Object.fromEntries(Object.entries(error.details).map(([name, value]) => [name, String(value)]))
  return { code: error.code, message: error.message, details }
}

const port = findParentPort()
if (port === undefined)
  throw new Error('this file runs in a process that the desktop app starts; `memo run` is a node of its own')
process.stderr.on('error', () => {}) // a log that nobody reads any more is no reason to stop serving
tuneHeap()
const link = new MainLink(port)
process.exitCode = await new UtilityNode(link).run()
link.leave()
setTimeout(() => process.exit(), lingerMs).unref()
