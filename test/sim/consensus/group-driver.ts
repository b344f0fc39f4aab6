/**
 * Changes the group of a world through whoever leads, one step at a time: adds a learner, makes it a member once it has caught up, removes
 * a member, puts one in the place of another. Where a store of a member is gone, its node's new one takes its place.
 */
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { compareMembers, isMember, majorityOf } from '../../../src/node/core/consensus/group.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { VirtualTime } from '../virtual-time.ts'
import { groupText, nameOf } from './member-names.ts'
import type { SafetyChecker } from './safety-checker.ts'
import type { SimMember } from './sim-member.ts'

export interface GroupDriverParts {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly everyMs: number
  readonly checker: SafetyChecker
  /** Those whose store is there. */
  readonly members: () => readonly SimMember[]
  readonly tell: (what: () => string) => void
}

/** Slots that a learner may lack when it is made a member. */
const behindMax = 4
const membersMax = 7

export class GroupDriver {
  readonly #parts: GroupDriverParts
  /** Index of a proposed group that may still be chosen. */
  #undecided = 0
  #isOver = false
  proposed = 0

  constructor(parts: GroupDriverParts) {
    this.#parts = parts
  }

  begin(): void {
    const { time, random, everyMs } = this.#parts
    if (everyMs === 0) return
    time.after(random.between(1, 2 * everyMs), () => {
      if (this.#isOver) return
      this.#change()
      this.begin()
    })
  }

  end(): void {
    this.#isOver = true
  }

  /** Every member has the present group durable, and no other one may become it: a store may be lost without losing the block. */
  get isSettled(): boolean {
    const { checker, members } = this.#parts
    const { group } = checker
    const names = new Set(group.members.map(nameOf))
    const here = members().filter(({ name }) => names.has(name))
    return this.#undecided <= group.index && here.every(({ state }) => state.group.index === group.index)
  }

  /** Whether a majority is left of the group where only these stores are there. */
  isAlive(group: Group, without?: SimMember): boolean {
    const here = this.#parts.members().filter((member) => member !== without && isMember(group, member.self))
    return here.length >= majorityOf(group)
  }

  #change(): void {
    const { random, members, tell } = this.#parts
    const leaders = members().filter(({ replica, isPaused }) => replica?.isLeading === true && !isPaused)
    if (leaders.length === 0) return
    const leader = random.pick(leaders)
    const present = leader.replica?.group
    const group = present && this.#next(present, leader)
    if (group === undefined || !this.isAlive(group)) return
    tell(() => `the group ${groupText(group)} is proposed to ${leader.name}`)
    this.proposed += 1
    const before = this.#undecided
    this.#undecided = Math.max(before, group.index)
    leader.ask({
      kind: 'group',
      group,
      isComplaint: false,
      answer: ({ kind }) => {
        // Nothing was proposed, now or before.
        if (kind === 'elsewhere' && before < group.index && this.#undecided === group.index) this.#undecided = before
      },
    })
  }

  /** The group that is to follow; undefined where there is nothing to change. */
  #next(group: Group, leader: SimMember): Group | undefined {
    const { random, members } = this.#parts
    const here = members()
    const isHere = (member: Member) => here.some(({ self }) => compareMembers(self, member) === 0)
    const lost = [...group.members, ...group.learners].find((member) => !isHere(member))
    if (lost !== undefined) return this.#replaceLost(group, lost, leader)
    const learner = group.learners[0]
    const outside = here.filter(
      ({ self }) => !isMember(group, self) && !group.learners.some((each) => nameOf(each) === nameOf(self)),
    )
    const dice = random.integerBelow(100)
    if (learner !== undefined) {
      if (!this.#isCaughtUp(learner, leader)) return dice < 10 ? follow(group, [], [learner]) : undefined
      if (dice < 50 && group.members.length < membersMax) return follow(group, [learner], [learner])
      return follow(group, [learner], [learner, random.pick(group.members)])
    }
    if (outside.length > 0 && dice < 60) return follow(group, [], [], random.pick(outside).self)
    return group.members.length > 1 && dice > 75 ? follow(group, [], [random.pick(group.members)]) : undefined
  }

  #replaceLost(group: Group, lost: Member, leader: SimMember): Group | undefined {
    if (!isMember(group, lost)) return follow(group, [], [lost])
    const newer = this.#parts.members().find(({ node }) => node === lost.nodeId[0])?.self
    if (newer === undefined || isMember(group, newer)) return follow(group, [], [lost])
    const isLearner = group.learners.some((each) => nameOf(each) === nameOf(newer))
    if (!isLearner) return follow(group, [], [], newer)
    return this.#isCaughtUp(newer, leader) ? follow(group, [newer], [lost, newer]) : undefined
  }

  #isCaughtUp(learner: Member, leader: SimMember): boolean {
    const held = leader.replica?.heldBy(learner)
    return held !== undefined && held + behindMax >= (leader.replica?.committed ?? 0)
  }
}

/** `gone` of members and learners alike. */
function follow(group: Group, added: readonly Member[], gone: readonly Member[], learner?: Member): Group {
  const without = (members: readonly Member[]) =>
    members.filter((member) => !gone.some((each) => compareMembers(each, member) === 0))
  const members = [...without(group.members), ...added].toSorted(compareMembers)
  const learners = [...without(group.learners), ...(learner === undefined ? [] : [learner])].toSorted(compareMembers)
  return { index: group.index + 1, members, learners }
}
