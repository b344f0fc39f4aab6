import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import { compareMembers, isMember } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { GroupStep } from '../../core/overlay/group-plan.ts'
import { nextGroupStep } from '../../core/overlay/group-plan.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { LostProposal, NotPrimary } from '../consensus/replica-failures.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import { Deadline } from '../deadline.ts'
import { preferredOrder } from './preferred-order.ts'

export interface GroupKeeperParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly self: Proposer
  readonly host: ReplicaHost
  /** The members that a block should have. */
  readonly placedAt: (address: BlockAddress) => readonly Member[]
  /** Whether the node answers and runs on this data directory. */
  readonly isLive: (member: Member) => boolean
}

/** How long a step waits for a learner before the next look takes it up again, and between two looks at it. */
const learnerWaitMs = 5000
const learnerLookMs = 20
/** Steps at one block in one look. */
const stepsMax = 16
/** Looks in which a block was left to another member: it may not know of the block, or be the one that has left. */
const patienceLooks = 5

/**
 * Brings the groups of mutable blocks to where the placement map wants them, one change at a time: each node those that it leads, or
 * should lead. It looks at every block of its store when the map has changed, and then at those that are not there yet.
 */
export class GroupKeeper {
  readonly #parts: GroupKeeperParts
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined
  #wake: (() => void) | undefined
  #changed = true
  #pending = 0
  /** Looks since the map was changed. */
  #looks = 0
  #isWhole = false

  constructor(parts: GroupKeeperParts) {
    this.#parts = parts
  }

  /** Blocks of this node whose groups are not yet what the map says, as of the last look. */
  get pending(): number {
    // One at least, until it has looked at all of them.
    return this.isSettled ? 0 : Math.max(1, this.#pending)
  }

  /** The last look since the map was changed found nothing left to do. */
  get isSettled(): boolean {
    return this.#isWhole && !this.#changed
  }

  start(): void {
    if (this.#running !== undefined) return
    const controller = new AbortController()
    this.#running = { controller, ended: this.#run(controller.signal) }
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.controller.abort(new CodedError('not-running', 'the node is stopping'))
    this.#wake?.()
    await running?.ended
  }

  /** The map has changed, or who answers: look again. */
  look(): void {
    this.#changed = true
    this.#wake?.()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, limits, logger } = this.#parts
    while (!signal.aborted) {
      try {
        if (this.#changed || this.#pending > 0) await this.#lookAtAll(signal)
      } catch (error) {
        if (signal.aborted) return
        logger.error('the groups of blocks could not be looked at', { error })
      }
      if (signal.aborted) return
      const woken = Promise.withResolvers<void>()
      this.#wake = () => woken.resolve()
      using _timer = clock.after(limits.groupLookMs, () => {
        woken.resolve()
      })
      if (!this.#changed) await woken.promise
      this.#wake = undefined
    }
  }

  async #lookAtAll(signal: AbortSignal): Promise<void> {
    const { store, limits } = this.#parts
    this.#looks = this.#changed ? 1 : this.#looks + 1
    this.#changed = false
    let pending = 0
    for (let after: Uint8Array = emptyBytes; ; ) {
      const found = await store.scan('block', { after, limit: limits.groupLookMax, signal })
      const due: BlockAddress[] = []
      for (const { key, value } of found) {
        after = key
        const address = addressFromBytes(key)
        const record = address && decodeBlockRecord(address, value)
        // One that cannot be read is told of by those who ask for it.
        if (address === undefined || record === undefined || !this.#isToMove(address, record.group)) continue
        if (this.#isOwn(address, record.group) || this.#looks > patienceLooks) due.push(address)
        else pending++
      }
      for (let from = 0; from < due.length; from += limits.groupChangesMax) {
        const step = due.slice(from, from + limits.groupChangesMax)
        const done = await Promise.all(step.map((address) => this.#bring(address, signal)))
        pending += done.filter((isDone) => !isDone).length
      }
      if (found.length < limits.groupLookMax) break
    }
    this.#pending = pending
    this.#isWhole = pending === 0
  }

  /** Not where the map wants it, as far as this member knows: others may not know of it at all. */
  #isToMove(address: BlockAddress, group: Group): boolean {
    return isMember(group, this.#parts.self) && !(this.#isThere(address, group) && group.learners.length === 0)
  }

  /** This node leads it, or would be asked first. */
  #isOwn(address: BlockAddress, group: Group): boolean {
    const { self, isLive, host } = this.#parts
    const first = preferredOrder(address, group.members).find(isLive)
    return host.peek(address)?.isLeading === true || (first !== undefined && compareMembers(first, self) === 0)
  }

  /** True when nothing is left to do at this block here. */
  async #bring(address: BlockAddress, signal: AbortSignal): Promise<boolean> {
    const { host, clock, limits } = this.#parts
    try {
      const block = await host.open(address)
      for (let steps = 0; steps < stepsMax; steps++) {
        using deadline = new Deadline(clock, limits.callTimeoutMs, signal)
        await block.lead(deadline.signal)
        const step = nextGroupStep(this.#factsOf(block))
        if (step.kind === 'none') {
          if (block.group.learners.length === 0) return this.#isThere(block.address, block.group)
          if (!(await this.#waitForLearners(block, signal))) return false
          continue
        }
        await block.propose({ kind: 'group', group: groupAfter(block.group, step) }, undefined, 'reserve', deadline.signal)
      }
      return false
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof NotPrimary || error instanceof LostProposal || error instanceof CodedError) {
        if (error instanceof CodedError && !isCoded(error, 'unavailable')) {
          this.#parts.logger.warn('the group of a block could not be changed', { error })
        }
        return false
      }
      throw error
    }
  }

  #factsOf(block: HostedBlock) {
    const { placedAt, isLive } = this.#parts
    const target = placedAt(block.address)
    const hasCaughtUp = (learner: Member): boolean => (block.heldBy(learner) ?? -1) >= block.committed
    return { group: block.group, target, factor: Math.max(1, target.length), isLive, hasCaughtUp }
  }

  #isThere(address: BlockAddress, group: Group): boolean {
    const target = this.#parts.placedAt(address)
    return target.length === group.members.length && target.every((member) => isMember(group, member))
  }

  /** False where a learner takes longer than one look may wait. */
  async #waitForLearners(block: HostedBlock, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#parts
    const endMs = clock.monotonicMs() + learnerWaitMs
    while (clock.monotonicMs() < endMs) {
      const facts = this.#factsOf(block)
      if (nextGroupStep(facts).kind !== 'none' || block.group.learners.length === 0) return true
      await clock.sleep(learnerLookMs, signal)
    }
    return false
  }
}

/** The group that a step makes. */
function groupAfter({ index, members, learners }: Group, step: Exclude<GroupStep, { kind: 'none' }>): Group {
  const without = (list: readonly Member[], gone: Member) => list.filter((each) => compareMembers(each, gone) !== 0)
  const plus = (list: readonly Member[], more: Member) => [...list, more].sort(compareMembers)
  const next = { index: index + 1, members, learners }
  switch (step.kind) {
    case 'addLearner':
      return { ...next, learners: plus(learners, step.member) }
    case 'promote':
      return { ...next, members: plus(members, step.member), learners: without(learners, step.member) }
    case 'remove':
      return { ...next, members: without(members, step.member), learners: without(learners, step.member) }
    case 'replace':
      return { ...next, members: plus(without(members, step.old), step.member), learners: without(learners, step.member) }
  }
}
