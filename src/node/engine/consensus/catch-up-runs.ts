import { isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { Logger } from '../../ports/logger.ts'
import type { CaughtUp, ReplicaLink } from './replica-link.ts'

export interface CatchUpRunsParts {
  readonly link: ReplicaLink
  readonly signal: AbortSignal
  readonly logger: Logger
}

/** The times that one block is brought to where another member has it. */
export class CatchUpRuns {
  readonly #address: BlockAddress
  readonly #parts: CatchUpRunsParts
  readonly #ended: (result: CaughtUp | undefined) => void
  #running = 0
  #asked = 0

  /** `ended` is called once for each, without a result where it failed. */
  constructor(address: BlockAddress, parts: CatchUpRunsParts, ended: (result: CaughtUp | undefined) => void) {
    this.#address = address
    this.#parts = parts
    this.#ended = ended
  }

  get isRunning(): boolean {
    return this.#running > 0
  }

  from(member: Member, since: number): void {
    const { link, signal, logger } = this.#parts
    this.#running++
    link.catchUp(member, this.#address, since, signal).then(
      (caught) => {
        this.#running--
        this.#ended(caught)
      },
      (error: unknown) => {
        this.#running--
        if (!isCoded(error, 'unavailable')) logger.warn('a catch-up failed', { error })
        this.#ended(undefined)
      },
    )
  }

  /** One of these members after the other, where none is being asked. */
  fromNext(members: readonly Member[], since: number): void {
    const next = members[this.#asked % Math.max(1, members.length)]
    if (next === undefined || this.isRunning) return
    this.#asked++
    this.from(next, since)
  }
}
