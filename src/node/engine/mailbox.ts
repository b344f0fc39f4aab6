import { assert } from '../../shared/assert.ts'
import { CodedError } from '../../shared/coded-error.ts'
import type { Limits } from '../core/base/limits.ts'

export type MailboxLimits = Pick<Limits, 'queueRequestsMax' | 'queueBytesMax' | 'foldRequestsMax' | 'foldBytesMax'>

/**
 * Carries out one turn: decides all requests in order, makes the result durable, and answers one outcome for each. An outcome
 * that is a CodedError fails its own request only; a throw fails every request of the turn.
 */
export type Turn<Request, Outcome> = (requests: readonly Request[]) => Promise<readonly (Outcome | CodedError)[]>

/** A request on its way. It listens for its own abortion, so that no closure is made for it. */
class Waiting<Request, Outcome> {
  readonly request: Request
  readonly bytes: number
  readonly signal: AbortSignal
  readonly answer = Promise.withResolvers<Outcome>()
  readonly #leave: (waiting: Waiting<Request, Outcome>) => void

  constructor(request: Request, bytes: number, signal: AbortSignal, leave: (waiting: Waiting<Request, Outcome>) => void) {
    this.request = request
    this.bytes = bytes
    this.signal = signal
    this.#leave = leave
    signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.#leave(this)
    this.settle(this.signal.reason)
  }

  settle(outcome: Outcome | Error): void {
    this.signal.removeEventListener('abort', this)
    if (outcome instanceof Error) this.answer.reject(outcome)
    else this.answer.resolve(outcome)
  }
}

/**
 * The requests of one mutable block. One turn is in flight at a time; what arrives meanwhile waits and is folded into the next
 * one, within the limits of a fold. A request that is aborted while it waits leaves the queue and changes nothing; once admitted
 * its outcome stands, whether or not its caller still listens.
 */
export class Mailbox<Request, Outcome> {
  readonly #limits: MailboxLimits
  readonly #turn: Turn<Request, Outcome>
  readonly #whenIdle: (() => void) | undefined
  readonly #waiting = new Set<Waiting<Request, Outcome>>()
  #waitingBytes = 0
  #running: Promise<void> | undefined
  #stopped = false
  readonly #leave = (waiting: Waiting<Request, Outcome>): void => {
    if (this.#waiting.delete(waiting)) this.#waitingBytes -= waiting.bytes
  }

  /** `whenIdle` is called synchronously each time nothing is left to do. */
  constructor(limits: MailboxLimits, turn: Turn<Request, Outcome>, whenIdle?: () => void) {
    this.#limits = limits
    this.#turn = turn
    this.#whenIdle = whenIdle
  }

  /** True when nothing waits and no turn is in flight. */
  get idle(): boolean {
    return this.#running === undefined
  }

  /** Requests that wait for a turn. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Resolves with the request's outcome once its turn is durable. Rejects with `queue-full` or `not-running` when it was not
   * admitted, and with the signal's reason as soon as that aborts.
   */
  submit(request: Request, bytes: number, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#stopped) return Promise.reject(notRunning())
    if (this.#isFull(bytes)) {
      const message = `${this.#waiting.size} requests wait at this block already; nothing was changed`
      return Promise.reject(new CodedError('queue-full', message, { details: { waiting: this.#waiting.size } }))
    }
    const waiting = new Waiting<Request, Outcome>(request, bytes, signal, this.#leave)
    this.#waiting.add(waiting)
    this.#waitingBytes += bytes
    this.#running ??= this.#run()
    return waiting.answer.promise
  }

  /** Refuses what waits and what comes, and resolves when the turn in flight is over. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const waiting of this.#waiting) {
      this.#leave(waiting)
      waiting.settle(notRunning())
    }
    await this.#running
  }

  #isFull(bytes: number): boolean {
    const count = this.#waiting.size
    if (count === 0) return false
    return count >= this.#limits.queueRequestsMax || this.#waitingBytes + bytes > this.#limits.queueBytesMax
  }

  async #run(): Promise<void> {
    // One microtask later, requests that were made together are seen together.
    await undefined
    while (this.#waiting.size > 0) await this.#runTurn(this.#admit())
    this.#running = undefined
    this.#whenIdle?.()
  }

  #admit(): readonly Waiting<Request, Outcome>[] {
    const admitted: Waiting<Request, Outcome>[] = []
    let bytes = 0
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes
      if (admitted.length > 0 && bytes > this.#limits.foldBytesMax) break
      this.#leave(waiting)
      admitted.push(waiting)
      if (admitted.length >= this.#limits.foldRequestsMax) break
    }
    return admitted
  }

  async #runTurn(admitted: readonly Waiting<Request, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.#turn(admitted.map((waiting) => waiting.request))
      assert(outcomes.length === admitted.length, 'a turn answers each of its requests')
      for (let index = 0; index < admitted.length; index++) admitted[index]?.settle(outcomes[index] as Outcome | CodedError)
    } catch (error) {
      const reason = error instanceof Error ? error : new CodedError('internal', 'a turn failed', { cause: error })
      for (const waiting of admitted) waiting.settle(reason)
    }
  }
}

/** Mailboxes by block, made when the first request arrives and dropped when the last one is answered. */
export class Mailboxes<Request, Outcome> {
  readonly #limits: MailboxLimits
  readonly #turn: (block: string, requests: readonly Request[]) => Promise<readonly (Outcome | CodedError)[]>
  readonly #mailboxes = new Map<string, Mailbox<Request, Outcome>>()
  #stopped = false

  constructor(
    limits: MailboxLimits,
    turn: (block: string, requests: readonly Request[]) => Promise<readonly (Outcome | CodedError)[]>,
  ) {
    this.#limits = limits
    this.#turn = turn
  }

  get size(): number {
    return this.#mailboxes.size
  }

  /** `block` names the mutable block, for example by the hex digits of its address. Errors as for one mailbox. */
  submit(block: string, request: Request, bytes: number, signal: AbortSignal): Promise<Outcome> {
    if (this.#stopped) return Promise.reject(notRunning())
    let mailbox = this.#mailboxes.get(block)
    if (mailbox === undefined) {
      const whenIdle = (): void => void this.#mailboxes.delete(block)
      mailbox = new Mailbox<Request, Outcome>(this.#limits, (requests) => this.#turn(block, requests), whenIdle)
      this.#mailboxes.set(block, mailbox)
    }
    return mailbox.submit(request, bytes, signal)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#mailboxes.values()].map((mailbox) => mailbox.stop()))
    this.#mailboxes.clear()
  }
}

function notRunning(): CodedError {
  return new CodedError('not-running', 'the node is stopping; nothing was changed')
}
