/**
 * The supervision of the node as a state machine: everything that happens comes in as an event with its time, everything to be done
 * goes out as an effect. It waits for nothing by itself; `wakeAtMs` says when it wants a tick. Invariants: at most one process at a
 * time, each with an epoch of its own; a start that the node itself refused is never repeated by itself; after `crashesMax` crashes
 * in `crashWindowMs` only safe mode is started, and a crash in safe mode ends the attempts.
 */

import type { NodeRun, StartPhase } from '../../ipc/contract/host-contract.ts'
import { startPhases } from '../../ipc/contract/host-contract.ts'
import type { MainMessage, NodeMessage } from '../../ipc/supervision/node-messages.ts'
import { supervisionTimes, supervisionVersion } from '../../ipc/supervision/node-messages.ts'
import { failureKindOf } from './failure-kind.ts'
import { backOffMs, phaseBudgetsMs, supervisorLimits } from './supervisor-limits.ts'

export type SupervisorEvent =
  | { readonly kind: 'start'; readonly safeMode: boolean }
  | { readonly kind: 'stop' }
  | { readonly kind: 'restart'; readonly safeMode: boolean }
  | { readonly kind: 'message'; readonly epoch: number; readonly message: NodeMessage }
  | { readonly kind: 'exited'; readonly epoch: number; readonly exitCode: number | null; readonly reason?: string }
  | { readonly kind: 'tick' }

export type SupervisorEffect =
  | { readonly kind: 'fork'; readonly epoch: number; readonly safeMode: boolean }
  | { readonly kind: 'send'; readonly message: Extract<MainMessage, { kind: 'shutdown' }> }
  /** Tells the node how to start: it asked by its hello. */
  | { readonly kind: 'order'; readonly safeMode: boolean }
  | { readonly kind: 'kill'; readonly reason: string }
  /** The node serves: windows get a port to it. */
  | { readonly kind: 'serving'; readonly epoch: number }

/** What is shown of the supervision; the driver adds the log. */
export type SupervisedRun = Omit<NodeRun, 'logTail'>

type Phases = SupervisedRun['phases']

/** Why the process will be gone, as far as that was decided here. */
type Ending =
  | { readonly kind: 'stop'; readonly then: 'rest' | 'start' | 'start-safely' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'crash'; readonly reason: string }

export class SupervisorMachine {
  #run: SupervisedRun = { state: 'stopped', epoch: 0, safeMode: false, phases: phasesBefore() }
  /** A process exists. */
  #alive = false
  #ending: Ending | undefined
  /** Times of crashes, newest last; those beyond the window are dropped. */
  #crashes: number[] = []
  /** Crashes without a stable run between them. */
  #series = 0
  #startedMs = 0
  #servingSinceMs: number | undefined
  #lastHeardMs = 0
  #greeted = false
  /** When a process that is on its way out is ended by force. */
  #killAtMs: number | undefined

  get run(): SupervisedRun {
    return this.#run
  }

  /** The node serves under this epoch, or undefined. */
  get servingEpoch(): number | undefined {
    return this.#servingSinceMs !== undefined && this.#alive && this.#ending === undefined ? this.#run.epoch : undefined
  }

  /** A process exists. */
  get alive(): boolean {
    return this.#alive
  }

