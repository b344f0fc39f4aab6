import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'

/**
 * Bytes that calls hold in memory at one time, in all and of one connection. What does not fit is refused and never waits, because
 * what it would wait for may be a caller that never reads. A single holder always fits.
 */
export class ByteBudget {
  readonly #what: string
  readonly #bytesMax: number
  readonly #connectionBytesMax: number
  readonly #byConnection = new Map<string, number>()
  #bytes = 0

  constructor(what: string, bytesMax: number, connectionBytesMax: number) {
    this.#what = what
    this.#bytesMax = bytesMax
    this.#connectionBytesMax = connectionBytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The connections that hold anything, and how much. */
  held(): ReadonlyMap<string, number> {
    return this.#byConnection
  }

  /** Throws CodedError `queue-full` where the bytes do not fit beside what others hold; `held` is what the taker has already. */
  take(connection: string, bytes: number, held: number): void {
    const mine = this.#byConnection.get(connection) ?? 0
    if (mine > held && mine + bytes > this.#connectionBytesMax) {
      throw this.#refusal(
        bytes,
        `${mine} bytes of ${this.#what} are held for this connection, of at most ${this.#connectionBytesMax}`,
      )
    }
    if (this.#bytes > held && this.#bytes + bytes > this.#bytesMax) {
      throw this.#refusal(bytes, `${this.#bytes} bytes of ${this.#what} are held, of at most ${this.#bytesMax}`)
    }
    this.force(connection, bytes)
  }

  /** Counts bytes that cannot be refused any more. */
  force(connection: string, bytes: number): void {
    if (bytes === 0) return
    this.#bytes += bytes
    this.#byConnection.set(connection, (this.#byConnection.get(connection) ?? 0) + bytes)
  }

  release(connection: string, bytes: number): void {
    if (bytes === 0) return
    const rest = (this.#byConnection.get(connection) ?? 0) - bytes
    assert(rest >= 0, 'only what was taken is released')
    this.#bytes -= bytes
    if (rest === 0) this.#byConnection.delete(connection)
    else this.#byConnection.set(connection, rest)
  }

  #refusal(bytes: number, why: string): CodedError {
    return new CodedError('queue-full', `no room for ${bytes} bytes more: ${why}; try again later`)
  }
}
