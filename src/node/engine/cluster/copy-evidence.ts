import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Moment } from '../../core/consensus/copy-freshness.ts'
import { CopyFreshness, msBetween } from '../../core/consensus/copy-freshness.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'
import type { ConfirmedIndex } from '../../core/wire/copy-calls.ts'
import { decodeConfirmedIndex, encodeConfirmedIndex } from '../../core/wire/copy-calls.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { Deadline } from '../deadline.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { AskMember, ServeCall } from './ask-member.ts'
import type { BlockRoute } from './block-route.ts'

export interface CopyEvidenceParts {
  readonly host: ReplicaHost
  readonly route: BlockRoute
  readonly ask: AskMember
  readonly clock: Clock
  readonly limits: Pick<Limits, 'callTimeoutMs' | 'copyReachMs'>
  readonly self: Member
  /** Told of each question for the committed index of a block, with what became of it. Must not throw. */
  readonly asked: (facts: { readonly confirmed: boolean }) => void
}

/** A question to the primary of a block that is under way. */
interface Round {
  readonly asked: Moment
  readonly answered: Promise<void>
}

/**
 * What this node knows of the age of its copies. The primary is asked by one round at a time for each block; whoever may use the answer
 * of the one under way waits for it, the others for the next. What is known of a block goes with it from memory.
 */
export class CopyEvidence {
  readonly #parts: CopyEvidenceParts
  readonly #known = new WeakMap<HostedBlock, CopyFreshness>()
  /** By the block's address, while somebody waits. */
  readonly #rounds = new Map<string, Round>()
  /** Those who wait until a copy has applied what was confirmed. */
  readonly #waiting = new Map<HostedBlock, Set<() => void>>()

  constructor(parts: CopyEvidenceParts) {
    this.#parts = parts
  }

  now(): Moment {
    const { clock } = this.#parts
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() }
  }

  /** How old what this node has of a block is, at most, rounded up; undefined where nobody knows. */
  ageMs(block: HostedBlock, at: Moment): number | undefined {
    const ageMs = this.#known.get(block)?.ageMs(appliedIndex(block), at)
    return ageMs === undefined ? undefined : Math.ceil(ageMs)
  }

  isFresh(block: HostedBlock, start: Moment, boundMs: number): boolean {
    return this.#known.get(block)?.isFresh(appliedIndex(block), start, boundMs) === true
  }

  /**
   * Asks the primary, and waits a little until the copy here has what was confirmed. True where it is fresh then; false where it lags
   * behind, or where the primary does not count this node among those that hold the block. Rejects with `unavailable` where no primary
   * answers.
   */
  async confirm(block: HostedBlock, start: Moment, boundMs: number, signal: AbortSignal): Promise<boolean> {
    await this.#round(block, start, boundMs, signal)
    if (!this.isFresh(block, start, boundMs)) await this.#reach(block, start, boundMs, signal)
    return this.isFresh(block, start, boundMs)
  }

  /** The state of a block here is another one. */
  applied(block: HostedBlock): void {
    for (const look of this.#waiting.get(block) ?? []) look()
  }

  /** Of another node, as the primary. */
  readonly serve: ServeCall = async (block, _body, peer, signal) => {
    if (!peer.rights.read) throw new CodedError('permission-denied', 'this node may not read')
    return encodeConfirmedIndex(await confirmedHere(block, signal))
  }

  /** The answer of a round that began late enough. */
  async #round(block: HostedBlock, start: Moment, boundMs: number, signal: AbortSignal): Promise<void> {
    const name = addressText(block.address)
    for (;;) {
      const running = this.#rounds.get(name)
      if (running === undefined) return await unlessAborted(this.#begin(block, name).answered, signal)
      if (msBetween(running.asked, start) <= boundMs) return await unlessAborted(running.answered, signal)
      await unlessAborted(
        running.answered.catch(() => undefined),
        signal,
      )
    }
  }

  #begin(block: HostedBlock, name: string): Round {
    const asked = this.now()
    const answered = this.#ask(block, asked).finally(() => void this.#rounds.delete(name))
    // Whoever began it may have left.
    answered.catch(() => undefined)
    const round = { asked, answered }
    this.#rounds.set(name, round)
    return round
  }

  async #ask(block: HostedBlock, asked: Moment): Promise<void> {
    const { host, clock, limits, self } = this.#parts
    using _used = block.use()
    using deadline = new Deadline(clock, limits.callTimeoutMs, host.signal)
    try {
      const { index, holders } = await this.#confirmedIndex(block.address, deadline.signal)
      this.#parts.asked({ confirmed: true })
      // A block that is not born has no copies; and a copy of those who are no holders any more may have gone another way.
      if (index < 0 || !holders.some((holder) => compareMembers(holder, self) === 0)) return
      const known = this.#known.get(block) ?? new CopyFreshness()
      this.#known.set(block, known)
      known.confirmed(index, asked, appliedIndex(block))
    } catch (error) {
      this.#parts.asked({ confirmed: false })
      throw error
    }
  }

  async #confirmedIndex(address: BlockAddress, signal: AbortSignal): Promise<ConfirmedIndex> {
    const { route, ask } = this.#parts
    const call = {
      repeatable: true,
      local: (block: HostedBlock, within: AbortSignal) => confirmedHere(block, within),
      remote: async (to: Member, primaryFailed: boolean, within: AbortSignal) => {
        const question = { kind: 'confirmed-index', address, body: emptyBytes, primaryFailed } as const
        const confirmed = decodeConfirmedIndex(await ask(to, question, within))
        if (confirmed === undefined) throw new CodedError('internal', 'a node gave an answer that cannot be read')
        return confirmed
      },
    }
    return await route.call(address, call, signal)
  }

  /** Waits until the copy has applied what was confirmed, or for as long as that is worth. */
  async #reach(block: HostedBlock, start: Moment, boundMs: number, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#parts
    const reached = Promise.withResolvers<void>()
    const look = (): void => {
      if (this.isFresh(block, start, boundMs)) reached.resolve()
    }
    const waiting = this.#waiting.get(block) ?? new Set<() => void>()
    this.#waiting.set(block, waiting.add(look))
    using _timeout = clock.after(limits.copyReachMs, () => void reached.resolve())
    try {
      await unlessAborted(reached.promise, signal)
    } finally {
      waiting.delete(look)
      if (waiting.size === 0) this.#waiting.delete(block)
    }
  }
}

/** Slot up to which the state here stands; -1 where there is none. */
function appliedIndex({ record }: HostedBlock): number {
  return record === undefined ? -1 : Number(record.committedIndex)
}

/** As the primary: everything that was answered before this was asked is at or below the index. */
async function confirmedHere(block: HostedBlock, signal: AbortSignal): Promise<ConfirmedIndex> {
  await block.read(signal)
  const { members, learners } = block.group
  return { index: appliedIndex(block), holders: [...members, ...learners] }
}
