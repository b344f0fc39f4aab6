/**
 * Somebody who reads and changes registers through any member. A change is sent again under its request id until it is answered or its
 * deadline passes; what became of it is then unknown for ever.
 */

import type { History, OpenOperation } from '../history.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimNetwork } from '../sim-network.ts'
import type { VirtualTime } from '../virtual-time.ts'
import { nameOf } from './member-names.ts'
import type { MemberAnswer } from './member-requests.ts'
import type { RegisterAnswer, RegisterCall } from './register-model.ts'
import type { Command } from './register-state.ts'
import type { ReplicaProfile } from './replica-profile.ts'
import type { SimMember } from './sim-member.ts'

export interface ClientParts {
  readonly name: string
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: ReplicaProfile
  readonly network: SimNetwork
  readonly history: History<RegisterCall, RegisterAnswer>
  /** Of the world: what a request asks for, by its number. */
  readonly commands: Command[]
  readonly acknowledged: Set<number>
  readonly members: () => readonly SimMember[]
  readonly tell: (what: () => string) => void
  readonly mix: (number: number) => void
}

interface Underway {
  readonly key: number
  readonly call: RegisterCall
  /** Number of its command; undefined for a read. */
  readonly command: number | undefined
  readonly open: OpenOperation<RegisterAnswer>
  readonly endMs: number
  readonly finished: (answered: boolean) => void
  target: SimMember
  isComplaint: boolean
  attempt: number
  redirects: number
}

const patienceMinMs = 10
const againMs = [1, 6] as const
const deadlineMs = 400

export class RegisterClient {
  readonly #parts: ClientParts
  /** What it last saw of each key, for its swaps. */
  readonly #seen = new Map<number, number>()
  #target: SimMember | undefined

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  /** One operation of the profile's kinds. */
  one(finished: () => void): void {
    const { random, profile } = this.#parts
    const key = random.integerBelow(profile.keys)
    if (random.percent(profile.reads)) this.read(key, deadlineMs, finished)
    else this.change(key, random.percent(profile.swaps) ? (this.#seen.get(key) ?? 0) : undefined, deadlineMs, finished)
  }

  read(key: number, withinMs: number, finished: (answered: boolean) => void): void {
    this.#begin(key, { kind: 'read' }, undefined, withinMs, finished)
  }

  change(key: number, expected: number | undefined, withinMs: number, finished: (answered: boolean) => void): void {
    const { commands } = this.#parts
    const number = commands.length
    // The number of the command is its request's and its value, which no other has.
    const value = number + 1
    commands.push({ request: number, key, value, expected })
    const call: RegisterCall = expected === undefined ? { kind: 'write', value } : { kind: 'swap', expected, value }
    this.#begin(key, call, number, withinMs, finished)
  }

  #begin(
    key: number,
    call: RegisterCall,
    command: number | undefined,
    withinMs: number,
    finished: (answered: boolean) => void,
  ): void {
    const { history, time, random, members } = this.#parts
    const open = history.begin(`k${key}`, call)
    const endMs = time.nowMs + withinMs
    const target = this.#target ?? random.pick(members())
    this.#attempt({ key, call, command, open, endMs, finished, target, isComplaint: false, attempt: 0, redirects: 0 })
  }

  #attempt(underway: Underway): void {
    const { time, network, random, profile, name, tell } = this.#parts
    const { target, isComplaint, key, command, call } = underway
    const attempt = ++underway.attempt
    if (time.nowMs >= underway.endMs) {
      this.#end(underway, undefined)
      return
    }
    tell(() => `${name} to ${target.name}: ${callText(key, call)}${isComplaint ? ', a complaint' : ''}`)
    const answer = (told: MemberAnswer) => network.send(target.place, name, () => this.#told(underway, attempt, told))
    const asked = { isComplaint, answer }
    network.send(name, target.place, () =>
      target.ask(
        command === undefined ? { ...asked, kind: 'read', key } : { ...asked, kind: 'change', command, request: command },
      ),
    )
    time.after(random.between(patienceMinMs, profile.patienceMs), () => {
      if (underway.attempt !== attempt) return
      underway.target = random.pick(this.#parts.members())
      underway.isComplaint = true
      this.#attempt(underway)
    })
  }

  #told(underway: Underway, attempt: number, told: MemberAnswer): void {
    if (underway.attempt < 0) return
    if (told.kind === 'value' || told.kind === 'done' || told.kind === 'conflict') {
      this.#end(underway, told)
      return
    }
    if (underway.attempt !== attempt) return
    const { time, random, members } = this.#parts
    const leader = told.kind === 'elsewhere' && told.leader !== undefined ? nameOf(told.leader) : undefined
    const known = members().find((member) => member.name === leader)
    // Who is said to lead and does not is asked to; so is somebody where members send the client from one to the other.
    underway.redirects += 1
    underway.isComplaint = known === undefined || known === underway.target || underway.redirects % 4 === 0
    underway.target = known === undefined || underway.isComplaint ? random.pick(members()) : known
    const next = ++underway.attempt
    time.after(random.between(...againMs), () => {
      if (underway.attempt === next) this.#attempt(underway)
    })
  }

  #end(underway: Underway, answer: RegisterAnswer | undefined): void {
    const { acknowledged, mix, name, tell } = this.#parts
    const { key, call, open, command, finished, target } = underway
    underway.attempt = Number.NEGATIVE_INFINITY
    tell(() => `${name} ${callText(key, call)}: ${answer === undefined ? 'no answer' : answerText(answer)}`)
    if (answer === undefined) {
      this.#target = undefined
      if (command === undefined) open.void()
    } else {
      this.#target = target
      open.answered(answer)
      if (answer.kind !== 'done') this.#seen.set(key, answer.value)
      else if (call.kind !== 'read') this.#seen.set(key, call.value)
      if (command !== undefined) acknowledged.add(command)
      mix(answer.kind === 'done' ? 0 : answer.value)
    }
    finished(answer !== undefined)
  }
}

function callText(key: number, call: RegisterCall): string {
  if (call.kind === 'read') return `read k${key}`
  return call.kind === 'write' ? `write k${key} ${call.value}` : `swap k${key} ${call.expected} for ${call.value}`
}

function answerText(answer: RegisterAnswer): string {
  return answer.kind === 'done' ? 'done' : `${answer.kind} ${answer.value}`
}
