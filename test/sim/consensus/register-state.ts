/**
 * What the members replicate: numbers by key, and what each request led to, so that one that is sent again is carried out once. The state
 * is a function of the entries up to its index and of nothing else.
 */
import type { Group } from '../../../src/node/core/consensus/group.ts'
import type { Slot } from '../../../src/node/core/consensus/replica-events.ts'
import { Violation } from '../violation.ts'
import { commandNumber } from './member-names.ts'

export interface Command {
  readonly request: number
  readonly key: number
  readonly value: number
  /** Of a swap: what it replaces. */
  readonly expected: number | undefined
}

export type CommandOutcome = { readonly kind: 'done' } | { readonly kind: 'conflict'; readonly value: number }

export class RegisterState {
  index = -1
  group: Group
  readonly #commands: readonly Command[]
  readonly #values = new Map<number, number>()
  readonly #outcomes = new Map<number, CommandOutcome>()

  /** `commands` of the world, which entries name by their numbers. */
  constructor(group: Group, commands: readonly Command[]) {
    this.group = group
    this.#commands = commands
  }

  apply({ slot, entry }: Slot): void {
    if (slot !== this.index + 1) throw new Violation(`slot ${slot} is applied to a state of slot ${this.index}`)
    this.index = slot
    if (entry.kind === 'group') this.group = entry.group
    if (entry.kind === 'change') this.#carryOut(commandNumber(entry.body))
  }

  valueOf(key: number): number {
    return this.#values.get(key) ?? 0
  }

  outcomeOf(request: number): CommandOutcome | undefined {
    return this.#outcomes.get(request)
  }

  copy(): RegisterState {
    const copy = new RegisterState(this.group, this.#commands)
    copy.index = this.index
    for (const [key, value] of this.#values) copy.#values.set(key, value)
    for (const [request, outcome] of this.#outcomes) copy.#outcomes.set(request, outcome)
    return copy
  }

  /** Equal for equal states only. */
  text(): string {
    const values = [...this.#values].toSorted(([left], [right]) => left - right)
    return `${this.index} ${this.group.index} ${values.map((pair) => pair.join('=')).join(' ')} of ${this.#outcomes.size}`
  }

  #carryOut(number: number): void {
    const command = this.#commands[number]
    if (command === undefined) throw new Violation(`nobody gave the command ${number}`)
    const { request, key, value, expected } = command
    if (this.#outcomes.has(request)) return
    const current = this.valueOf(key)
    const fits = expected === undefined || expected === current
    if (fits) this.#values.set(key, value)
    this.#outcomes.set(request, fits ? { kind: 'done' } : { kind: 'conflict', value: current })
  }
}
