import type { NodeRun } from '../../ipc/contract/host-contract.ts'
import type { MainMessage, NodeMessage } from '../../ipc/supervision/node-messages.ts'
import { nodeMessageSchema } from '../../ipc/supervision/node-messages.ts'
import { LogTail } from './log-tail.ts'
import type { SupervisorEffect, SupervisorEvent } from './supervisor-machine.ts'
import { SupervisorMachine } from './supervisor-machine.ts'

/** A process of the node, as far as its supervision goes. */
export interface NodeProcess<Port> {
  send(message: MainMessage, ports?: readonly Port[]): void
  kill(): void
}

/** What a process tells; after `exited` it is silent. */
export interface ProcessEvents {
  readonly message: (message: unknown) => void
  readonly output: (text: string) => void
  readonly exited: (exitCode: number | null, reason?: string) => void
}

export interface SupervisorParts<Port> {
  readonly fork: (events: ProcessEvents) => NodeProcess<Port>
  readonly nowMs: () => number
  /** Runs once after the duration; returns what cancels it. */
  readonly after: (durationMs: number, run: () => void) => () => void
  /** Least time between two reports of new lines of the log. */
  readonly linesIntervalMs: number
  /** Flags of the node, asked for at each start. */
  readonly arguments: () => readonly string[]
  readonly log: SupervisorLog
  /** The state has changed. */
  readonly changed: (run: NodeRun) => void
  /** The node serves: windows may get ports to it. */
  readonly serving: (epoch: number) => void
  /** Facts that a node tells of itself while it starts. */
  readonly told: (message: Extract<NodeMessage, { kind: 'configured' | 'serving' }>) => void
}

export interface SupervisorLog {
  state(facts: { readonly state: NodeRun['state']; readonly epoch: number; readonly safeMode: boolean }): void
  killed(facts: { readonly epoch: number; readonly reason: string }): void
  crashed(facts: { readonly epoch: number; readonly reason: string; readonly exitCode: number | null }): void
  refused(facts: { readonly epoch: number; readonly code: string; readonly message: string }): void
  line(line: string): void
}

/** Drives the machine: starts and ends processes, carries messages, keeps the log's tail and one timer. */
export class NodeSupervisor<Port> {
  readonly #parts: SupervisorParts<Port>
  readonly #machine = new SupervisorMachine()
  readonly #tail = new LogTail()
  #process: NodeProcess<Port> | undefined
  #cancelTimer: (() => void) | undefined
  #linesReport = false
  #rested = Promise.withResolvers<void>()

  constructor(parts: SupervisorParts<Port>) {
    this.#parts = parts
  }

  get run(): NodeRun {
    return { ...this.#machine.run, logTail: [...this.#tail.lines] }
  }

  get servingEpoch(): number | undefined {
    return this.#machine.servingEpoch
  }

  start(options: { readonly safeMode: boolean } = { safeMode: false }): void {
    this.#step({ kind: 'start', ...options })
  }

  restart(options: { readonly safeMode: boolean } = { safeMode: false }): void {
    this.#step({ kind: 'restart', ...options })
  }

  /** Resolves when no process of the node is left. Any number of calls share one stop. */
  async stop(): Promise<void> {
    this.#step({ kind: 'stop' })
    while (this.#machine.alive) await this.#rested.promise
  }

  /** One end of a port, whose other end a window gets. */
  sendPort(port: Port): void {
    this.#process?.send({ kind: 'port' }, [port])
  }

  #step(event: SupervisorEvent): void {
    const before = this.#machine.run
    const effects = this.#machine.step(event, this.#parts.nowMs())
    for (const effect of effects) this.#perform(effect)
    this.#arm()
    const { run } = this.#machine
    if (run === before) return
    this.#report(before)
    this.#parts.changed(this.run)
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.kind) {
      case 'fork':
        this.#fork(effect.epoch)
        break
      case 'order':
        this.#process?.send({ kind: 'start', arguments: [...this.#parts.arguments()], safeMode: effect.safeMode })
        break
      case 'send':
        this.#process?.send(effect.message)
        break
      case 'kill':
        this.#parts.log.killed({ epoch: this.#machine.run.epoch, reason: effect.reason })
        this.#process?.kill()
        break
      case 'serving':
        this.#parts.serving(effect.epoch)
        break
    }
  }

  #fork(epoch: number): void {
    // The lines of a run that crashed stay until the next one has said something of its own.
    let fresh = true
    this.#process = this.#parts.fork({
      message: (raw) => {
        const parsed = nodeMessageSchema.safeParse(raw)
        if (!parsed.success) return
        const message = parsed.data
        if (message.kind === 'configured' || message.kind === 'serving') this.#parts.told(message)
        this.#step({ kind: 'message', epoch, message })
      },
      output: (text) => {
        if (fresh && this.#machine.run.crash === undefined) this.#tail.clear()
        fresh = false
        for (const line of this.#tail.take(text)) this.#parts.log.line(line)
        this.#reportLines()
      },
      exited: (exitCode, reason) => {
        this.#process = undefined
        this.#step({ kind: 'exited', epoch, exitCode, ...(reason !== undefined && { reason }) })
        this.#rested.resolve()
        this.#rested = Promise.withResolvers()
      },
    })
  }

  /** One timer for whatever the machine waits for next. */
  #arm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const { wakeAtMs } = this.#machine
    if (wakeAtMs === undefined) return
    const durationMs = Math.max(0, wakeAtMs - this.#parts.nowMs())
    this.#cancelTimer = this.#parts.after(durationMs, () => this.#step({ kind: 'tick' }))
  }

  /** While the node does not serve, its log is what there is to look at. */
  #reportLines(): void {
    if (this.#linesReport || this.#machine.run.state === 'running') return
    this.#linesReport = true
    this.#parts.after(this.#parts.linesIntervalMs, () => {
      this.#linesReport = false
      this.#parts.changed(this.run)
    })
  }

  #report(before: Omit<NodeRun, 'logTail'>): void {
    const { log } = this.#parts
    const { state, epoch, safeMode, crash, failure } = this.#machine.run
    if (crash !== undefined && crash !== before.crash) log.crashed({ epoch, reason: crash.reason, exitCode: crash.exitCode })
    if (failure !== undefined && failure !== before.failure) log.refused({ epoch, code: failure.code, message: failure.message })
    if (state !== before.state || epoch !== before.epoch) log.state({ state, epoch, safeMode })
  }
}
