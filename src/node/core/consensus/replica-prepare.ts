/**
 * How a member becomes the primary: it prepares a ballot of its own, gathers a majority of promises, takes over what may be chosen and
 * proposes it again.
 *
 * Invariants: its own promise counts once it is durable; what others know as chosen is learned before anything is proposed; a group of
 * one needs nobody, and its promise goes down with the first entry that it applies.
 */

import { assert } from '../../../shared/assert.ts'
import { ballotAbove, compareBallots, isOwnBallot } from './ballot.ts'
import type { Member } from './group.ts'
import { compareMembers, isMember } from './group.ts'
import { Candidate } from './replica-candidate.ts'
import type { ReplicaCore } from './replica-core.ts'
import type { ReplicaMessage } from './replica-events.ts'
import { lead } from './replica-lead.ts'

type Received<Kind extends ReplicaMessage['kind']> = Extract<ReplicaMessage, { kind: Kind }>

export function prepare(core: ReplicaCore): void {
  const { self, bootCount, promised } = core
  assert(isMember(core.group, self), 'only members prepare')
  if (core.isAlone) {
    const mayKeep = promised !== undefined && isOwnBallot(promised, self, bootCount) && compareBallots(promised, core.seen) === 0
    const ballot = mayKeep ? promised : ballotAbove(core.seen, self, bootCount)
    core.raisePromise(ballot)
    const adopted = core.log.above(core.handedOver).map(({ entry }) => entry)
    lead(core, ballot, adopted)
    return
  }
  const ballot = ballotAbove(core.seen, self, bootCount)
  core.raisePromise(ballot)
  core.role = new Candidate(ballot, core.group, core.nowMs)
  core.persist({})
  for (const member of core.otherMembers) sendPrepare(core, core.role, member)
}

/** The primary whom it has promised asks it to lead instead. */
export function onYield(core: ReplicaCore, { ballot }: Received<'yield'>): void {
  const { role, promised } = core
  if (role === undefined && promised !== undefined && compareBallots(promised, ballot) === 0) prepare(core)
}

/** Its own promise, once it is durable. */
export function onOwnPromise(core: ReplicaCore, candidate: Candidate): void {
  const { self, promisedDurably, committed } = core
  if (promisedDurably === undefined || compareBallots(promisedDurably, candidate.ballot) !== 0 || candidate.has(self)) return
  candidate.add({ from: self, committed, slots: core.log.acceptedAbove(committed) })
  elect(core, candidate)
}

export function onPromise(core: ReplicaCore, from: Member, message: Received<'promise'>): void {
  const { role: candidate } = core
  if (!(candidate instanceof Candidate) || compareBallots(candidate.ballot, message.ballot) !== 0) return
  if (candidate.catchingUp) return
  const { committed, slots } = message
  candidate.add({ from, committed, slots })
  elect(core, candidate)
}

export function onHigher(core: ReplicaCore, from: Member, { ballot, promised }: Received<'higher'>): void {
  const isLearner = core.group.learners.some((learner) => compareMembers(learner, from) === 0)
  if (!isLearner && !isMember(core.group, from)) return
  if (compareBallots(promised, core.seen) > 0) core.seen = promised
  if (core.role === undefined || compareBallots(core.role.ballot, ballot) !== 0) return
  core.stepDown(promised)
  // A learner does not lead, whatever it promised as a member of an earlier group: this member goes on above that.
  if (isLearner) core.mustPrepare = true
}

export function sendPrepare(core: ReplicaCore, candidate: Candidate, to: Member): void {
  const { group, committed, nowMs } = core
  core.send(to, { kind: 'prepare', ballot: candidate.ballot, groupIndex: group.index, committed })
  candidate.sentAtMs = nowMs
}

function elect(core: ReplicaCore, candidate: Candidate): void {
  if (!candidate.hasMajority) return
  const { furthest } = candidate
  assert(furthest !== undefined, 'a majority has promised')
  if (furthest.committed > core.committed) {
    const chosen = furthest.slots.filter(({ slot }) => slot > core.committed && slot <= furthest.committed)
    if (chosen[0]?.slot !== core.committed + 1) {
      candidate.catchingUp = true
      core.fallBehind(furthest.from)
      return
    }
    core.learnChosen(chosen)
    // A change of the group among them: it prepares anew.
    if (core.role !== candidate) return
  }
  lead(core, candidate.ballot, candidate.adopted(core.committed))
}
