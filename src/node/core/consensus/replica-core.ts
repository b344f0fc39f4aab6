/**
 * What a member knows of one block and the steps that all its roles share. The roles themselves: replica-acceptor, replica-prepare,
 * replica-lead.
 *
 * Invariants:
 * - slots are committed and handed over to be applied in their order, each once;
 * - a change of the group is in force from the slot behind it on; who led or prepared before it does neither any more, and prepares
 *   anew where it is still a member;
 * - a reply that says something durable leaves behind the write of it.
 */

import { assert } from '../../../shared/assert.ts'
import type { Ballot } from './ballot.ts'
import { birthBallot, compareBallots } from './ballot.ts'
import type { Group, Member } from './group.ts'
import { compareMembers, isLonely, isMember, isSameGroup } from './group.ts'
import { WriteHealth } from './lead-pace.ts'
import { Candidate } from './replica-candidate.ts'
import type { LogEntry, ReplicaEffect, ReplicaLimits, ReplicaMessage, ReplicaRecord, Slot } from './replica-events.ts'
import { groupBehind } from './replica-events.ts'
import { ReplicaLog } from './replica-log.ts'
import type { AcceptMessage } from './replica-primary.ts'
import { Primary } from './replica-primary.ts'

export interface ReplicaParts {
  readonly self: Member
  readonly bootCount: number
  /** Of the network, as this node knows it: no ballot of this start has a lower one. */
  readonly recovery: number
  readonly record: ReplicaRecord
  readonly limits: ReplicaLimits
}

/** Sent once a write is durable; what has been accepted is said as it is then. */
export type Reply =
  | { readonly to: Member; readonly message: ReplicaMessage }
  | { readonly to: Member; readonly acceptedUnder: Ballot }

interface Write {
  readonly startedMs: number
  readonly slots: readonly Slot[]
  readonly promised: Ballot
  readonly replies: readonly Reply[]
}

export class ReplicaCore {
  readonly self: Member
  readonly bootCount: number
  readonly recovery: number
  readonly limits: ReplicaLimits
  readonly log: ReplicaLog
  readonly health: WriteHealth
  group: Group
  promised: Ballot | undefined
  /** As far as the promise is durable. */
  promisedDurably: Ballot | undefined
  /** The highest ballot heard of, promised or not: what is prepared next is above it. */
  seen: Ballot
  committed: number
  applied: number
  /** As a group of one: slots up to here were handed over to be applied, which is their acceptance. */
  handedOver: number
  role: Primary | Candidate | undefined
  catchUp: { readonly startedMs: number } | undefined
  /** Led or prepared when the group changed. */
  mustPrepare = false
  nowMs = 0
  /** When something was last asked of the block here, or said by another member; undefined since the start. */
  activeAtMs: number | undefined
  effects: ReplicaEffect[] = []
  /** The group that the map gave to a block whose birth is on its way in a group of one. */
  #placed: Group | undefined
  readonly #writes = new Map<number, Write>()
  #nextWrite = 1

  constructor({ self, bootCount, recovery, record, limits }: ReplicaParts) {
    this.self = self
    this.bootCount = bootCount
    this.recovery = recovery
    this.limits = limits
    this.health = new WriteHealth(limits.healthyMs)
    this.group = record.group
    this.committed = record.applied
    this.applied = record.applied
    this.handedOver = record.applied
    this.log = new ReplicaLog(record.applied, record.slots, limits)
    this.seen = birthBallot(self, bootCount, recovery)
    if (record.promised !== undefined) this.raisePromise(record.promised)
    for (const { ballot } of record.slots) this.raisePromise(ballot)
    this.promisedDurably = this.promised
  }

  /** A group of this member alone: its vote is every majority. */
  get isAlone(): boolean {
    return this.group.members.length === 1 && isMember(this.group, this.self)
  }

  get otherMembers(): readonly Member[] {
    return this.group.members.filter((member) => compareMembers(member, this.self) !== 0)
  }

