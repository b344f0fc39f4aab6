import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Ballot } from '../../core/consensus/ballot.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import { compareMembers, isMember } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { Replica } from '../../core/consensus/replica.ts'
import type { LogEntry, ReplicaEffect, ReplicaEvent, ReplicaMessage, Slot } from '../../core/consensus/replica-events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import { foreignBlock } from '../foreign-block.ts'
import { storeRefusal } from '../store-refusal.ts'
import type { LocalEntry } from './applied-state.ts'
import { AppliedState } from './applied-state.ts'
import type { LogicOf } from './block-logic.ts'
import { CatchUpRuns } from './catch-up-runs.ts'
import type { LoadedReplica } from './load-replica.ts'
import { replicaLimits } from './load-replica.ts'
import { MachineTimer } from './machine-timer.ts'
import type { ProposalOutcome } from './proposal-results.ts'
import { ProposalResults } from './proposal-results.ts'
import type { Withdrawal } from './replica-failures.ts'
import { assertOfGroup, beingFetched, beingMoved, LostProposal, NotPrimary, noMajority, Refusal } from './replica-failures.ts'
import type { CaughtUp, ReplicaLink } from './replica-link.ts'
import { acceptedWrite, leastPromise, voteWrite } from './vote-writes.ts'

export interface HostedParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: Logger
  readonly self: Proposer
  readonly link: ReplicaLink
  readonly logicOf: LogicOf
  /** A block that was not born here may have been born to a group that this one's does not have to meet. */
  readonly isUncertain: (address: BlockAddress) => boolean
  readonly signal: AbortSignal
  /** Why this store votes and leads no more; undefined while it does. */
  readonly abstains: () => Withdrawal | undefined
}

/**
 * One block as this node hosts it: the machine, and everything that happens when it says so. Events go in one at a time; who proposes or
 * reads is answered when the machine has said so and the state is there.
 */
export class HostedBlock {
  readonly address: BlockAddress
  readonly #parts: HostedParts
  readonly #replica: Replica
  readonly #adoptsUpTo: number
  /** What the entries have led to. */
  readonly state: AppliedState
  readonly usage: Replica['usage'] = (nowMs) => this.#replica.usage(nowMs)
  readonly #proposals = new ProposalResults()
  readonly #reads = new Map<number, PromiseWithResolvers<void>>()
  #leadWaiters: PromiseWithResolvers<void>[] = []
  #failure: unknown
  /** Writes that wait for a change of the group, in their order. */
  #held: Extract<ReplicaEffect, { kind: 'persist' }>[] = []
  readonly #timer: MachineTimer
  #nextNumber = 1
  readonly #catchUps: CatchUpRuns
  /** Calls on their way through this block. */
  #users = 0

  constructor(address: BlockAddress, loaded: LoadedReplica, parts: HostedParts, changed: (block: HostedBlock) => void) {
    this.address = address
    this.#parts = parts
    const { self, limits } = parts
    const { bootCount, recovery } = self
    const replica = new Replica({ self, bootCount, recovery, record: loaded.record, limits: replicaLimits(limits) })
    this.#replica = replica
    this.#adoptsUpTo = loaded.record.slots.at(-1)?.slot ?? -1
    this.#catchUps = new CatchUpRuns(address, parts, (result) => this.#caughtUp(result))
    this.#timer = new MachineTimer(parts.clock, parts.signal, () => this.#step({ kind: 'tick' }))
    this.state = new AppliedState(address, loaded, parts, {
      group: () => replica.group,
      promised: () => replica.promised,
      committed: () => replica.committed,
      isFollowing: () => !replica.isLeading && !replica.isPreparing,
      computed: (slot, result) => this.#proposals.computed(slot, result),
      applied: (slot, result) => this.#applied(slot, result),
      notApplied: (from, error) => this.#notApplied(from, error),
      changed: () => changed(this),
    })
  }

  /** As of the last applied entry. */
  get record(): BlockRecord | undefined {
    return this.state.record
  }

  get group(): Group {
    return this.#replica.group
  }

  get isLeading(): boolean {
    return this.#replica.isLeading
  }

