/**
 * A world in which the consensus machine stands alone among simulated disks and links: members, clients, changes of the group, faults, and
 * checkers apart from it. All of it is decided by one number. Everything is synchronous: one thing happens, then the next.
 */
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import type { ReplicaLimits } from '../../../src/node/core/consensus/replica-events.ts'
import { isLinearizable } from '../check-linearizable.ts'
import { History } from '../history.ts'
import { profileText } from '../profile.ts'
import { SeededRandom } from '../seeded-random.ts'
import { SimNetwork } from '../sim-network.ts'
import type { Trace } from '../trace.ts'
import { Violation } from '../violation.ts'
import { VirtualTime } from '../virtual-time.ts'
import type { WorldReport } from '../world-report.ts'
import { Fingerprint } from './fingerprint.ts'
import { GroupDriver } from './group-driver.ts'
import { memberOf } from './member-names.ts'
import { RegisterClient } from './register-client.ts'
import type { RegisterAnswer, RegisterCall } from './register-model.ts'
import { registerModel, withoutUnseen } from './register-model.ts'
import type { Command } from './register-state.ts'
import { ReplicaNemesis } from './replica-nemesis.ts'
import type { ReplicaProfile } from './replica-profile.ts'
import { drawReplicaProfile } from './replica-profile.ts'
import { SafetyChecker } from './safety-checker.ts'
import { SimMember } from './sim-member.ts'

export interface ReplicaWorldOptions {
  readonly change?: (profile: ReplicaProfile) => ReplicaProfile
  readonly trace?: Trace
}

/** More means that something spins. */
const eventsMax = 1_000_000
/** After the faults a write succeeds, and the members come to one state, within so long. */
const healingMs = 5000
const lookMs = 10
const inFlightMax = 20_000
/** Small, so that every bound is met within a second. */
const limits: ReplicaLimits = {
  pipelineMax: 6,
  resendMs: 12,
  resendMaxMs: 100,
  acceptEntriesMax: 3,
  acceptBytesMax: 2000,
  confirmTimeoutMs: 100,
  catchUpTimeoutMs: 60,
  silentMs: 60,
  retainedEntriesMax: 6,
  retainedBytesMax: 2000,
  slowFactor: 4,
  slowWriteMs: 2,
  slowWritesMax: 3,
  stalledWriteMs: 30,
  healthyMs: 100,
}

export class ReplicaWorld {
  readonly #seed: number
  readonly #time = new VirtualTime()
  readonly #fingerprint = new Fingerprint()
  readonly #trace: Trace | undefined
  readonly #profile: ReplicaProfile
  readonly #random: SeededRandom
  readonly #network: SimNetwork
  readonly #checker: SafetyChecker
  readonly #history = new History<RegisterCall, RegisterAnswer>()
  readonly #commands: Command[] = []
  readonly #acknowledged = new Set<number>()
  readonly #members: SimMember[] = []
  readonly #clients: readonly RegisterClient[]
  readonly #driver: GroupDriver
  readonly #nemesis: ReplicaNemesis
  #left: number
  #atWork: number

