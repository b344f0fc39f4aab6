/**
 * One store of a node with the process that runs on it: the consensus machine, the disk under it, the state behind it, and what a node does
 * for the machine: it applies, serves those who catch up, takes requests, and leads when it is asked to.
 */
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { Replica } from '../../../src/node/core/consensus/replica.ts'
import type {
  LogEntry,
  ReplicaEffect,
  ReplicaEvent,
  ReplicaLimits,
  ReplicaMessage,
  Slot,
} from '../../../src/node/core/consensus/replica-events.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimNetwork } from '../sim-network.ts'
import { Violation } from '../violation.ts'
import type { VirtualTime } from '../virtual-time.ts'
import { BlockDisk } from './block-disk.ts'
import { LeadBackOff } from './lead-back-off.ts'
import { ballotText, entryText, memberOf, nameOf } from './member-names.ts'
import type { MemberRequest } from './member-requests.ts'
import { MemberRequests } from './member-requests.ts'
import type { Command } from './register-state.ts'
import { RegisterState } from './register-state.ts'
import type { SafetyChecker } from './safety-checker.ts'
import { SimJournal } from './sim-journal.ts'

export interface MemberParts {
  readonly node: number
  readonly store: number
  readonly founding: Group
  readonly commands: readonly Command[]
  readonly limits: ReplicaLimits
  readonly writeMs: readonly [low: number, high: number]
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly network: SimNetwork
  readonly checker: SafetyChecker
  /** Undefined where its store is gone. */
  readonly memberNamed: (name: string) => SimMember | undefined
  readonly tell: (what: () => string) => void
  /** Tells runs of a world apart. */
  readonly mix: (number: number) => void
}

/** Between the catch-up that was asked for and the word that it failed. */
const catchUpWaitMs = 40

export class SimMember {
  readonly node: number
  readonly store: number
  readonly self: Member
  readonly name: string
  readonly place: string
  readonly journal: SimJournal
  readonly #parts: MemberParts
  readonly #disk: BlockDisk
  readonly #backOff: LeadBackOff
  #replica: Replica | undefined
  #requests: MemberRequests | undefined
  #bootCount = 0
  #isPaused = false
  #inbox: (() => void)[] = []
  #handed = -1
  /** An apply was refused, and the machine has not heard of it: nothing is applied behind it. */
  #isRefusing = false
  #refusals = 0
  #catchUps = 0
  #tick: { readonly dueMs: number; readonly timer: Disposable } | undefined

  constructor(parts: MemberParts) {
    const { node, store, founding, commands, time, random, writeMs } = parts
    this.#parts = parts
    this.node = node
    this.store = store
    this.self = memberOf(node, store)
    this.name = nameOf(this.self)
    this.place = `n${node}`
    this.journal = new SimJournal(time, random.fork(), writeMs)
    this.#disk = new BlockDisk(new RegisterState(founding, commands))
    this.#backOff = new LeadBackOff(time, random.fork(), () => this.#step({ kind: 'lead' }))
  }

  get isUp(): boolean {
    return this.#replica !== undefined
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Undefined while it is down. */
  get replica(): Replica | undefined {
    return this.#replica
  }

  get state(): RegisterState {
    return this.#disk.state
  }

  get bootCount(): number {
    return this.#bootCount
  }

  start(): void {
    const { limits } = this.#parts
    this.#bootCount += 1
    this.#handed = this.#disk.state.index
    this.#isRefusing = false
    this.#requests = new MemberRequests(this.#disk)
    this.#replica = new Replica({ self: this.self, bootCount: this.#bootCount, recovery: 0, record: this.#disk.record(), limits })
    this.#parts.tell(() => `${this.name} starts at ${this.#disk.state.index}, promised ${promisedText(this.#disk)}`)
  }

  crash(): void {
    this.#parts.tell(() => `${this.name} crashes`)
    this.#replica = undefined
    this.#requests = undefined
    this.#isPaused = false
    this.#inbox = []
    this.#backOff.stop()
    this.#tick?.timer[Symbol.dispose]()
    this.#tick = undefined
    this.journal.crash(this.#parts.random.between(0, this.journal.waiting))
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    const waiting = this.#inbox
    this.#inbox = []
    for (const happen of waiting) this.#happen(happen)
  }

  receive(from: Member, message: ReplicaMessage): void {
    this.#happen(() => this.#step({ kind: 'message', from, message }))
  }

  ask(request: MemberRequest): void {
    this.#happen(() => {
      const replica = this.#replica
      const event = replica && this.#requests?.take(request, replica)
      if (event !== undefined) this.#step(event)
      else if (replica !== undefined && !replica.isLeading && request.isComplaint) this.#backOff.wanted()
    })
  }