  /**
   * The rule of two members: a write needs both, so a member of two that holds no accepted entry above what it has applied has every
   * committed write. Of a block that is not born here it knows nothing: by a newer map others may have given birth to it.
   */
  get mayReadAlone(): boolean {
    const isPair = this.group.members.length === 2 && isMember(this.group, this.self)
    return isPair && this.committed >= 0 && this.applied === this.committed && !this.log.hasAbove(this.committed)
  }

  send(to: Member, message: ReplicaMessage): void {
    this.effects.push({ kind: 'send', to, message })
  }

  /** Everything up to this slot is durable here under the ballot, or chosen. */
  acceptedUpTo(ballot: Ballot): number {
    return this.log.reach(this.committed, ballot, true)
  }

  sendAccepted(to: Member, ballot: Ballot): void {
    this.send(to, { kind: 'accepted', ballot, groupIndex: this.group.index, upTo: this.acceptedUpTo(ballot) })
  }

  /** One write of the promise, where it is not durable, and of accepted slots. The replies leave when it is durable. */
  persist({ slots = [], replies = [] }: { readonly slots?: readonly Slot[]; readonly replies?: readonly Reply[] }): void {
    assert(this.promised !== undefined, 'nothing is written before something was promised')
    const write = this.#nextWrite++
    this.#writes.set(write, { startedMs: this.nowMs, slots, promised: this.promised, replies })
    const isDurable = this.promisedDurably !== undefined && compareBallots(this.promisedDurably, this.promised) === 0
    const promised = isDurable ? undefined : this.promised
    this.effects.push({ kind: 'persist', write, promised, slots })
  }

  persisted(number: number): void {
    const write = this.#taken(number)
    this.#noteDuration(write)
    this.log.markDurable(write.slots)
    if (this.promisedDurably === undefined || compareBallots(write.promised, this.promisedDurably) > 0) {
      this.promisedDurably = write.promised
    }
    for (const reply of write.replies) {
      if ('message' in reply) this.send(reply.to, reply.message)
      else this.#tellAccepted(reply.to, reply.acceptedUnder)
    }
  }

