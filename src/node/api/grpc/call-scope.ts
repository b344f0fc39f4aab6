import type { Deadline } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import { CodedError } from '../../../shared/coded-error.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { ClientConnections } from './client-connections.ts'
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
  /** How long a stream may wait for its reader. */
  readonly unreadMaxMs: number
  /** The calls that wait for that deadline. */
  readonly deadlines: DeadlineQueue
  readonly statusBytesMax: number
  /** What requests and unsent answers hold in memory. */
  readonly requests: ByteBudget
  readonly answers: ByteBudget
  /** Who is connected. */
  readonly clients: Pick<ClientConnections, 'called'>
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
  /** The address and port of the caller, which name its connection. */
  getPeer(): string
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
  readonly #connection: string
  #requestBytes = 0
  #answerBytes = 0
  #ended = false
  #closed = false

  constructor(host: CallHost, method: CallMethod, surface: CallSurface, sendFailure: (failure: Failure) => void) {
    this.#host = host
    this.#method = method
    this.#sendFailure = sendFailure
    this.#connection = surface.getPeer()
    this.startedMs = host.clock.monotonicMs()
    this.#progressMs = this.startedMs
    host.clients.called(this.#connection, method.name, this.startedMs)
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

  /** Takes room for a request; it is given back with `releaseRequest`. Throws `queue-full`. */
  holdRequest(bytes: number): void {
    this.#host.requests.take(this.#connection, bytes, 0)
    this.#requestBytes += bytes
  }

  /** The handler is done with the request. */
  releaseRequest(): void {
    this.#host.requests.release(this.#connection, this.#requestBytes)
    this.#requestBytes = 0
  }

  /**
   * Takes room for an answer of so many bytes in all, until it left or the call is over. Throws `queue-full`, but not for the answer
   * to a change: that has happened.
   */
  reserveAnswer(bytes: number): void {
    if (this.#closed || bytes <= this.#answerBytes) return
    const more = bytes - this.#answerBytes
    if (this.#method.changes) this.#host.answers.force(this.#connection, more)
    else this.#host.answers.take(this.#connection, more, this.#answerBytes)
    this.#answerBytes = bytes
  }

  /** Takes room for a part of a stream. Throws `queue-full`. */
  holdPart(bytes: number): void {
    if (this.#closed) return
    this.#host.answers.take(this.#connection, bytes, this.#answerBytes)
    this.#answerBytes += bytes
  }

  /** The part has left. */
  releasePart(bytes: number): void {
    if (this.#closed) return
    this.#host.answers.release(this.#connection, bytes)
    this.#answerBytes -= bytes
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
  expire(limitMs: number = this.#host.callTimeoutMs): void {
    const what = this.#method.streams ? 'the stream stood still' : 'no answer'
    const limit = `${limitMs} ms, which is the deadline of the node`
    this.abort(new CodedError('deadline-exceeded', `${what} for ${limit}`))
  }

  #arm(delayMs: number): void {
    this.#timer = this.#host.clock.after(delayMs, () => this.#checkProgress())
  }

  #checkProgress(): undefined {
    // A part that waits for its reader is the reader's affair: what it may cost others is looked after elsewhere.
    const limitMs = this.#answerBytes > 0 ? this.#host.unreadMaxMs : this.#host.callTimeoutMs
    const restMs = this.#progressMs + limitMs - this.#host.clock.monotonicMs()
    if (restMs >= 1) this.#arm(Math.min(restMs, this.#host.callTimeoutMs))
    else this.expire(limitMs)
  }

  /** Comes when the answer has left and at the end of every call; before an answer it means that nobody waits for one. */
  #cancelled(): void {
    this.#closed = true
    this.#host.answers.release(this.#connection, this.#answerBytes)
    this.#answerBytes = 0
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
