import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import { compareMembers, isMember, membersOf } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { LostProposal, NotPrimary } from '../consensus/replica-failures.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { foreignBlock } from '../foreign-block.ts'
import type { Liveness } from './liveness.ts'
import { preferredOrder, returningTo } from './preferred-order.ts'

/** What is asked of a block's primary, wherever that is. */
export interface RoutedCall<Answer> {
  /** Here, as the primary. May throw NotPrimary and LostProposal. */
  local(block: HostedBlock, signal: AbortSignal): Promise<Answer>
  /** There. The same failures come back. */
  remote(to: Member, primaryFailed: boolean, signal: AbortSignal): Promise<Answer>
  /** Asked twice it is done once: a read, or a change with a request id. */
  readonly repeatable: boolean
}

export interface BlockRouteParts {
  readonly host: ReplicaHost
  readonly clock: Clock
  readonly random: Random
  readonly limits: Limits
  readonly self: Proposer
  readonly store: RecordStore
  readonly liveness: Liveness
  /** The group that a block would be born to by the map that holds. */
  readonly birthGroup: (address: BlockAddress) => Group
  /** Whoever may hold a block that this node does not, beside the group that it would be born to: where it may have been before. */
  readonly holders: (address: BlockAddress) => readonly Member[]
}

/** What this node knows of a block that somebody asks for. */
type KnownBlock = Pick<HostedBlock, 'address' | 'group' | 'record' | 'isLeading' | 'promisedTo' | 'usage'>

/**
 * Carries calls to the primary of their block: here where this node leads it or may, else to the member that does. A member that does
 * not answer is passed over, and the next one is told so; a call whose outcome is unknown is made again where that does no harm, until the
 * caller's patience ends.
 */
export class BlockRoute {
  readonly #parts: BlockRouteParts

  constructor(parts: BlockRouteParts) {
    this.#parts = parts
  }