  lead(): void {
    this.#happen(() => this.#backOff.wanted())
  }

  resign(): void {
    this.#happen(() => this.#step({ kind: 'resign' }))
  }

  /** What a member that lacks the slots from `since` on gets; undefined where this one knows no more. */
  help(since: number): readonly Slot[] | RegisterState | undefined {
    const replica = this.#replica
    if (replica === undefined || this.#isPaused || replica.committed < since) return undefined
    const slots = replica.slotsAbove(since - 1).filter(({ slot }) => slot <= replica.committed)
    if (slots[0]?.slot === since) return slots
    return this.#disk.state.index < since ? undefined : this.#disk.state.copy()
  }

  /** Throws Violation where something grows without end. */
  checkBounds(): void {
    const { pipelineMax } = this.#parts.limits
    const boundMax = 4 * pipelineMax
    const above = this.#replica?.slotsAbove(this.#replica.applied).length ?? 0
    if (above > boundMax || this.#disk.slotCount > boundMax)
      throw new Violation(`${this.name} holds ${above} slots above its state`)
  }

  #happen(happen: () => void): void {
    if (this.#isPaused) this.#inbox.push(happen)
    else happen()
  }

  /** What comes back to the process that asked for it, and to no later one. */
  #later(happen: () => void): () => void {
    const replica = this.#replica
    return () =>
      this.#happen(() => {
        if (this.#replica === replica) happen()
      })
  }

