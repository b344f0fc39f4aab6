import type { Deadline } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import { CodedError } from '../../../shared/coded-error.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { DeadlineQueue, Expiring } from './deadline-queue.ts'
import type { GrpcObserver } from './grpc-observer.ts'
import type { Failure } from './status-of.ts'
import { failureOf } from './status-of.ts'

/** What all calls of a server share. */
export interface CallHost {
  readonly clock: Clock
  readonly random: Random
  readonly observer: GrpcObserver
  /** Deadline of a call that brings none; of a stream, how long it may stand still. */
  readonly callTimeoutMs: number
  /** The calls that wait for that deadline. */
  readonly deadlines: DeadlineQueue
  readonly statusBytesMax: number
  /** The calls in flight. */
  readonly scopes: Set<CallScope>
}

export interface CallMethod {
  /** package.Service/Method */
  readonly name: string
  /** Whether it may change something. */
  readonly changes: boolean
  readonly streams: boolean
}

/** What all kinds of calls of the library have in common. */
interface CallSurface {
  getDeadline(): Deadline
  on(event: 'cancelled', listener: () => void): unknown
}

/** A caller's clock, the network and the timer of the library disagree by this much about when a deadline passes. */
const deadlineToleranceMs = 20

/**
 * The life of one call from its arrival to its one status: joins the caller's cancellation, its deadline or the node's, and
 * the node's stop into one signal.
 */
export class CallScope implements Expiring {
  readonly #host: CallHost
  readonly #method: CallMethod
  readonly #sendFailure: (failure: Failure) => void
  readonly #controller = new AbortController()
  readonly #deadlineMs: number
  readonly startedMs: number
  #progressMs: number
  #timer: Disposable | undefined
  #ended = false

  constructor(host: CallHost, method: CallMethod, surface: CallSurface, sendFailure: (failure: Failure) => void) {
    this.#host = host
    this.#method = method
    this.#sendFailure = sendFailure
    this.startedMs = host.clock.monotonicMs()
    this.#progressMs = this.startedMs
    this.#deadlineMs = Number(surface.getDeadline())
    // The library itself answers when the caller's deadline passes, and then says `cancelled`.
    if (this.#deadlineMs === Number.POSITIVE_INFINITY) {
      if (method.streams) this.#arm(host.callTimeoutMs)
      else host.deadlines.add(this)
    }
    surface.on('cancelled', () => this.#cancelled())
    host.scopes.add(this)
  }

  /** Aborted by cancellation, deadline or stop; the reason is a CodedError. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get ended(): boolean {
    return this.#ended
  }

  /** A part of a stream came or went. */
  touch(): void {
    this.#progressMs = this.#host.clock.monotonicMs()
  }

  /** True when the answer is still wanted. */
  succeed(): boolean {
    return this.#end(status.OK)
  }

  fail(error: unknown): void {
    const cause = this.signal.aborted && !(error instanceof CodedError) ? this.signal.reason : error
    const failure = failureOf(cause, {
      changes: this.#method.changes,
      correlationId: () => this.#report(cause),
      statusBytesMax: this.#host.statusBytesMax,
    })
    if (this.#end(failure.code)) this.#sendFailure(failure)
  }

  /** Whether the call may change something. */
  get changes(): boolean {
    return this.#method.changes
  }

  /** Refuses a call whose deadline passed before it began. True when it did. */
  refuseLate(): boolean {
    if (this.#host.clock.nowMs() < this.#deadlineMs) return false
    this.abort(new CodedError('deadline-exceeded', 'the deadline had passed when the call arrived; nothing was changed'))
    return true
  }

  /** Ends the call before its handler does. */
  abort(reason: CodedError): void {
    if (this.#ended) return
    this.#controller.abort(reason)
    this.fail(reason)
  }

  /** The deadline of the node passed. */
  expire(): void {
    const what = this.#method.streams ? 'the stream stood still' : 'no answer'
    const limit = `${this.#host.callTimeoutMs} ms, which is the deadline of the node`
    this.abort(new CodedError('deadline-exceeded', `${what} for ${limit}`))
  }

  #arm(delayMs: number): void {
    this.#timer = this.#host.clock.after(delayMs, () => this.#checkProgress())
  }

  #checkProgress(): undefined {
    const restMs = this.#progressMs + this.#host.callTimeoutMs - this.#host.clock.monotonicMs()
    if (restMs >= 1) this.#arm(restMs)
    else this.expire()
  }

  /** Comes at the end of every call; before an answer it means that nobody waits for one. */
  #cancelled(): void {
    if (this.#ended) return
    const late = this.#host.clock.nowMs() >= this.#deadlineMs - deadlineToleranceMs
    const reason = late
      ? new CodedError('deadline-exceeded', 'the deadline passed')
      : new CodedError('cancelled', 'the caller cancelled')
    this.#end(late ? status.DEADLINE_EXCEEDED : status.CANCELLED)
    this.#controller.abort(reason)
  }

  #end(statusCode: status): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#timer?.[Symbol.dispose]()
    this.#host.deadlines.delete(this)
    this.#host.scopes.delete(this)
    const durationMs = this.#host.clock.monotonicMs() - this.startedMs
    this.#host.observer.grpcCallEnded({ method: this.#method.name, statusCode, durationMs })
    return true
  }

  #report(error: unknown): string {
    const correlationId = toHex(this.#host.random.bytes(8))
    this.#host.observer.grpcCallFailed({ method: this.#method.name, correlationId, error })
    return correlationId
  }
}
