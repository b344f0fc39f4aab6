/**
 * One member of the group of one block: acceptor, and primary when it is asked to be (Multi-Paxos with contiguous slots; Lamport, Paxos
 * Made Simple, 2001). It decides nothing about what entries mean; of them only changes of the group concern it.
 *
 * Invariants: votes of another group than the one in force here are neither given nor counted; a message of an older group is answered by
 * the newer one, a message of a newer group leads to a catch-up; a ballot of before the network's last recovery is neither answered nor
 * counted; the other invariants stand with the roles.
 */

import type { Ballot } from './ballot.ts'
import type { Group, Member } from './group.ts'
import { compareMembers, isMember } from './group.ts'
import { onAccept, onCommitted, onConfirm, onPrepare } from './replica-acceptor.ts'
import { Candidate } from './replica-candidate.ts'
import type { ReplicaParts } from './replica-core.ts'
import { ReplicaCore } from './replica-core.ts'
import type { ReplicaEffect, ReplicaEvent, ReplicaMessage, Slot } from './replica-events.ts'
import {
  onAccepted,
  onConfirmed,
  onGap,
  onOwnWrite,
  primaryDueMs,
  propose,
  read,
  takeBack,
  tickPrimary,
  yieldIfSlow,
} from './replica-lead.ts'
import { onHigher, onOwnPromise, onPromise, onYield, prepare, sendPrepare } from './replica-prepare.ts'
import { Primary } from './replica-primary.ts'

/** What says who should lead the block next. */
interface BlockUsage {
  /** When the block was last in use, as far as this member has seen it; undefined where it has seen nothing. */
  readonly activeAtMs: number | undefined
  /** False where this member gave up its lead because it wrote slowly, and was not seen to write quickly for long enough. */
  readonly isWell: boolean
}

export class Replica {
  readonly #core: ReplicaCore

  constructor(parts: ReplicaParts) {
    this.#core = new ReplicaCore(parts)
  }

  get isLeading(): boolean {
    return this.#core.role instanceof Primary
  }

  /** It leads, and everything that it took over is applied: what it judges by is the state that its next proposal meets. */
  get isReady(): boolean {
    const { role, applied } = this.#core
    return role instanceof Primary && applied >= role.adoptedUpTo
  }

  get isPreparing(): boolean {
    return this.#core.role instanceof Candidate
  }

  get group(): Group {
    return this.#core.group
  }

  get promised(): Ballot | undefined {
    return this.#core.promised
  }

  get committed(): number {
    return this.#core.committed
  }

  get applied(): number {
    return this.#core.applied
  }

  usage(nowMs: number): BlockUsage {
    const { activeAtMs, health } = this.#core
    return { activeAtMs, isWell: health.isWell(nowMs) }
  }

  get mayReadAlone(): boolean {
    return this.#core.mayReadAlone
  }

  /** As the primary: up to where a member or learner holds the log durably; undefined where nothing is known. */
  heldBy(member: Member): number | undefined {
    const { role } = this.#core
    const held = role instanceof Primary ? role.progressOf(member)?.held : undefined
    return held === undefined || held < 0 ? undefined : held
  }

  /** Everything above this slot that is still held, in order; what is at or below `committed` of it is chosen. */
  slotsAbove(index: number): readonly Slot[] {
    return this.#core.log.above(index)
  }

  /** When the next `tick` is due; undefined while nothing is waited for. */
  get nextTickMs(): number | undefined {
    const { role, limits, catchUp } = this.#core
    let dueMs = Number.POSITIVE_INFINITY
    if (role instanceof Candidate) dueMs = role.sentAtMs + limits.resendMs
    if (role instanceof Primary) dueMs = primaryDueMs(role, limits)
    if (catchUp !== undefined) dueMs = Math.min(dueMs, catchUp.startedMs + limits.catchUpTimeoutMs)
    return dueMs === Number.POSITIVE_INFINITY ? undefined : dueMs
  }

  step(event: ReplicaEvent, nowMs: number): readonly ReplicaEffect[] {
    const core = this.#core
    core.nowMs = nowMs
    core.effects = []
    if (isUse(event)) core.activeAtMs = nowMs
    this.#take(event)
    if (core.mustPrepare) {
      core.mustPrepare = false
      if (core.role === undefined && isMember(core.group, core.self)) prepare(core)
    }
    return core.effects
  }