  /** What is chosen by now was chosen under a later promise perhaps, and says nothing of what the sender of this ballot proposed. */
  #tellAccepted(to: Member, ballot: Ballot): void {
    const { promised } = this
    if (promised === undefined || compareBallots(promised, ballot) <= 0) this.sendAccepted(to, ballot)
    else this.send(to, { kind: 'higher', ballot, promised })
  }

  /** How long the oldest write of entries has been on its way. */
  get waitingMs(): number {
    for (const { startedMs, slots } of this.#writes.values()) if (slots.length > 0) return this.nowMs - startedMs
    return 0
  }

  notPersisted(number: number): void {
    const write = this.#taken(number)
    // A primary goes on without its own vote, since others may carry its entries, and writes them again later. One that is alone never wrote
    // any, for what it applies is its vote: what failed is of an earlier role.
    if (this.role instanceof Primary && !this.role.isAlone) this.role.rewriteAtMs ??= this.nowMs + this.limits.resendMaxMs
    else this.log.takeBack(write.slots, this.committed)
    if (this.role instanceof Candidate) this.stepDown(undefined)
  }

  /** True where the ballot is above everything promised before, which it then is no more. */
  raisePromise(ballot: Ballot): boolean {
    if (compareBallots(ballot, this.seen) > 0) this.seen = ballot
    if (this.promised !== undefined && compareBallots(ballot, this.promised) <= 0) return false
    this.promised = ballot
    return true
  }

  /** Neither leads nor prepares any more. `by`: the ballot that is ahead. */
  stepDown(by: Ballot | undefined): void {
    const { role } = this
    this.role = undefined
    if (role instanceof Candidate) this.effects.push({ kind: 'overtaken', by })
    if (!(role instanceof Primary)) return
    for (const proposal of role.proposals.values()) this.effects.push({ kind: 'lost', proposal })
    for (const read of role.waitingReads) this.effects.push({ kind: 'unreadable', read, reason: 'not-leading' })
    this.effects.push({ kind: 'leading', leading: false })
  }

  /** Takes chosen entries that a catch-up or a promise brought. */
  learnChosen(slots: readonly Slot[]): void {
    let reach = this.committed
    for (const slot of slots) {
      if (slot.slot <= reach) continue
      if (slot.slot !== reach + 1) break
      if (reach === this.committed && this.role instanceof Primary) this.stepDown(undefined)
      this.log.put(slot, false)
      reach = slot.slot
      // The slots behind a change of the group are another group's, which is in force here first.
      if (groupBehind(slot, this.group) !== undefined) this.commit(reach)
    }
    if (reach > this.committed) this.commit(reach)
  }

  /** Every slot up to here is chosen, and its entry is held. */
  commit(upTo: number): void {
    const slots = this.log.above(this.committed).filter(({ slot }) => slot <= upTo)
    assert(slots.length === upTo - this.committed, 'what is committed is held')
    this.committed = upTo
    const primary = this.role instanceof Primary ? this.role : undefined
    const fresh = slots.filter(({ slot }) => slot > this.handedOver)
    this.handedOver = Math.max(this.handedOver, upTo)
    if (fresh.length > 0) this.effects.push({ kind: 'apply', slots: fresh })
    if (primary !== undefined) this.#committedAsPrimary(primary, slots)
    for (const slot of slots) {
      if (slot.entry.kind === 'group') this.enterGroup(slot.entry.group)
      else this.#bornTo(groupBehind(slot, this.group))
    }
    this.#letGo()
  }

  /** A group that follows the one in force. */
  enterGroup(group: Group): void {
    if (group.index <= this.group.index) return
    const wasActive = this.role !== undefined
    this.stepDown(undefined)
    this.group = group
    // What was accepted above belongs to the group before, which decides nothing there: its ballots may be above those of this group.
    this.log.dropFrom(this.committed + 1)
    this.mustPrepare = wasActive && isMember(group, this.self)
    if (wasActive && !this.mustPrepare) this.tellOfGroup()
  }

  /**
   * The map gives the block to another group as long as it is not born. Who led or prepared in the one before does neither any more. A birth
   * that a group of one has handed over to be applied is decided by that, unless it is taken back.
   */
  place(group: Group): void {
    if (this.committed >= 0 || isSameGroup(group, this.group)) {
      this.#placed = undefined
      return
    }
    this.stepDown(undefined)
    this.#placed = group
    this.enterPlace()
  }

  /** Nothing is on its way any more in the group before. */
  enterPlace(): void {
    if (this.#placed === undefined || this.handedOver >= 0) return
    this.group = this.#placed
    this.#placed = undefined
  }

  /** The birth was decided by another map than this member's. What was accepted behind it was accepted in the group of the birth, and stays. */
  #bornTo(group: Group | undefined): void {
    if (group === undefined) return
    const wasActive = this.role !== undefined
    this.stepDown(undefined)
    this.group = group
    this.mustPrepare = wasActive && isMember(group, this.self)
  }

  /**
   * From who is no member (any more): where those who are have not heard of it they catch up, and one of them can lead. Whoever knows a
   * later group answers with it.
   */
  tellOfGroup(): void {
    const { group, committed } = this
    for (const member of this.otherMembers) this.send(member, { kind: 'newer-group', groupIndex: group.index, committed })
  }

  /** The state is durable up to this slot. */
  reached(index: number): void {
    if (index <= this.applied) return
    this.applied = index
    // What a group of one has applied is chosen, also where it gave up leading meanwhile.
    const chosen = this.isAlone ? Math.min(index, this.handedOver) : this.committed
    if (chosen > this.committed) this.commit(chosen)
    else this.#letGo()
  }

  /** The state was replaced by one as of this slot, durably. */
  install(index: number, group: Group): void {
    if (index > this.applied) {
      if (this.role instanceof Primary) this.stepDown(undefined)
      this.applied = index
      this.committed = Math.max(this.committed, index)
      this.handedOver = Math.max(this.handedOver, index)
      this.log.replaced(index)
      if (group.index === this.group.index && !isSameGroup(group, this.group)) this.#bornTo(group)
    }
    this.enterGroup(group)
  }

  /** Asks this member for what is chosen and not held here, unless somebody is being asked. */
  fallBehind(from: Member): void {
    if (this.catchUp !== undefined) return
    // More than is retained would wait for the disk: whoever is behind hears of it again.
    if (this.committed - this.applied > this.limits.retainedEntriesMax) return
    this.catchUp = { startedMs: this.nowMs }
    this.effects.push({ kind: 'catch-up', from, since: this.committed + 1 })
  }

  /** Lets go the reads that were confirmed and whose state is there. */
  letRead(): void {
    if (!(this.role instanceof Primary)) return
    for (const read of this.role.readableAt(this.applied)) this.effects.push({ kind: 'readable', read })
  }

  /** What is applied is kept for others only; a group of one applies before it commits. */
  #letGo(): void {
    this.log.applied(Math.min(this.applied, this.committed), !isLonely(this.group))
  }

  #committedAsPrimary(primary: Primary, slots: readonly Slot[]): void {
    for (const { slot } of slots) {
      const proposal = primary.proposals.get(slot)
      if (proposal === undefined) continue
      primary.proposals.delete(slot)
      this.effects.push({ kind: 'decided', proposal, slot })
    }
    const { ballot } = primary
    const message = { kind: 'committed', ballot, groupIndex: this.group.index, index: this.committed } as const
    // A primary alone tells its learners with the entries themselves.
    if (!primary.isAlone) for (const { member } of primary.others) this.send(member, message)
    else for (const other of primary.others) sendEntries(this, primary, other)
    this.letRead()
  }

  /** Of its own entries as a primary, of any as a member. */
  #noteDuration({ startedMs, slots }: Write): void {
    const [slot] = slots
    if (slot === undefined) return
    const durationMs = this.nowMs - startedMs
    this.health.wrote(durationMs, this.nowMs)
    const { role } = this
    if (role instanceof Primary && compareBallots(slot.ballot, role.ballot) === 0) role.pace.wrote(durationMs)
  }

  #taken(number: number): Write {
    const write = this.#writes.get(number)
    assert(write !== undefined, 'a write is answered once')
    this.#writes.delete(number)
    return write
  }
}

