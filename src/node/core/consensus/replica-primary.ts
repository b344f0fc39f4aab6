/**
 * What a primary keeps track of: which member has made durable what, and who has confirmed that its ballot still holds.
 *
 * Invariants: only members of the group in force count for a majority, each once; a confirmation counts for reads that were there
 * before it began, and for no other.
 */

import type { Ballot } from './ballot.ts'
import type { Group, Member } from './group.ts'
import { compareMembers, majorityOf } from './group.ts'
import type { PaceLimits } from './lead-pace.ts'
import { LeadPace } from './lead-pace.ts'
import type { ReplicaMessage } from './replica-events.ts'

/** How far one other member or learner is. */
export interface Progress {
  readonly member: Member
  /** Everything up to here is durable there; -1 before anything is known. */
  held: number
  /** Everything up to here was sent. */
  sent: number
  sentAtMs: number
  heardAtMs: number
  /** How long it may be silent before something is sent again; doubles while it is. */
  waitMs: number
}

export type AcceptMessage = Extract<ReplicaMessage, { kind: 'accept' }>

interface Confirmation {
  readonly round: number
  readonly startedMs: number
  sentAtMs: number
  /** The index that was committed when it began. */
  readonly index: number
  readonly reads: readonly number[]
  /** Those of the other members that confirmed. */
  readonly confirmed: Set<Member>
}

interface WaitingRead {
  readonly read: number
  /** The state has to reach this slot. */
  readonly index: number
}

export class Primary {
  readonly ballot: Ballot
  readonly #group: Group
  readonly #others: readonly Progress[]
  readonly #othersNeeded: number
  readonly #memberCount: number
  /** The slot before the first of this ballot. */
  readonly since: number
  /** The slot of the next proposal. */
  next: number
  /** Reads wait until everything that was adopted is applied. */
  adoptedUpTo: number
  /** A change of the group is proposed and not committed: nothing goes behind it. */
  groupChanging = false
  /** This member's own entries are durable up to here. */
  ownHeld: number
  /** A write of its own entries failed, and is made again then: others may not be enough without its vote. */
  rewriteAtMs: number | undefined
  /** When it next looks whether a write of its own stands still; undefined while none is on its way. */
  paceLookMs: number | undefined
  readonly pace: LeadPace<Progress>
  readonly proposals = new Map<number, number>()
  /** What was sent last with entries, under this ballot. */
  accept: AcceptMessage | undefined
  confirmation: Confirmation | undefined
  /** Reads that came while a confirmation was under way. */
  arrived: number[] = []
  /** Confirmed reads that wait for the state. */
  confirmedReads: WaitingRead[] = []
  #round = 0

  constructor(facts: {
    readonly ballot: Ballot
    readonly group: Group
    readonly self: Member
    /** Up to where entries went to be applied: it proposes behind them. */
    readonly handedOver: number
    readonly adopted: number
    readonly nowMs: number
    readonly limits: PaceLimits & { readonly resendMs: number }
  }) {
    const { ballot, group, self, handedOver, adopted, nowMs, limits } = facts
    this.pace = new LeadPace(limits)
    this.ballot = ballot
    this.#group = group
    const others = [...group.members, ...group.learners].filter((member) => compareMembers(member, self) !== 0)
    this.#others = others.map((member) => ({
      member,
      held: -1,
      sent: handedOver,
      sentAtMs: nowMs,
      heardAtMs: nowMs,
      waitMs: limits.resendMs,
    }))
    this.#othersNeeded = majorityOf(group) - 1
    this.#memberCount = group.members.filter((member) => compareMembers(member, self) !== 0).length
    this.since = handedOver
    this.next = handedOver + 1
    this.adoptedUpTo = handedOver + adopted
    this.ownHeld = -1
  }

  /** Members first, learners behind them. */
  get others(): readonly Progress[] {
    return this.#others
  }

  /** No other member is needed for a majority. */
  get isAlone(): boolean {
    return this.#othersNeeded === 0
  }

  get isPair(): boolean {
    return this.#group.members.length === 2
  }

  /** Members, without learners. */
  isMember(progress: Progress): boolean {
    return this.#members().includes(progress)
  }

  progressOf(member: Member): Progress | undefined {
    return this.#others.find((other) => compareMembers(other.member, member) === 0)
  }

  /** The highest slot that a majority holds durably under this ballot. */
  get heldByMajority(): number {
    const held = [this.ownHeld, ...this.#members().map((other) => other.held)].sort((left, right) => right - left)
    return held[this.#othersNeeded] ?? -1
  }

  /** When a majority was last heard of, this member included. */
  majorityHeardMs(nowMs: number): number {
    if (this.isAlone) return nowMs
    const heard = this.#members().map((other) => other.heardAtMs)
    return heard.sort((left, right) => right - left)[this.#othersNeeded - 1] ?? 0
  }

  /** What was in the slots from this one on is on no disk and never was: nothing waits for it. */
  takeBack(from: number): void {
    this.next = Math.min(this.next, from)
    this.adoptedUpTo = Math.min(this.adoptedUpTo, from - 1)
    this.groupChanging = false
    this.confirmedReads = this.confirmedReads.map(({ read, index }) => ({ read, index: Math.min(index, from - 1) }))
  }

  /** Begins a confirmation for the reads that have arrived; undefined while one is under way or none wait. */
  confirm(committed: number, nowMs: number): Confirmation | undefined {
    if (this.confirmation !== undefined || this.arrived.length === 0) return undefined
    const reads = this.arrived
    this.arrived = []
    this.#round++
    this.confirmation = {
      round: this.#round,
      startedMs: nowMs,
      sentAtMs: nowMs,
      index: committed,
      reads,
      confirmed: new Set(),
    }
    return this.confirmation
  }

  /** Counts a confirmation; true when it has its majority, whose reads then wait for the state alone. */
  confirmedBy(progress: Progress, round: number): boolean {
    const { confirmation } = this
    if (confirmation?.round !== round || !this.#members().includes(progress)) return false
    confirmation.confirmed.add(progress.member)
    if (confirmation.confirmed.size < this.#othersNeeded) return false
    this.releaseReads()
    return true
  }

  /** The reads of the confirmation under way are confirmed. */
  releaseReads(): void {
    const { confirmation } = this
    if (confirmation === undefined) return
    this.confirmation = undefined
    const index = Math.max(confirmation.index, this.adoptedUpTo)
    for (const read of confirmation.reads) this.confirmedReads.push({ read, index })
  }

  /** Takes out the confirmed reads that the state has reached. */
  readableAt(applied: number): readonly number[] {
    if (this.confirmedReads.length === 0) return []
    const ready = this.confirmedReads.filter(({ index }) => index <= applied)
    this.confirmedReads = this.confirmedReads.filter(({ index }) => index > applied)
    return ready.map(({ read }) => read)
  }

  /** Every read that still waits for something. */
  get waitingReads(): readonly number[] {
    return [...(this.confirmation?.reads ?? []), ...this.arrived, ...this.confirmedReads.map(({ read }) => read)]
  }

  #members(): readonly Progress[] {
    return this.#others.slice(0, this.#memberCount)
  }
}
