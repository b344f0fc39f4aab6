/**
 * What a primary does: it puts entries into the next slots, counts who holds them, confirms reads, and sends again what was not
 * answered.
 *
 * Invariants: a proposal leaves at once, the primary's own vote is one among the others; an entry is committed when a majority of the
 * group in force holds it and everything before it under this ballot; nothing is proposed behind a change of the group.
 */

import { assert } from '../../../shared/assert.ts'
import type { Ballot } from './ballot.ts'
import { compareBallots } from './ballot.ts'
import type { Member } from './group.ts'
import type { ReplicaCore } from './replica-core.ts'
import { sendableUpTo, sendEntries } from './replica-core.ts'
import type { LogEntry, RefusedProposal, ReplicaMessage, Slot } from './replica-events.ts'
import { groupBehind } from './replica-events.ts'
import type { Progress } from './replica-primary.ts'
import { Primary } from './replica-primary.ts'

type Received<Kind extends ReplicaMessage['kind']> = Extract<ReplicaMessage, { kind: Kind }>

/** Begins to lead: what may be chosen is proposed again first. */
export function lead(core: ReplicaCore, ballot: Ballot, adopted: readonly LogEntry[]): void {
  const { group, self, handedOver, nowMs, limits } = core
  const primary = new Primary({ ballot, group, self, handedOver, adopted: adopted.length, nowMs, limits })
  core.role = primary
  // A group of one that gives up leading and leads again has entries on their way that only it knows.
  primary.groupChanging = core.log.above(core.committed).some((held) => held.slot <= handedOver && changesGroup(core, held))
  core.effects.push({ kind: 'leading', leading: true })
  if (adopted.length > 0) append(core, primary, adopted)
  else for (const other of primary.others) sendEntries(core, primary, other)
}

export function propose(core: ReplicaCore, proposal: number, entry: LogEntry): void {
  const reason = refusal(core)
  if (reason !== undefined) {
    core.effects.push({ kind: 'refused', proposal, reason })
    return
  }
  assert(core.role instanceof Primary, 'a primary proposes')
  assert(entry.kind !== 'group' || entry.group.index === core.group.index + 1, 'a group follows the one in force')
  assert(
    entry.kind === 'group' || !changesGroup(core, { slot: core.role.next, entry }),
    'a block is born to the group that decides it',
  )
  core.role.proposals.set(core.role.next, proposal)
  append(core, core.role, [entry])
}

function refusal({ role, committed, applied, nowMs, limits }: ReplicaCore): RefusedProposal | undefined {
  if (!(role instanceof Primary)) return 'not-leading'
  if (role.groupChanging) return 'group-changing'
  // Others may commit faster than this member writes.
  if (role.next - Math.min(committed, applied + limits.pipelineMax) > limits.pipelineMax) return 'pipeline-full'
  return nowMs - role.majorityHeardMs(nowMs) > limits.silentMs ? 'no-majority' : undefined
}

function append(core: ReplicaCore, primary: Primary, entries: readonly LogEntry[]): void {
  const { ballot } = primary
  const first = primary.next
  const slots = entries.map((entry, index) => ({ slot: first + index, ballot, entry }))
  for (const slot of slots) {
    assert(!primary.groupChanging, 'nothing is proposed behind a change of the group')
    core.log.put(slot, false)
    if (changesGroup(core, slot)) primary.groupChanging = true
  }
  primary.next += slots.length
  if (primary.isAlone) {
    // What it applies is its vote, and that is the majority; learners hear of it when it is durable.
    core.handedOver = primary.next - 1
    core.effects.push({ kind: 'apply', slots })
    return
  }
  for (const other of primary.others) if (other.sent < sendableUpTo(core, primary, other)) sendEntries(core, primary, other)
  core.persist({ slots })
  primary.paceLookMs ??= core.nowMs + core.limits.stalledWriteMs
}

