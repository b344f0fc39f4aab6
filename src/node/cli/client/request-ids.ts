import { SystemRandom } from '../../adapters/system-random/system-random.ts'

/** The name of one request, under which the node carries it out once however often it is sent. */
export interface RequestIdFields {
  readonly session: Uint8Array
  readonly sequence: bigint
  readonly issuedAtMs: bigint
}

const sessionBytes = 16

/** Ids of one session: a command that sends requests again draws one for each request and keeps it. */
export class RequestIds {
  readonly #session = new SystemRandom().bytes(sessionBytes)
  #sequence = 0n

  next(): RequestIdFields {
    this.#sequence += 1n
    return { session: this.#session, sequence: this.#sequence, issuedAtMs: BigInt(Date.now()) }
  }
}