  #take(event: ReplicaEvent): void {
    const core = this.#core
    switch (event.kind) {
      case 'message':
        this.#receive(event.from, event.message)
        return
      case 'persisted':
        core.persisted(event.write)
        if (core.role instanceof Primary) {
          onOwnWrite(core, core.role)
          if (core.role instanceof Primary) yieldIfSlow(core, core.role)
        }
        if (core.role instanceof Candidate) onOwnPromise(core, core.role)
        return
      case 'not-persisted':
        core.notPersisted(event.write)
        return
      case 'lead':
        if (!isMember(core.group, core.self)) core.tellOfGroup()
        else if (core.role === undefined) prepare(core)
        return
      case 'resign':
        core.stepDown(undefined)
        return
      case 'placed':
        core.place(event.group)
        return
      case 'propose':
        propose(core, event.proposal, event.entry)
        return
      case 'read':
        read(core, event.read)
        return
      case 'applied':
        core.reached(event.index)
        if (core.role instanceof Primary) onOwnWrite(core, core.role)
        core.letRead()
        return
      case 'not-applied':
        takeBack(core, event.from)
        return
      case 'chosen':
        core.learnChosen(event.slots)
        this.#caughtUp()
        return
      case 'installed':
        core.install(event.index, event.group)
        this.#caughtUp()
        return
      case 'catch-up-failed':
        core.catchUp = undefined
        return
      case 'tick':
        this.#tick()
    }
  }

  #receive(from: Member, message: ReplicaMessage): void {
    const core = this.#core
    // Who missed a recovery of the network neither gives a vote nor is told what would let it.
    if (message.kind !== 'newer-group' && message.ballot.recovery < core.recovery) return
    if (message.kind === 'higher') {
      onHigher(core, from, message)
      return
    }
    if (message.groupIndex !== core.group.index || message.kind === 'newer-group') {
      this.#ofAnotherGroup(from, message)
      return
    }
    if (isOfOtherBirth(core, from, message)) {
      core.fallBehind(from)
      return
    }
    // Who is of the group is known by the group in force, and by nothing that a message says.
    if (isMember(core.group, from) || isLearnersAnswer(core.group, from, message)) this.#count(from, message)
  }

  #count(from: Member, message: Exclude<ReplicaMessage, { kind: 'higher' | 'newer-group' }>): void {
    const core = this.#core
    switch (message.kind) {
      case 'prepare':
        onPrepare(core, from, message)
        return
      case 'promise':
        onPromise(core, from, message)
        return
      case 'accept':
        onAccept(core, from, message)
        return
      case 'accepted':
        onAccepted(core, from, message)
        return
      case 'gap':
        onGap(core, from, message)
        return
      case 'committed':
        onCommitted(core, from, message.ballot, message.index)
        return
      case 'confirm':
        onConfirm(core, from, message)
        return
      case 'confirmed':
        onConfirmed(core, from, message)
        return
      case 'yield':
        if (isMember(core.group, core.self)) onYield(core, message)
    }
  }

  #ofAnotherGroup(from: Member, message: Exclude<ReplicaMessage, { kind: 'higher' }>): void {
    const core = this.#core
    if (message.groupIndex > core.group.index) core.fallBehind(from)
    else if (message.groupIndex < core.group.index) {
      core.send(from, { kind: 'newer-group', groupIndex: core.group.index, committed: core.committed })
    }
  }

  /** A catch-up is over: a candidate that waited for it prepares anew, a follower says how far it is. */
  #caughtUp(): void {
    const core = this.#core
    core.catchUp = undefined
    const { role, promised } = core
    if (role instanceof Candidate && role.catchingUp) {
      core.role = undefined
      prepare(core)
    } else if (
      role === undefined &&
      promised !== undefined &&
      core.otherMembers.some((other) => compareMembers(other, promised) === 0)
    ) {
      core.sendAccepted({ nodeId: promised.nodeId, storeId: promised.storeId }, promised)
    }
  }

  #tick(): void {
    const core = this.#core
    const { role, catchUp, limits, nowMs } = core
    if (catchUp !== undefined && nowMs >= catchUp.startedMs + limits.catchUpTimeoutMs) core.catchUp = undefined
    if (role instanceof Primary) tickPrimary(core, role)
    if (role instanceof Candidate && nowMs >= role.sentAtMs + limits.resendMs) {
      if (role.catchingUp && core.catchUp === undefined) {
        core.role = undefined
        prepare(core)
      } else for (const member of core.otherMembers) if (!role.has(member)) sendPrepare(core, role, member)
      role.sentAtMs = nowMs
    }
  }
}

/** Somebody wants something of the block: who follows sees that by what the primary says. */
function isUse({ kind }: ReplicaEvent): boolean {
  return kind === 'message' || kind === 'propose' || kind === 'read' || kind === 'lead'
}

/**
 * The block is born, to another group than the map says of one that is not born here: its entries say to which.
 */
function isOfOtherBirth({ committed, group, self }: ReplicaCore, from: Member, message: ReplicaMessage): boolean {
  if (committed >= 0 || (isMember(group, self) && isMember(group, from))) return false
  if (message.kind === 'committed') return message.index >= 0
  return (message.kind === 'prepare' || message.kind === 'accept') && message.committed >= 0
}

/** Learners answer a primary, and send nothing else. */
function isLearnersAnswer({ learners }: Group, from: Member, { kind }: ReplicaMessage): boolean {
  return (kind === 'accepted' || kind === 'gap') && isMember({ index: 0, members: learners, learners: [] }, from)
}