/** Nothing is proposed behind it before it is committed, for other members decide what follows. */
function changesGroup({ group }: ReplicaCore, slot: Pick<Slot, 'slot' | 'entry'>): boolean {
  return groupBehind(slot, group) !== undefined
}

/** A group of one could not apply its entries: nobody has them, so they were never proposed. */
export function takeBack(core: ReplicaCore, from: number): void {
  if (!core.isAlone || from <= core.committed) return
  core.log.dropFrom(from)
  core.handedOver = Math.min(core.handedOver, from - 1)
  core.enterPlace()
  const { role: primary } = core
  if (!(primary instanceof Primary)) return
  primary.takeBack(from)
  for (const [slot, proposal] of [...primary.proposals]) {
    if (slot < from) continue
    primary.proposals.delete(slot)
    core.effects.push({ kind: 'refused', proposal, reason: 'not-applied' })
  }
  core.letRead()
}

/** Its own entries became durable, or were applied. */
export function onOwnWrite(core: ReplicaCore, primary: Primary): void {
  primary.ownHeld = Math.max(primary.ownHeld, core.acceptedUpTo(primary.ballot))
  commitByMajority(core, primary)
}

export function onAccepted(core: ReplicaCore, from: Member, { ballot, upTo }: Received<'accepted'>): void {
  const heard = hear(core, from, ballot)
  if (heard === undefined) return
  const { primary, progress } = heard
  const reach = Math.min(upTo, primary.next - 1)
  // Of all that it was sent, from the last of it on.
  const isAll = reach > progress.held && reach >= progress.sent && primary.isMember(progress)
  if (isAll) primary.pace.answered(progress, core.nowMs - progress.sentAtMs)
  progress.held = Math.max(progress.held, reach)
  progress.sent = Math.max(progress.sent, progress.held)
  // Without entries to send the two would go on answering each other.
  const next = core.log.get(progress.sent + 1)
  if (next !== undefined && next.slot <= sendableUpTo(core, primary, progress)) sendEntries(core, primary, progress)
  commitByMajority(core, primary)
}

export function onGap(core: ReplicaCore, from: Member, { ballot, from: first }: Received<'gap'>): void {
  const heard = hear(core, from, ballot)
  if (heard === undefined) return
  const { primary, progress } = heard
  progress.sent = Math.min(progress.sent, first - 1)
  sendEntries(core, primary, progress)
}

function commitByMajority(core: ReplicaCore, primary: Primary): void {
  const held = primary.isAlone ? Math.min(core.applied, core.handedOver) : Math.min(primary.heldByMajority, primary.next - 1)
  if (held > core.committed) core.commit(held)
}

export function read(core: ReplicaCore, number: number): void {
  if (!(core.role instanceof Primary)) {
    core.effects.push({ kind: 'unreadable', read: number, reason: 'not-leading' })
    return
  }
  core.role.arrived.push(number)
  confirm(core, core.role)
}

export function onConfirmed(core: ReplicaCore, from: Member, { ballot, round }: Received<'confirmed'>): void {
  const heard = hear(core, from, ballot)
  if (heard === undefined || !heard.primary.confirmedBy(heard.progress, round)) return
  core.letRead()
  confirm(core, heard.primary)
}

function confirm(core: ReplicaCore, primary: Primary): void {
  const confirmation = primary.confirm(core.committed, core.nowMs)
  if (confirmation === undefined) return
  if (primary.isAlone) {
    primary.releaseReads()
    core.letRead()
  } else sendConfirms(core, primary)
}

function sendConfirms(core: ReplicaCore, primary: Primary): void {
  const { confirmation, ballot } = primary
  if (confirmation === undefined) return
  confirmation.sentAtMs = core.nowMs
  const message = { kind: 'confirm', ballot, groupIndex: core.group.index, round: confirmation.round } as const
  for (const member of core.otherMembers) if (!confirmation.confirmed.has(member)) core.send(member, message)
}