  step(event: SupervisorEvent, nowMs: number): readonly SupervisorEffect[] {
    switch (event.kind) {
      case 'start':
        return this.#alive ? [] : this.#fork(event.safeMode, nowMs)
      case 'stop':
        return this.#stop('rest', nowMs)
      case 'restart':
        if (!this.#alive) return this.#fork(event.safeMode, nowMs)
        return this.#stop(event.safeMode ? 'start-safely' : 'start', nowMs)
      case 'message':
        // What a process said that is gone by now says nothing about the present one.
        return event.epoch === this.#run.epoch && this.#alive ? this.#hear(event.message, nowMs) : []
      case 'exited':
        return event.epoch === this.#run.epoch && this.#alive ? this.#exited(event.exitCode, event.reason, nowMs) : []
      case 'tick':
        return this.#tick(nowMs)
    }
  }

  /** The next time at which something may have to be done; undefined while nothing is waited for. */
  get wakeAtMs(): number | undefined {
    const times: number[] = []
    if (this.#killAtMs !== undefined) times.push(this.#killAtMs)
    else if (this.#alive && !this.#greeted) times.push(this.#startedMs + supervisorLimits.handshakeTimeoutMs)
    if (this.#run.restartAtMs !== undefined) times.push(this.#run.restartAtMs)
    if (this.#run.state === 'running') times.push(this.#lastHeardMs + supervisorLimits.silenceMs)
    for (const { state, startedMs, budgetMs } of this.#run.phases) {
      if (this.#run.state === 'starting' && state === 'running' && startedMs !== undefined) times.push(startedMs + budgetMs)
    }
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #fork(safeMode: boolean, nowMs: number): readonly SupervisorEffect[] {
    const { crash, epoch } = this.#run
    this.#alive = true
    this.#greeted = false
    this.#ending = undefined
    this.#killAtMs = undefined
    this.#startedMs = nowMs
    this.#lastHeardMs = nowMs
    this.#servingSinceMs = undefined
    this.#run = {
      state: 'starting',
      epoch: epoch + 1,
      safeMode,
      phases: phasesBefore(),
      // Why there was a crash stays to be read until it is over.
      ...(crash !== undefined && { crash }),
    }
    return [{ kind: 'fork', epoch: epoch + 1, safeMode }]
  }

  #stop(then: 'rest' | 'start' | 'start-safely', nowMs: number): readonly SupervisorEffect[] {
    if (!this.#alive) {
      this.#run = { ...without(this.#run, 'restartAtMs'), state: 'stopped' }
      return []
    }
    // A stop that is asked for while the process ends decides what comes after it, and nothing else.
    if (this.#ending !== undefined) {
      this.#ending = { kind: 'stop', then }
      this.#run = { ...this.#run, state: 'stopping' }
      return []
    }
    this.#ending = { kind: 'stop', then }
    this.#run = { ...this.#run, state: 'stopping' }
    const deadlineMs = supervisionTimes.shutdownTimeoutMs
    this.#killAtMs = nowMs + deadlineMs
    return [{ kind: 'send', message: { kind: 'shutdown', deadlineMs } }]
  }

  #hear(message: NodeMessage, nowMs: number): readonly SupervisorEffect[] {
    this.#lastHeardMs = nowMs
    if (this.#run.state === 'not-responding') this.#run = { ...this.#run, state: 'running' }
    switch (message.kind) {
      case 'hello':
        return this.#greet(message.protocolVersion)
      case 'phase':
        return this.#enter(message.phase, nowMs)
      case 'failed':
        return this.#refused(message, nowMs)
      case 'fault':
        this.#ending ??= { kind: 'crash', reason: message.reason }
        return []
      case 'closed':
        this.#killAtMs = nowMs + supervisorLimits.lingerTimeoutMs
        return []
      case 'heartbeat':
      case 'configured':
      case 'serving':
        return []
    }
  }

  #greet(protocolVersion: number): readonly SupervisorEffect[] {
    if (this.#greeted) return []
    this.#greeted = true
    if (protocolVersion === supervisionVersion) {
      return this.#ending === undefined ? [{ kind: 'order', safeMode: this.#run.safeMode }] : []
    }
    const message = `the node speaks version ${protocolVersion} of the supervision and this program ${supervisionVersion}; install it anew`
    this.#refuse({ code: 'config-invalid', message, details: {} })
    return [{ kind: 'kill', reason: message }]
  }

  #enter(phase: StartPhase, nowMs: number): readonly SupervisorEffect[] {
    if (this.#run.state !== 'starting') return []
    const reached = startPhases.indexOf(phase)
    const phases = this.#run.phases.map((each, index): Phases[number] => {
      if (index < reached) return { ...each, state: 'done' }
      if (index > reached) return each
      return { ...each, state: phase === 'ready' ? 'done' : 'running', startedMs: nowMs }
    })
    this.#run = { ...this.#run, phases }
    if (phase !== 'ready') return []
    this.#servingSinceMs = nowMs
    this.#run = { ...(this.#run.safeMode ? this.#run : without(this.#run, 'crash')), state: 'running' }
    return [{ kind: 'serving', epoch: this.#run.epoch }]
  }

  #refused(
    failure: { code: string; message: string; details: Record<string, string> },
    nowMs: number,
  ): readonly SupervisorEffect[] {
    if (this.#ending !== undefined) return []
    this.#refuse(failure)
    this.#killAtMs = nowMs + supervisionTimes.shutdownTimeoutMs
    return []
  }

  #refuse({ code, message, details }: { code: string; message: string; details: Record<string, string> }): void {
    this.#ending = { kind: 'refused' }
    const phases = this.#run.phases.map((each): Phases[number] => {
      return each.state === 'running' || each.state === 'slow' ? { ...each, state: 'failed' } : each
    })
    this.#run = { ...this.#run, state: 'failed', phases, failure: { kind: failureKindOf(code), code, message, details } }
  }

  #exited(exitCode: number | null, reason: string | undefined, nowMs: number): readonly SupervisorEffect[] {
    const ending = this.#ending
    this.#alive = false
    this.#ending = undefined
    this.#killAtMs = undefined
    if (ending?.kind === 'refused') return []
    if (ending?.kind === 'stop') {
      this.#series = 0
      this.#run = { ...without(this.#run, 'failure'), state: 'stopped' }
      return ending.then === 'rest' ? [] : this.#fork(ending.then === 'start-safely', nowMs)
    }
    return this.#crashed(ending?.reason ?? reason ?? exitText(exitCode), exitCode, nowMs)
  }