  constructor(seed: number, { change = (profile) => profile, trace }: ReplicaWorldOptions = {}) {
    this.#seed = seed
    this.#trace = trace
    const random = new SeededRandom(seed)
    this.#random = random
    const profile = change(drawReplicaProfile(random.fork()))
    this.#profile = profile
    this.#left = profile.operations
    this.#atWork = profile.clients
    const { delayMs, lost, doubled, overtaking, late } = profile
    const time = this.#time
    const weather = { delayMs: [0.1, delayMs] as const, lost, doubled, overtaking, late, lateMs: 100 }
    const network = new SimNetwork(time, random.fork(), weather)
    this.#network = network
    const checker = new SafetyChecker(bornGroup(Array.from({ length: profile.members }, (_, node) => memberOf(node, 0))))
    this.#checker = checker
    for (let node = 0; node < profile.members + profile.spares; node++) this.#members.push(this.#member(node, 0))
    const tell = (what: () => string) => this.#tell(what)
    const mix = (number: number) => this.#fingerprint.mix(number)
    const members = () => this.#members
    const [history, commands, acknowledged] = [this.#history, this.#commands, this.#acknowledged]
    this.#clients = Array.from({ length: profile.clients }, (_, index) => {
      const parts = { name: `c${index}`, time, random: random.fork(), profile, network, history }
      return new RegisterClient({ ...parts, commands, acknowledged, members, tell, mix })
    })
    const everyMs = profile.groupChangeMs
    const driver = new GroupDriver({ time, random: random.fork(), everyMs, checker, members, tell })
    this.#driver = driver
    const wipe = (member: SimMember) => this.#wipe(member)
    this.#nemesis = new ReplicaNemesis({ time, random: random.fork(), profile, network, driver, checker, members, wipe, tell })
  }

  run(): WorldReport {
    try {
      this.#live()
      this.#heal()
      this.#check()
      return this.#report()
    } catch (error) {
      const message = error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error)
      return { ...this.#report(), failure: { message, profile: profileText(this.#profile), trace: this.#trace?.last ?? [] } }
    }
  }

  #live(): void {
    for (const member of this.#members) member.start()
    this.#nemesis.begin()
    this.#driver.begin()
    this.#look()
    for (const client of this.#clients) this.#use(client)
    this.#happenUntil(() => this.#atWork === 0)
  }

  #use(client: RegisterClient): void {
    if (this.#left-- <= 0) {
      this.#atWork -= 1
      return
    }
    this.#time.after(this.#random.between(0, this.#profile.restMs), () => client.one(() => this.#use(client)))
  }

  /** Nothing is broken any more: writes go through, and the members come to one state. */
  #heal(): void {
    this.#tell(() => 'everything is well again')
    this.#nemesis.end()
    this.#driver.end()
    const [client] = this.#clients
    if (client === undefined) throw new Violation('nobody uses the world')
    for (let key = 0; key < this.#profile.keys; key++) {
      this.#lastly((finished) => client.change(key, undefined, healingMs, finished), 'a write')
      this.#lastly((finished) => client.read(key, healingMs, finished), 'a read')
    }
    const endMs = this.#time.nowMs + healingMs
    this.#happenUntil(() => this.#hasConverged() || this.#time.nowMs > endMs)
    if (!this.#hasConverged()) throw new Violation(`members stay behind: ${this.#group().map(stateText).join(' | ')}`)
  }

  #lastly(begin: (finished: (answered: boolean) => void) => void, what: string): void {
    let answered: boolean | undefined
    begin((was) => {
      answered = was
    })
    this.#happenUntil(() => answered !== undefined)
    if (answered === false) throw new Violation(`${what} does not go through although nothing is broken`)
  }

  #check(): void {
    for (const member of this.#group()) {
      for (const request of this.#acknowledged)
        if (member.state.outcomeOf(request) === undefined) throw new Violation(`${member.name} lost the acknowledged ${request}`)
    }
    for (const object of this.#history.objects) {
      if (!isLinearizable(registerModel, withoutUnseen(this.#history.of(object))))
        throw new Violation(`the history of ${object} is not linearizable`)
    }
  }

  #hasConverged(): boolean {
    const [first, ...others] = this.#group()
    if (first === undefined || first.state.index !== this.#checker.chosen) return false
    const text = first.state.text()
    return others.every(({ state }) => state.text() === text)
  }

  /** Those of the group and its learners whose store is there. */
  #group(): readonly SimMember[] {
    const { members, learners } = this.#checker.group
    const names = new Set([...members, ...learners].map((member) => `${member.nodeId[0]} ${member.storeId[0]}`))
    return this.#members.filter(({ self }) => names.has(`${self.nodeId[0]} ${self.storeId[0]}`))
  }

  #look(): void {
    for (const member of this.#members) member.checkBounds()
    if (this.#network.inFlight > inFlightMax) throw new Violation(`${this.#network.inFlight} messages are on their way`)
    this.#time.after(lookMs, () => this.#look())
  }

  #happenUntil(isOver: () => boolean): void {
    for (let events = 0; !isOver(); events++) {
      if (events > eventsMax) throw new Violation('the world never comes to an end')
      if (!this.#time.step()) throw new Violation('nothing happens any more, and somebody waits')
    }
  }

  #member(node: number, store: number): SimMember {
    const [time, network, checker, commands] = [this.#time, this.#network, this.#checker, this.#commands]
    const founding = bornGroup(Array.from({ length: this.#profile.members }, (_, index) => memberOf(index, 0)))
    return new SimMember({
      ...{ node, store, founding, commands, limits, time, network, checker },
      writeMs: [0.1, this.#profile.writeMs],
      random: this.#random.fork(),
      memberNamed: (name) => this.#members.find((member) => member.name === name),
      tell: (what) => this.#tell(what),
      mix: (number) => this.#fingerprint.mix(number),
    })
  }

  #wipe(member: SimMember): SimMember {
    const { node, store } = member
    const newer = this.#member(node, store + 1)
    this.#members.splice(this.#members.indexOf(member), 1, newer)
    return newer
  }

  #tell(what: () => string): void {
    this.#trace?.add(this.#time.nowMs, what())
  }

  #report(): WorldReport {
    const { chosen, group, yields } = this.#checker
    return {
      seed: this.#seed,
      hash: this.#fingerprint.digest(),
      operations: this.#history.size,
      unanswered: this.#history.unanswered,
      starts: this.#members.reduce((sum, { bootCount }) => sum + bootCount, 0),
      faults: { ...this.#nemesis.counts, slots: chosen + 1, groups: group.index, yields },
      simulatedMs: Math.round(this.#time.nowMs),
    }
  }
}

function stateText({ name, state }: SimMember): string {
  return `${name} ${state.text()}`
}
