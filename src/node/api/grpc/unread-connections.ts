import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ByteBudget } from './byte-budget.ts'

/** A connection that takes fewer bytes than this has taken nothing: probes are all that travels. */
const progressBytesMin = 1024

interface Connection {
  readonly bytesWritten: number
  destroy(): unknown
}

export interface Connections {
  connections(): ReadonlyMap<string, Connection>
}

export interface UnreadConnectionFacts {
  /** The caller's "address:port". */
  readonly caller: string
  /** Others would have found no room, or it stood still for as long as is allowed at all. */
  readonly cause: 'room' | 'time'
  readonly unreadBytes: number
  readonly stalledMs: number
}

type UnreadLimits = Pick<
  Limits,
  'grpcUnreadLookMs' | 'grpcUnreadTimeoutMs' | 'grpcUnreadMaxMs' | 'grpcAnswerBytesMax' | 'grpcMessageBytesMax'
>

/** Since when a connection has taken nothing of what waits for it. */
interface Stall {
  readonly connection: Connection
  readonly bytesWritten: number
  readonly sinceMs: number
}

/**
 * Ends connections that leave their answers unread, where these take the room of others: those that stand still for longest
 * first, until the largest answer would fit again. A reader that only pauses is in nobody's way, and is left alone for much longer.
 */
export class UnreadConnections implements Disposable {
  readonly #limits: UnreadLimits
  readonly #clock: Clock
  readonly #answers: ByteBudget
  readonly #connections: Connections
  readonly #ended: (facts: UnreadConnectionFacts) => void
  /** In the order in which they came to stand still. */
  #stalls = new Map<string, Stall>()
  #timer: Disposable | undefined

  constructor(
    limits: UnreadLimits,
    clock: Clock,
    answers: ByteBudget,
    connections: Connections,
    ended: (facts: UnreadConnectionFacts) => void,
  ) {
    this.#limits = limits
    this.#clock = clock
    this.#answers = answers
    this.#connections = connections
    this.#ended = ended
    this.#arm()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#limits.grpcUnreadLookMs, () => this.#look())
  }

  #look(): undefined {
    const nowMs = this.#clock.monotonicMs()
    this.#stalls = this.#findStalls(nowMs)
    this.#endStalled(nowMs)
    this.#arm()
  }

  #findStalls(nowMs: number): Map<string, Stall> {
    const found: [string, Stall][] = []
    const open = this.#answers.bytes > 0 ? this.#connections.connections() : new Map<string, never>()
    for (const name of this.#answers.held().keys()) {
      const connection = open.get(name)
      if (connection === undefined) continue
      const { bytesWritten } = connection
      const before = this.#stalls.get(name)
      const stands = before?.connection === connection && bytesWritten - before.bytesWritten < progressBytesMin
      found.push([name, stands ? before : { connection, bytesWritten, sinceMs: nowMs }])
    }
    return new Map(found.sort(([, left], [, right]) => left.sinceMs - right.sinceMs))
  }

  #endStalled(nowMs: number): void {
    const { grpcUnreadTimeoutMs, grpcUnreadMaxMs, grpcAnswerBytesMax, grpcMessageBytesMax } = this.#limits
    let bytes = this.#answers.bytes
    const held = new Map(this.#answers.held())
    for (const [caller, { connection, sinceMs }] of this.#stalls) {
      const stalledMs = nowMs - sinceMs
      const lacksRoom = bytes + grpcMessageBytesMax > grpcAnswerBytesMax
      const cause = stalledMs >= grpcUnreadMaxMs ? 'time' : lacksRoom && stalledMs >= grpcUnreadTimeoutMs ? 'room' : undefined
      if (cause === undefined) return // those behind it have stood still for less
      const unreadBytes = held.get(caller) ?? 0
      bytes -= unreadBytes
      this.#stalls.delete(caller)
      connection.destroy()
      this.#ended({ caller, cause, unreadBytes, stalledMs })
    }
  }
}