  #step(event: ReplicaEvent): void {
    const { time, mix, checker } = this.#parts
    const replica = this.#replica
    if (replica === undefined) return
    const effects = replica.step(event, time.nowMs)
    mix(Math.round(time.nowMs * 1000))
    mix(this.node * 64 + effects.length)
    for (const effect of effects) if (effect.kind === 'apply') this.#take(effect.slots, checker)
    for (const effect of effects) this.#carryOut(effect)
    this.#requests?.answer(replica)
    this.#scheduleTick(replica)
  }

  /** Before anything that is said in the same step. */
  #take(slots: readonly Slot[], checker: SafetyChecker): void {
    for (const slot of slots) {
      if (slot.slot !== this.#handed + 1) throw new Violation(`${this.name} hands over slot ${slot.slot} behind ${this.#handed}`)
      this.#handed = slot.slot
      if (!(slot.slot > checker.chosen && checker.isAlone(this.self))) checker.takenAsChosen(this.name, slot)
    }
  }

  #carryOut(effect: ReplicaEffect): void {
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect)
        return
      case 'send':
        this.#send(effect.to, effect.message)
        return
      case 'apply':
        this.#apply(effect.slots)
        return
      case 'leading':
        this.#parts.tell(() => `${this.name} ${effect.leading ? 'leads' : 'leads no longer'}`)
        if (effect.leading) this.#backOff.leading()
        return
      case 'overtaken':
        this.#backOff.overtaken()
        return
      case 'catch-up':
        this.#catchUp(effect.from, effect.since)
        return
      default:
        this.#requests?.told(effect)
    }
  }

  #persist({ write, promised, slots }: Extract<ReplicaEffect, { kind: 'persist' }>): void {
    this.journal.write({
      needsRoom: slots.length > 0,
      isChained: false,
      commit: () => {
        this.#parts.checker.wrote(this.name, this.#disk.promised, promised ?? this.#disk.promised, slots)
        this.#disk.accept(promised, slots)
      },
      told: (durable) => this.#happen(() => this.#step({ kind: durable ? 'persisted' : 'not-persisted', write })),
    })
  }

  #apply(slots: readonly Slot[]): void {
    const { checker, tell } = this.#parts
    const first = slots[0]?.slot ?? 0
    const refusals = this.#refusals
    if (this.#isRefusing) return
    this.journal.write({
      needsRoom: first > checker.chosen && checker.isAlone(this.self),
      isChained: true,
      commit: () => {
        for (const slot of slots) {
          if (slot.slot <= this.#disk.state.index) continue
          if (checker.isAlone(this.self)) {
            checker.appliedAlone(this.name, slot)
            this.#disk.vote(slot.ballot)
          }
          this.#disk.apply(slot)
        }
      },
      told: (durable) => {
        if (!durable) {
          // What was handed over behind it is refused with it.
          if (refusals === this.#refusals) this.#refuseApply(first)
          return
        }
        const index = slots.at(-1)?.slot ?? -1
        tell(() => `${this.name} applied ${slots.map(({ slot, entry }) => `${slot} ${entryText(entry)}`).join(', ')}`)
        this.#happen(() => this.#step({ kind: 'applied', index }))
      },
    })
  }

  #refuseApply(first: number): void {
    this.#isRefusing = true
    this.#refusals += 1
    this.#happen(() => {
      this.#isRefusing = false
      this.#handed = first - 1
      this.#step({ kind: 'not-applied', from: first })
    })
  }

  #send(to: Member, message: ReplicaMessage): void {
    const { network, checker, tell, memberNamed } = this.#parts
    const replica = this.#replica
    if (replica === undefined) return
    const { promised, state } = this.#disk
    const slotOf = (slot: number) => this.#disk.slotOf(slot)
    const name = nameOf(to)
    tell(() => `${this.name} to ${name}: ${messageText(message)}`)
    checker.said({ self: this.self, promised, applied: state.index, committed: replica.committed, slotOf }, message)
    network.send(this.place, `n${to.nodeId[0]}`, () => memberNamed(name)?.receive(this.self, message))
  }

  #catchUp(from: Member, since: number): void {
    const { network, time, tell, memberNamed } = this.#parts
    const number = ++this.#catchUps
    let isOpen = true
    const close = (happen: () => void) =>
      this.#later(() => {
        if (isOpen && number === this.#catchUps) happen()
        isOpen = false
      })
    tell(() => `${this.name} asks ${nameOf(from)} for what comes from ${since} on`)
    const place = `n${from.nodeId[0]}`
    const failed = close(() => this.#step({ kind: 'catch-up-failed' }))
    time.after(catchUpWaitMs, failed)
    network.send(this.place, place, () => {
      const help = memberNamed(nameOf(from))?.help(since)
      if (help === undefined) network.send(place, this.place, failed)
      else if (help instanceof RegisterState)
        network.send(
          place,
          this.place,
          close(() => this.#install(help)),
        )
      else
        network.send(
          place,
          this.place,
          close(() => this.#step({ kind: 'chosen', slots: help })),
        )
    })
  }

  #install(state: RegisterState): void {
    const { index, group } = state
    this.#parts.tell(() => `${this.name} installs a state of slot ${index}`)
    this.journal.write({
      needsRoom: false,
      isChained: false,
      commit: () => this.#disk.install(state),
      told: this.#later(() => {
        this.#handed = Math.max(this.#handed, index)
        this.#step({ kind: 'installed', index, group })
      }),
    })
  }

  #scheduleTick(replica: Replica): void {
    const dueMs = replica.nextTickMs
    if (dueMs === undefined || (this.#tick !== undefined && this.#tick.dueMs <= dueMs)) return
    this.#tick?.timer[Symbol.dispose]()
    const { time } = this.#parts
    const happen = this.#later(() => {
      const nextMs = replica.nextTickMs
      if (nextMs === undefined) return
      if (nextMs <= time.nowMs) this.#step({ kind: 'tick' })
      else this.#scheduleTick(replica)
    })
    const timer = time.after(Math.max(0, dueMs - time.nowMs), () => {
      this.#tick = undefined
      happen()
    })
    this.#tick = { dueMs, timer }
  }
}

function promisedText({ promised }: BlockDisk): string {
  return promised === undefined ? 'nothing' : ballotText(promised)
}

function entriesText(first: number, entries: readonly LogEntry[]): string {
  return entries.map((entry, index) => `${first + index} ${entryText(entry)}`).join(', ')
}

function messageText(message: ReplicaMessage): string {
  const ballot = 'ballot' in message ? ` ${ballotText(message.ballot)}` : ''
  const head = `${message.kind}${ballot}${'groupIndex' in message ? ` g${message.groupIndex}` : ''}`
  switch (message.kind) {
    case 'prepare':
      return `${head}, committed ${message.committed}`
    case 'promise': {
      const held = message.slots.map((slot) => `${slot.slot} ${entryText(slot.entry)} of ${ballotText(slot.ballot)}`).join(', ')
      return `${head}, committed ${message.committed} [${held}]`
    }
    case 'higher':
      return `${head}, promised ${ballotText(message.promised)}`
    case 'accept':
      return `${head}, committed ${message.committed} [${entriesText(message.first, message.entries)}]`
    case 'accepted':
      return `${head} up to ${message.upTo}`
    case 'gap':
      return `${head} from ${message.from}`
    case 'committed':
      return `${head} ${message.index}`
    case 'newer-group':
      return `${head}, committed ${message.committed}`
    case 'confirm':
    case 'confirmed':
      return `${head} round ${message.round}`
    case 'yield':
      return head
  }
}