/** Asks the quickest member to lead in its place where its own writes are much slower; it leads on until that one does. */
export function yieldIfSlow(core: ReplicaCore, primary: Primary): void {
  const { nowMs, limits, waitingMs } = core
  if (primary.isAlone) return
  const isHeard = ({ heardAtMs }: Progress): boolean => nowMs - heardAtMs <= limits.silentMs
  const successor = primary.pace.successor(nowMs, waitingMs, isHeard)
  if (successor === undefined) return
  core.health.yielded(primary.pace.slowAboveMs ?? limits.slowWriteMs)
  core.send(successor.member, { kind: 'yield', ballot: primary.ballot, groupIndex: core.group.index })
}

/** What is due: entries and confirmations that were not answered, and confirmations that never will be. */
export function tickPrimary(core: ReplicaCore, primary: Primary): void {
  const { nowMs, limits } = core
  if (primary.paceLookMs !== undefined && nowMs >= primary.paceLookMs) {
    yieldIfSlow(core, primary)
    primary.paceLookMs = core.waitingMs > 0 ? nowMs + limits.stalledWriteMs : undefined
  }
  for (const other of primary.others) {
    if (!isOwed(primary, other) || other.sentAtMs + other.waitMs > nowMs) continue
    other.sent = other.held < 0 ? Math.min(other.sent, core.committed) : other.held
    other.waitMs = Math.min(other.waitMs * 2, limits.resendMaxMs)
    sendEntries(core, primary, other)
  }
  if (primary.rewriteAtMs !== undefined && nowMs >= primary.rewriteAtMs) {
    primary.rewriteAtMs = undefined
    // What it proposed in an earlier role and could not write is nobody's any more.
    const isOwn = ({ ballot }: Slot): boolean => compareBallots(ballot, primary.ballot) === 0
    const slots = core.log.above(core.acceptedUpTo(primary.ballot)).filter(isOwn)
    if (slots.length > 0) core.persist({ slots })
  }
  const { confirmation } = primary
  if (confirmation === undefined) return
  if (nowMs >= confirmation.startedMs + limits.confirmTimeoutMs) giveUpConfirmation(core, primary)
  else if (nowMs >= confirmation.sentAtMs + limits.resendMs) sendConfirms(core, primary)
}

/** By the rule of two members its reads are let through all the same, or they are refused. */
function giveUpConfirmation(core: ReplicaCore, primary: Primary): void {
  if (core.mayReadAlone) {
    primary.releaseReads()
    core.letRead()
  } else {
    for (const number of primary.confirmation?.reads ?? []) {
      core.effects.push({ kind: 'unreadable', read: number, reason: 'no-majority' })
    }
    primary.confirmation = undefined
  }
  confirm(core, primary)
}

/** When the next tick of a primary is due. */
export function primaryDueMs(primary: Primary, { resendMs, confirmTimeoutMs }: ReplicaCore['limits']): number {
  let dueMs = Math.min(primary.rewriteAtMs ?? Number.POSITIVE_INFINITY, primary.paceLookMs ?? Number.POSITIVE_INFINITY)
  for (const other of primary.others) if (isOwed(primary, other)) dueMs = Math.min(dueMs, other.sentAtMs + other.waitMs)
  const { confirmation } = primary
  if (confirmation === undefined) return dueMs
  return Math.min(dueMs, confirmation.sentAtMs + resendMs, confirmation.startedMs + confirmTimeoutMs)
}

function isOwed(primary: Primary, { held }: Progress): boolean {
  return held < primary.next - 1
}

/** The sender of an answer to this ballot, which was heard of just now. */
function hear(core: ReplicaCore, from: Member, ballot: Ballot): { primary: Primary; progress: Progress } | undefined {
  const { role: primary, nowMs } = core
  if (!(primary instanceof Primary) || compareBallots(primary.ballot, ballot) !== 0) return undefined
  const progress = primary.progressOf(from)
  if (progress === undefined) return undefined
  progress.heardAtMs = nowMs
  progress.waitMs = core.limits.resendMs
  return { primary, progress }
}
