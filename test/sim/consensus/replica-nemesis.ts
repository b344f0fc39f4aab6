/** Who brings the faults of a profile over the members of a world and the links between them, and takes them away again. */
import type { SeededRandom } from '../seeded-random.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { VirtualTime } from '../virtual-time.ts'
import type { GroupDriver } from './group-driver.ts'
import type { ReplicaFault, ReplicaProfile } from './replica-profile.ts'
import { noReplicaFaults, replicaFaults } from './replica-profile.ts'
import type { SafetyChecker } from './safety-checker.ts'
import type { SimMember } from './sim-member.ts'

export interface ReplicaNemesisParts {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: ReplicaProfile
  readonly network: SimNetwork
  readonly driver: GroupDriver
  readonly checker: SafetyChecker
  readonly members: () => readonly SimMember[]
  /** Takes the store of a member away, and gives its node another one. */
  readonly wipe: (member: SimMember) => SimMember
  readonly tell: (what: () => string) => void
}

const slowWriteMs = [20, 80] as const
const downMs = [1, 80] as const
const pausedMs = [5, 120] as const
const cutMs = [10, 150] as const

export class ReplicaNemesis {
  readonly #parts: ReplicaNemesisParts
  readonly counts: Record<ReplicaFault, number> = { ...noReplicaFaults }
  readonly #writeMs: readonly [low: number, high: number]
  #isOver = false

  constructor(parts: ReplicaNemesisParts) {
    this.#parts = parts
    this.#writeMs = [0.1, parts.profile.writeMs]
  }

  begin(): void {
    for (const kind of replicaFaults) if (this.#parts.profile.faults[kind] > 0) this.#schedule(kind)
  }

  /** Nothing bad happens from here on, and what was bad is good again. */
  end(): void {
    this.#isOver = true
    const { network, members } = this.#parts
    network.mendAll()
    network.weather = { ...network.weather, lost: 0, doubled: 0, overtaking: 0, late: 0 }
    for (const member of members()) {
      member.journal.isFull = false
      member.journal.writeMs = this.#writeMs
      if (!member.isUp) member.start()
      else if (member.isPaused) member.resume()
    }
  }

  #schedule(kind: ReplicaFault): void {
    const { time, random, profile } = this.#parts
    time.after(random.between(1, 2 * profile.faults[kind]), () => {
      if (this.#isOver) return
      this.#bring(kind)
      this.#schedule(kind)
    })
  }

  #bring(kind: ReplicaFault): void {
    const { random, members, tell } = this.#parts
    const member = this.#victim(kind)
    if (member === undefined) return
    this.counts[kind] += 1
    tell(() => `fault: ${kind} of ${member.name}`)
    switch (kind) {
      case 'crash':
        member.crash()
        this.#startLater(member)
        return
      case 'wipe':
        this.#wipe(member)
        return
      case 'pause':
        this.#pause(member)
        return
      case 'partition':
        this.#part(members().filter(() => random.percent(50)))
        return
      case 'one-way':
        this.#cutOneWay(member, random.pick(members()))
        return
      case 'flap':
        this.#flap(member, random.pick(members()), random.between(2, 8))
        return
      case 'slow-disk':
        member.journal.writeMs = slowWriteMs
        this.#later([20, 300], () => {
          member.journal.writeMs = this.#writeMs
        })
        return
      case 'full-disk':
        member.journal.isFull = true
        this.#later([10, 200], () => {
          member.journal.isFull = false
        })
        return
      case 'nervous':
        member.lead()
        return
      case 'resign':
        member.resign()
    }
  }

  /** Half of the time who leads, since what happens to others is often of no consequence. */
  #victim(kind: ReplicaFault): SimMember | undefined {
    const { random, members } = this.#parts
    const up = members().filter(({ isUp }) => isUp)
    const leaders = up.filter(({ replica }) => replica?.isLeading === true)
    const isAimed = kind === 'resign' || (kind !== 'nervous' && random.percent(50))
    const candidates = isAimed && leaders.length > 0 ? leaders : up
    return candidates.length === 0 ? undefined : random.pick(candidates)
  }

  #wipe(member: SimMember): void {
    const { driver, checker, wipe } = this.#parts
    const { group } = checker
    if (!driver.isSettled || !driver.isAlive(group, member)) return
    member.crash()
    this.#startLater(wipe(member))
  }

  #startLater(member: SimMember): void {
    this.#later(downMs, () => {
      if (!this.#isOver && !member.isUp) member.start()
    })
  }

  #pause(member: SimMember): void {
    member.pause()
    this.#later(pausedMs, () => {
      if (member.isPaused) member.resume()
    })
  }

  #part(side: readonly SimMember[]): void {
    const { members, network } = this.#parts
    const others = members().filter((member) => !side.includes(member))
    const pairs = side.flatMap(({ place: left }) =>
      others.flatMap(({ place: right }) => [[left, right] as const, [right, left] as const]),
    )
    for (const [from, to] of pairs) network.cut(from, to)
    this.#later(cutMs, () => {
      for (const [from, to] of pairs) network.mend(from, to)
    })
  }

  #cutOneWay({ place: from }: SimMember, { place: to }: SimMember): void {
    const { network } = this.#parts
    network.cut(from, to)
    this.#later(cutMs, () => network.mend(from, to))
  }

  #flap(from: SimMember, to: SimMember, times: number): void {
    if (times === 0 || this.#isOver) return
    const { network } = this.#parts
    network.cut(from.place, to.place)
    network.cut(to.place, from.place)
    this.#later([2, 25], () => {
      network.mend(from.place, to.place)
      network.mend(to.place, from.place)
      this.#later([2, 25], () => this.#flap(from, to, times - 1))
    })
  }

  #later([lowMs, highMs]: readonly [low: number, high: number], happen: () => void): void {
    const { time, random } = this.#parts
    time.after(random.between(lowMs, highMs), happen)
  }
}