  #crashed(reason: string, exitCode: number | null, nowMs: number): readonly SupervisorEffect[] {
    const { crashWindowMs, crashesMax, stableMs } = supervisorLimits
    const stable = this.#servingSinceMs !== undefined && nowMs - this.#servingSinceMs >= stableMs
    this.#series = stable ? 1 : this.#series + 1
    this.#crashes = [...this.#crashes.filter((atMs) => nowMs - atMs < crashWindowMs), nowMs]
    const recent = this.#crashes.length
    const phases = this.#run.phases.map((each): Phases[number] => {
      return each.state === 'running' || each.state === 'slow' ? { ...each, state: 'failed' } : each
    })
    const wasSafe = this.#run.safeMode
    this.#run = { ...this.#run, state: 'crashed', phases, crash: { reason, exitCode, atMs: nowMs, recent } }
    if (wasSafe) return []
    if (recent >= crashesMax) return this.#fork(true, nowMs)
    this.#run = { ...this.#run, restartAtMs: nowMs + backOffMs(this.#series) }
    return []
  }

  #tick(nowMs: number): readonly SupervisorEffect[] {
    const { restartAtMs, state } = this.#run
    if (!this.#alive) return restartAtMs !== undefined && nowMs >= restartAtMs ? this.#fork(false, nowMs) : []
    if (this.#killAtMs !== undefined && nowMs >= this.#killAtMs) {
      this.#killAtMs = undefined
      this.#greeted = true
      return [{ kind: 'kill', reason: 'it did not end in time' }]
    }
    if (!this.#greeted && nowMs >= this.#startedMs + supervisorLimits.handshakeTimeoutMs) {
      this.#greeted = true
      const reason = `its process gave no sign of life for ${supervisorLimits.handshakeTimeoutMs / 1000} s`
      this.#ending ??= { kind: 'crash', reason }
      return [{ kind: 'kill', reason }]
    }
    if (state === 'running' && nowMs >= this.#lastHeardMs + supervisorLimits.silenceMs) {
      this.#run = { ...this.#run, state: 'not-responding' }
    }
    if (state === 'starting') this.#markSlow(nowMs)
    return []
  }

  #markSlow(nowMs: number): void {
    const phases = this.#run.phases.map((each): Phases[number] => {
      const late = each.state === 'running' && nowMs >= (each.startedMs ?? nowMs) + each.budgetMs
      return late ? { ...each, state: 'slow' } : each
    })
    this.#run = { ...this.#run, phases }
  }
}

function phasesBefore(): Phases {
  return startPhases.map((name) => ({ name, state: 'waiting', budgetMs: phaseBudgetsMs[name] }))
}

/** SIGKILL and SIGTERM, which some systems tell as the code; the node itself never ends with these. */
const signalNumbers: readonly number[] = [9, 15]

function exitText(exitCode: number | null): string {
  const fromOutside = exitCode === null || exitCode > 128 || signalNumbers.includes(exitCode)
  return fromOutside ? 'its process was ended from outside' : `its process ended with code ${exitCode}`
}

function without<Value extends object, Name extends keyof Value>(value: Value, name: Name): Omit<Value, Name> {
  const { [name]: _dropped, ...rest } = value
  return rest
}
