import type { Clock } from '../../ports/clock.ts'
import type { ByteBudget } from './byte-budget.ts'

/** A connection that takes fewer bytes than this between two looks takes nothing: probes are all that travels. */
const progressBytesMin = 1024

export interface Connections {
  connections(): ReadonlyMap<string, { readonly bytesWritten: number; destroy(): unknown }>
}

/** Ends connections that leave their answers unread, so that these do not use up the room of all others for ever. */
export class UnreadConnections implements Disposable {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #answers: ByteBudget
  readonly #connections: Connections
  /** The connections that had answers waiting at the look before, and the bytes that they were given until then. */
  #seen = new Map<string, number>()
  #timer: Disposable | undefined

  constructor(clock: Clock, timeoutMs: number, answers: ByteBudget, connections: Connections) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#answers = answers
    this.#connections = connections
    this.#arm()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  #arm(): void {
    this.#timer = this.#clock.after(this.#timeoutMs, () => this.#look())
  }

  #look(): undefined {
    const seen = new Map<string, number>()
    const open = this.#answers.bytes > 0 ? this.#connections.connections() : new Map<string, never>()
    for (const name of this.#answers.connections()) {
      const connection = open.get(name)
      if (connection === undefined) continue
      const before = this.#seen.get(name)
      if (before !== undefined && connection.bytesWritten - before < progressBytesMin) connection.destroy()
      else seen.set(name, connection.bytesWritten)
    }
    this.#seen = seen
    this.#arm()
  }
}