/** A member that does not keep up is sent no more than a pipeline ahead of what it is known to hold. */
export function sendableUpTo({ committed, limits }: ReplicaCore, primary: Primary, { held }: Primary['others'][number]): number {
  return Math.min(primary.isAlone ? committed : primary.next - 1, Math.max(held, primary.since) + limits.pipelineMax)
}

/**
 * Sends a member the entries behind those that it was sent. Without any it is asked how far it is, and where it lacks what is no longer
 * held here it finds that by the committed index and catches up.
 */
export function sendEntries(core: ReplicaCore, primary: Primary, to: Primary['others'][number]): void {
  const { ballot } = primary
  const last = sendableUpTo(core, primary, to)
  const first = to.sent + 1
  const held = core.log.above(to.sent).filter(({ slot }) => slot <= last)
  const entries = withinOneAccept(core, held)
  const { committed, group } = core
  const accept: AcceptMessage = { kind: 'accept', ballot, groupIndex: group.index, committed, first, entries }
  // Mostly the members are equally far: who carries messages then sees that they are told the same.
  if (primary.accept === undefined || !isSameAccept(primary.accept, accept)) primary.accept = accept
  core.send(to.member, primary.accept)
  to.sent += entries.length
  to.sentAtMs = core.nowMs
}

function isSameAccept(left: AcceptMessage, right: AcceptMessage): boolean {
  const isOfOnePlace = left.first === right.first && left.committed === right.committed && left.groupIndex === right.groupIndex
  if (!isOfOnePlace || left.entries.length !== right.entries.length) return false
  return left.entries.every((entry, index) => entry === right.entries[index])
}

/** One entry at least: none is larger than a message may be. */
function withinOneAccept({ limits }: ReplicaCore, held: readonly Slot[]): readonly LogEntry[] {
  const entries: LogEntry[] = []
  let bytes = 0
  for (const { entry } of held) {
    bytes += entry.kind === 'change' ? entry.body.length : 0
    if (entries.length > 0 && (bytes > limits.acceptBytesMax || entries.length >= limits.acceptEntriesMax)) break
    entries.push(entry)
  }
  return entries
}
