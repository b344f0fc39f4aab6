/**
 * What a member does as an acceptor: it promises, accepts, learns what is committed, and confirms.
 *
 * Invariants: nothing below the promise is accepted or confirmed; entries are accepted without gaps, under one ballot from the committed
 * index on, so that one number says how far a member is; a slot is taken as committed only where its entry was accepted under the ballot
 * of the one who says so.
 */

import type { Ballot } from './ballot.ts'
import { compareBallots } from './ballot.ts'
import type { Member } from './group.ts'
import { isMember } from './group.ts'
import type { ReplicaCore } from './replica-core.ts'
import type { ReplicaMessage, Slot } from './replica-events.ts'

type Received<Kind extends ReplicaMessage['kind']> = Extract<ReplicaMessage, { kind: Kind }>

export function onPrepare(core: ReplicaCore, from: Member, { ballot, committed }: Received<'prepare'>): void {
  if (!isVoter(core) || refuses(core, from, ballot)) return
  promise(core, ballot)
  const slots = core.log.acceptedAbove(committed)
  const groupIndex = core.group.index
  const message = { kind: 'promise', ballot, groupIndex, committed: core.committed, slots } as const
  replyDurably(core, from, ballot, message)
}

export function onAccept(core: ReplicaCore, from: Member, message: Received<'accept'>): void {
  const { ballot, committed, first, entries } = message
  if (refuses(core, from, ballot)) return
  promise(core, ballot)
  const { index } = core.group
  advance(core, ballot, committed)
  // What follows was meant for the group before.
  if (core.group.index !== index) return
  const reach = core.log.reach(core.committed, ballot, false)
  if (first > reach + 1) {
    // What the primary has committed comes from a catch-up; what it has not is sent again.
    if (reach < committed) core.fallBehind(from)
    else core.send(from, { kind: 'gap', ballot, groupIndex: index, from: reach + 1 })
    return
  }
  const fresh: Slot[] = []
  for (const [place, entry] of entries.entries()) {
    const slot = first + place
    if (slot <= reach) continue
    // Who writes more slowly than others commit takes the rest when it is sent again.
    if (slot > core.applied + core.limits.retainedEntriesMax) break
    fresh.push({ slot, ballot, entry })
    core.log.put({ slot, ballot, entry }, false)
  }
  if (fresh.length > 0) core.persist({ slots: fresh, replies: [{ to: from, acceptedUnder: ballot }] })
  else core.sendAccepted(from, ballot)
  // What is committed may have waited for these entries.
  onCommitted(core, from, ballot, committed)
}

export function onCommitted(core: ReplicaCore, from: Member, ballot: Ballot, index: number): void {
  advance(core, ballot, index)
  if (core.committed < index) core.fallBehind(from)
}

/** Commits what was accepted under the ballot of the one who says that it is committed. */
function advance(core: ReplicaCore, ballot: Ballot, index: number): void {
  const reach = Math.min(index, core.log.reach(core.committed, ballot, false))
  if (reach > core.committed) core.commit(reach)
}

export function onConfirm(core: ReplicaCore, from: Member, { ballot, round }: Received<'confirm'>): void {
  if (!isVoter(core) || refuses(core, from, ballot)) return
  promise(core, ballot)
  replyDurably(core, from, ballot, { kind: 'confirmed', ballot, groupIndex: core.group.index, round })
}

function isVoter(core: ReplicaCore): boolean {
  return isMember(core.group, core.self)
}

/** True where the ballot is below the promise: its holder is told. */
function refuses(core: ReplicaCore, from: Member, ballot: Ballot): boolean {
  if (core.promised === undefined || compareBallots(ballot, core.promised) >= 0) return false
  core.send(from, { kind: 'higher', ballot, promised: core.promised })
  return true
}

function promise(core: ReplicaCore, ballot: Ballot): void {
  if (core.raisePromise(ballot)) core.stepDown(ballot)
}

/** Sends what only a durable promise may say. */
function replyDurably(core: ReplicaCore, to: Member, ballot: Ballot, message: ReplicaMessage): void {
  if (core.promisedDurably !== undefined && compareBallots(core.promisedDurably, ballot) === 0) core.send(to, message)
  else core.persist({ replies: [{ to, message }] })
}