  /**
   * Rejects with `unavailable` where too few members answer and nothing was changed, and with `outcome-unknown` where the call went out
   * and nobody can tell what became of it.
   */
  async call<Answer>(address: BlockAddress, call: RoutedCall<Answer>, signal: AbortSignal): Promise<Answer> {
    let isOpen = false
    try {
      return await this.#parts.host.use(address, (block) => {
        isOpen = true
        return this.#call(block, call, () => call.local(block, signal), signal)
      })
    } catch (error) {
      if (isOpen || !isCoded(error, 'data-corrupt')) throw error
      // What cannot be read here others may hold whole.
      const group = this.#parts.birthGroup(address)
      const block = { address, group, record: undefined, isLeading: false, promisedTo: undefined, usage: neverUsed }
      return await this.#call(block, call, () => Promise.reject(error), signal)
    }
  }

  async #call<Answer>(
    block: KnownBlock,
    call: RoutedCall<Answer>,
    local: () => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { limits, clock } = this.#parts
    const attempts = new RouteAttempts(this.#parts, block)
    const endMs = clock.monotonicMs() + limits.routeTimeoutMs
    for (;;) {
      const target = attempts.next()
      try {
        if (compareMembers(target, this.#parts.self) === 0) return await local()
        return await call.remote(target, attempts.primaryFailed, signal)
      } catch (error) {
        if (signal.aborted) throw attempts.givenUp(error, signal)
        attempts.failed(target, error)
        if (attempts.isLost && !call.repeatable) throw unknownOutcome(error)
        // Patience ends early only where nothing can have been changed, and nobody is left who was not asked.
        const isOver = attempts.isDamaged || clock.monotonicMs() >= endMs
        if (!attempts.isLost && isOver && attempts.haveAllFailed) throw attempts.unavailable()
      }
      try {
        await attempts.backOff(signal)
      } catch (error) {
        throw signal.aborted ? attempts.givenUp(signal.reason, signal) : error
      }
    }
  }
}

/** The members that one call asks, one after the other. */
class RouteAttempts {
  readonly #parts: BlockRouteParts
  readonly #block: KnownBlock
  readonly #silent = new Set<string>()
  readonly #asked = new Set<string>()
  #hint: Member | undefined
  /** Members that others named. */
  #told: readonly Member[] = []
  #rounds = 0
  #redirects = 0
  #backOffMs = 0
  /** Why somebody could not do it, which says more than who else should; what this node says of it more than that another one is not reached. */
  #reason: CodedError | undefined
  #isReasonOwn = false
  /** The call may have been carried out. */
  isLost = false
  /** A member cannot read what it has of the block. */
  isDamaged = false

  constructor(parts: BlockRouteParts, block: KnownBlock) {
    this.#parts = parts
    this.#block = block
    const { liveness, clock, limits } = parts
    const returning = returningTo(block, parts.self, liveness, clock.monotonicMs(), limits.preferenceIdleMs)
    this.#hint = returning ?? (block.isLeading ? parts.self : this.#promisedTo())
  }

  /** Whoever may answer was asked once at least: waiting for the first one may have taken all the time that there was. */
  get haveAllFailed(): boolean {
    const { liveness } = this.#parts
    return this.#candidates().every((member) => this.#asked.has(nameOf(member)) || !liveness.mayAnswer(member.nodeId))
  }

  /** The member that should lead did not answer: whoever is asked next looks for itself. */
  get primaryFailed(): boolean {
    return this.#silent.size > 0 || this.#redirects >= redirectsMax
  }

  next(): Member {
    const members = this.#candidates()
    const hint = this.#hint
    this.#hint = undefined
    if (hint !== undefined) return hint
    const mayAnswer = (member: Member) => !this.#silent.has(nameOf(member)) && this.#parts.liveness.mayAnswer(member.nodeId)
    const isAnybodyLeft = members.some(mayAnswer)
    if (!isAnybodyLeft) this.#silent.clear()
    // From behind the last one, in their order.
    for (let tries = 0; tries < members.length; tries++) {
      const member = members[this.#rounds++ % members.length]
      if (member !== undefined && (!isAnybodyLeft || mayAnswer(member))) return member
    }
    throw this.#answer(new CodedError('unavailable', 'no node holds this block'))
  }

  /** The group where this node is of it, else whoever may know it: what others say of it is younger than what one has that has left it. */
  #candidates(): readonly Member[] {
    const { address, record, group } = this.#block
    const own = preferredOrder(address, group.members)
    if (record !== undefined && isMember(group, this.#parts.self)) return own
    return membersOf([this.#told, own, this.#parts.holders(address)])
  }

  /** Throws what no other member would answer better. */
  failed(target: Member, error: unknown): void {
    if (error instanceof CodedError) this.#explain(error, compareMembers(target, this.#parts.self) === 0)
    this.#asked.add(nameOf(target))
    if (error instanceof LostProposal) {
      this.isLost = true
      return
    }
    if (error instanceof NotPrimary) {
      const { ahead } = error
      this.#told = error.members
      if (!error.members.some((member) => compareMembers(member, this.#parts.self) === 0) && this.#isAlone()) {
        throw this.#answer(foreignBlock(this.#parts.store))
      }
      const isKnown = ahead !== undefined && !this.#silent.has(nameOf(ahead)) && compareMembers(ahead, target) !== 0
      if (isKnown && this.#redirects < hintsMax) this.#hint = ahead
      this.#redirects++
      return
    }
    if (isCoded(error, 'outcome-unknown')) this.isLost = true
    else if (isCoded(error, 'data-corrupt')) this.isDamaged = true
    else if (!isCoded(error, 'unavailable')) throw this.#answer(error)
    this.#silent.add(nameOf(target))
  }

  #explain(error: CodedError, isOwn: boolean): void {
    if (this.isDamaged || (this.#isReasonOwn && !isOwn && !isCoded(error, 'data-corrupt'))) return
    this.#reason = error
    this.#isReasonOwn = isOwn
  }

  /** What a caller is told that waits no more. */
  givenUp(error: unknown, signal: AbortSignal): unknown {
    if (this.isLost || error instanceof LostProposal || isCoded(error, 'outcome-unknown')) return unknownOutcome(error)
    return error instanceof NotPrimary ? signal.reason : error
  }

  unavailable(): unknown {
    return this.#reason ?? new CodedError('unavailable', 'no node leads this block; nothing was changed')
  }

  /** Duels end by chance: 5 to 20 ms, doubling to a second. A first redirect is followed at once. */
  async backOff(signal: AbortSignal): Promise<void> {
    if (this.#hint !== undefined && this.#backOffMs === 0) {
      this.#backOffMs = firstBackOffMs
      return
    }
    const { clock, random } = this.#parts
    this.#backOffMs = Math.min(Math.max(firstBackOffMs, this.#backOffMs * 2), lastBackOffMs)
    await clock.sleep(this.#backOffMs / 4 + random.integerBelow(Math.ceil((this.#backOffMs * 3) / 4)), signal)
  }

  /** Once the call may have been carried out, no error says that it was not. */
  #answer(error: unknown): unknown {
    return this.isLost ? unknownOutcome(error) : error
  }

  #promisedTo(): Member | undefined {
    const { promisedTo, group } = this.#block
    if (promisedTo === undefined || !isMember(group, promisedTo)) return undefined
    return this.#parts.liveness.mayAnswer(promisedTo.nodeId) ? promisedTo : undefined
  }

  #isAlone(): boolean {
    return (
      this.#block.group.members.length === 1 && !this.#parts.liveness.mayAnswer(this.#block.group.members[0]?.nodeId ?? noNode)
    )
  }
}

const neverUsed = () => ({ activeAtMs: undefined, isWell: true })
const firstBackOffMs = 20
/** After so many redirects somebody has to look who leads: members may name each other. */
const redirectsMax = 3
/** After so many no hint is followed any more: everybody is asked in turn. */
const hintsMax = 16
const lastBackOffMs = 1000
const noNode = new Uint8Array(0)

function nameOf({ nodeId, storeId }: Member): string {
  return `${nodeId.join()}/${storeId.join()}`
}

function unknownOutcome(cause: unknown): CodedError {
  return new CodedError('outcome-unknown', 'whether this was carried out is unknown', { cause })
}