  /**
   * This node is the only member, and what is applied here is the state: nothing of what was held when it was loaded is left to be adopted. So
   * it is in a store that takes no changes and has another id than the member, which was this node with the store as it was.
   */
  get isAlone(): boolean {
    const { self, store } = this.#parts
    const [only, ...others] = this.group.members
    if (only === undefined || others.length > 0 || this.#replica.applied < this.#adoptsUpTo) return false
    return isMember(this.group, self) || (storeRefusal(store) !== undefined && equalBytes(only.nodeId, self.nodeId))
  }

  /** The member that was promised last: who leads, as far as is known here. */
  get promisedTo(): Member | undefined {
    return this.#replica.promised
  }

  get committed(): number {
    return this.#replica.committed
  }

  /** Nothing waits here, so that it may be forgotten and loaded again. */
  get isIdle(): boolean {
    const waiting = this.#proposals.size + this.#reads.size + this.#leadWaiters.length + this.#users
    return waiting === 0 && !this.state.isBusy && this.#replica.nextTickMs === undefined
  }

  /** The block stays in memory until what is returned is disposed of. */
  use(): Disposable {
    this.#users++
    return { [Symbol.dispose]: () => void this.#users-- }
  }

  heldBy(member: Member): number | undefined {
    return this.#replica.heldBy(member)
  }

  /** Chosen entries from a slot on, as far as they are held; empty where the first of them is gone. */
  chosenFrom(slot: number): readonly Slot[] {
    const { committed } = this.#replica
    return this.#replica.slotsAbove(slot - 1).filter((held) => held.slot <= committed)
  }

  receive(from: Member, message: ReplicaMessage): void {
    this.#step({ kind: 'message', from, message })
    // A state that was left half replaced is fetched again, however far this member is with its log.
    const isPrimary = message.kind === 'accept' || message.kind === 'committed'
    if (isPrimary && this.state.isInstalling) this.#fetchState([from])
  }

  /** Resolves when this node leads the block and has applied what it took over. Rejects with NotPrimary, or `unavailable` when no majority answers. */
  async lead(signal: AbortSignal): Promise<void> {
    assertOfGroup(this.#parts.abstains())
    if (this.state.isInstalling) {
      this.#fetchState(this.group.members)
      throw beingFetched()
    }
    if (this.record === undefined && this.#parts.isUncertain(this.address)) throw beingMoved()
    if (this.#replica.isReady) return
    if (!isMember(this.group, this.#parts.self)) {
      if (storeRefusal(this.#parts.store) !== undefined) throw foreignBlock(this.#parts.store)
      throw new NotPrimary(this.group.members, undefined)
    }
    const waiter = Promise.withResolvers<void>()
    this.#leadWaiters.push(waiter)
    const { clock, limits } = this.#parts
    using _timeout = clock.after(limits.leadTimeoutMs, () => {
      waiter.reject(noMajority(this.group))
    })
    const aborted = (): void => waiter.reject(signal.reason)
    signal.addEventListener('abort', aborted)
    try {
      this.#step({ kind: 'lead' })
      this.#letLead()
      await waiter.promise
    } catch (error) {
      // Who prepares without an answer keeps others from leading.
      if (isCoded(error, 'unavailable') && this.#replica.isPreparing) this.#step({ kind: 'resign' })
      throw error
    } finally {
      signal.removeEventListener('abort', aborted)
      this.#leadWaiters = this.#leadWaiters.filter((other) => other !== waiter)
    }
  }

  /** Resolves when everything that was chosen is applied: what is read here then is what the next proposal meets. */
  async settled(): Promise<void> {
    await this.state.idle()
  }

  /**
   * Puts an entry into the block's log, and resolves with what it did once that is durable: where `answer` is `chosen` at a majority, which
   * may be before the state here shows it, else here too. Rejects with NotPrimary or a CodedError where
   * nothing was proposed, and with LostProposal where another one leads and nobody here knows what became of it.
   */
  async propose(
    entry: LogEntry,
    local: unknown,
    space: 'normal' | 'reserve',
    signal: AbortSignal,
    answer: 'chosen' | 'applied' = 'applied',
  ): Promise<unknown> {
    using _used = this.use()
    return await this.#propose(entry, { local, space, answer }, signal)
  }

  async #propose(entry: LogEntry, known: LocalEntry, signal: AbortSignal): Promise<unknown> {
    for (let probed = false; ; ) {
      await this.lead(signal)
      const outcome = await this.#proposeOnce(entry, known)
      if (outcome.kind === 'result') return outcome.result
      if (!(outcome.error instanceof Refusal)) throw outcome.error
      const { reason } = outcome.error
      if (reason === 'no-majority') {
        if (probed) throw noMajority(this.group)
        probed = true
        await this.read(signal)
      } else if (reason !== 'not-leading') await this.#parts.clock.sleep(1, signal)
    }
  }

  /** Resolves when the state here may be read linearizably. */
  async read(signal: AbortSignal): Promise<void> {
    using _used = this.use()
    await this.#read(signal)
  }

  async #read(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.lead(signal)
      } catch (error) {
        const isOfGroup = this.#parts.abstains() === undefined && !this.state.isInstalling
        if (isCoded(error, 'unavailable') && isOfGroup && this.#replica.mayReadAlone) return
        throw error
      }
      const number = this.#nextNumber++
      const waiter = Promise.withResolvers<void>()
      this.#reads.set(number, waiter)
      this.#step({ kind: 'read', read: number })
      try {
        return await waiter.promise
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        signal.throwIfAborted()
        if (error.reason === 'no-majority') throw noMajority(this.group)
      }
    }
  }

  /** What this member has promised, or least of all could. */
  get ownPromise(): Ballot {
    return this.#replica.promised ?? leastPromise(this.#parts.self)
  }

  resign(): void {
    this.#step({ kind: 'resign' })
  }

  /** Where it is not born, it is born to this group by the map that holds now. Who waits to lead asks again. */
  place(group: Group): void {
    this.#step({ kind: 'placed', group })
    if (this.#replica.committed < 0) for (const waiter of this.#leadWaiters) waiter.reject(beingMoved())
  }

  /** Whoever waits is told that the node stops. */
  async stop(): Promise<void> {
    this.#timer.set(undefined)
    await this.state.idle()
    const error = new CodedError('not-running', 'the node is stopping')
    for (const waiter of this.#leadWaiters) waiter.reject(error)
    for (const waiter of this.#reads.values()) waiter.reject(error)
    this.#proposals.loseAll()
  }

  #proposeOnce(asked: LogEntry, known: LocalEntry): Promise<ProposalOutcome> {
    const proposal = this.#nextNumber++
    const isFirst = asked.kind === 'change' && this.#replica.committed < 0
    const entry = isFirst ? { ...asked, bornTo: this.group } : asked
    this.state.know(entry, known)
    const outcome = this.#proposals.open(proposal)
    this.#step({ kind: 'propose', proposal, entry })
    return outcome
  }

  #step(event: ReplicaEvent): void {
    if (this.#parts.signal.aborted) return
    const effects = this.#replica.step(event, this.#parts.clock.monotonicMs())
    for (const effect of effects) this.#perform(effect)
    this.#timer.set(this.#replica.nextTickMs)
  }

  /** Every effect of the machine, and what it does to the world. */
  #perform(effect: ReplicaEffect): void {
    switch (effect.kind) {
      case 'persist':
        // Nothing of a new group is written down before the change that made it.
        if (this.#held.length > 0 || this.state.isChangingGroup) this.#held.push(effect)
        else this.#persist(effect)
        return
      case 'send':
        this.#parts.link.send(effect.to, this.address, effect.message)
        return
      case 'apply':
        this.state.push(effect.slots)
        return
      case 'decided':
        this.#proposals.decided(effect.proposal, effect.slot)
        return
      case 'lost':
        this.#proposals.settle(effect.proposal, { kind: 'lost', error: new LostProposal() })
        return
      case 'refused': {
        const error =
          effect.reason === 'not-applied' && this.#failure instanceof Error ? this.#failure : new Refusal(effect.reason)
        this.#proposals.settle(effect.proposal, { kind: 'refused', error })
        return
      }
      case 'readable':
        this.#takeRead(effect.read)?.resolve()
        return
      case 'unreadable':
        this.#takeRead(effect.read)?.reject(new Refusal(effect.reason))
        return
      case 'leading':
        if (effect.leading) this.#letLead()
        return
      case 'overtaken':
        for (const waiter of this.#leadWaiters) waiter.reject(new NotPrimary(this.group.members, effect.by))
        return
      case 'catch-up':
        this.#catchUps.from(effect.from, effect.since)
    }
  }

  #persist({ write, promised, slots }: Extract<ReplicaEffect, { kind: 'persist' }>): void {
    const writes: RecordWrite[] = []
    if (promised !== undefined) writes.push(voteWrite(this.address, promised, this.state.isInstalling))
    let space: 'normal' | 'reserve' = 'reserve'
    for (const slot of slots) {
      writes.push(acceptedWrite(this.address, slot))
      this.state.acceptedOnDisk(slot.slot)
      if (this.state.spaceOf(slot.entry) === 'normal') space = 'normal'
    }
    // What is applied here goes down with it, and what a primary says meanwhile leaves before the disk has answered.
    this.state.hurry()
    this.#parts.store.commit(writes, { space, inBackground: this.#replica.isLeading }).then(
      () => this.#step({ kind: 'persisted', write }),
      (error: unknown) => {
        this.#failure = error
        this.#step({ kind: 'not-persisted', write })
      },
    )
  }

  #applied(slot: number, result: unknown): void {
    this.#proposals.applied(slot, result)
    this.#step({ kind: 'applied', index: slot })
    this.#proposals.finish(slot, this.#replica.committed)
    this.#letPersist()
    this.#letLead()
  }

  /** Who waits to lead is told when what was taken over is applied. */
  #letLead(): void {
    if (this.#replica.isReady) for (const waiter of this.#leadWaiters) waiter.resolve()
  }

  #letPersist(): void {
    while (this.#held.length > 0 && !this.state.isChangingGroup) {
      const effect = this.#held.shift()
      if (effect !== undefined) this.#persist(effect)
    }
  }

  #notApplied(from: number, error: unknown): void {
    this.#failure = error
    this.#step({ kind: 'not-applied', from })
  }

  #takeRead(number: number): PromiseWithResolvers<void> | undefined {
    const waiter = this.#reads.get(number)
    this.#reads.delete(number)
    return waiter
  }

  /** A state that is half replaced is fetched from one member after the other: those who lead may not know of this one any more. */
  #fetchState(members: readonly Member[]): void {
    const others = members.filter((member) => compareMembers(member, this.#parts.self) !== 0)
    this.#catchUps.fromNext(others, this.#replica.committed + 1)
  }

  #caughtUp(result: CaughtUp | undefined): void {
    this.#step(result ?? { kind: 'catch-up-failed' })
    if (result !== undefined) this.#letPersist()
  }
}
