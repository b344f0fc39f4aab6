/**
 * Judges reads that may show an older state. A bounded one shows nothing older than what had been answered at its start less its bound; an
 * eventual one shows a state that was there once. States of an object have positions, which grow with its changes.
 */
import type { ReadConsistency } from '../../src/node/engine/call-context.ts'
import { Violation } from './violation.ts'

export type CopyConsistency = Exclude<ReadConsistency, { kind: 'linearizable' }>

export const eventual: CopyConsistency = { kind: 'eventual' }
export const within = (boundMs: number): CopyConsistency => ({ kind: 'bounded', boundMs })
/** What clients draw from. */
export const copyConsistencies = [eventual, eventual, ...[0, 10, 50, 200, 1000].map(within)]

export function copyText(consistency: CopyConsistency): string {
  return consistency.kind === 'eventual' ? 'eventual' : `within ${consistency.boundMs} ms`
}

/** What an answer promises that says how old it may be: that it is no older. */
export function promisedBy(asked: CopyConsistency, ageMs: number | undefined): CopyConsistency {
  if (ageMs === undefined && asked.kind === 'eventual') return asked
  if (ageMs === undefined) throw new Violation(`nobody knows the age of a read ${copyText(asked)}`)
  if (asked.kind === 'bounded' && ageMs > asked.boundMs) throw new Violation(`a read ${copyText(asked)} is ${ageMs} ms old`)
  return within(ageMs)
}

/** What a read found; undefined: nothing is there. */
export type SeenState = { readonly position: bigint; readonly value?: string } | undefined

export interface AskedChange {
  /** What it made; undefined where its place is not told. */
  done(position: bigint | undefined): void
  /** It changed nothing. */
  void(): void
}

interface Removal {
  /** Undefined while it is not known. */
  position: bigint | undefined
}

class ObjectStates {
  /** The furthest position that was answered at a time, and the time. */
  readonly answered: { readonly atMs: number; readonly position: bigint }[] = []
  readonly values = new Map<bigint, string>()
  /** Values that somebody asked to be written here. */
  readonly asked = new Set<string>()
  readonly removals = new Set<Removal>()
}

export class CopyChecker {
  readonly #nowMs: () => number
  readonly #objects = new Map<string, ObjectStates>()
  reads = 0
  /** Reads that showed less than what had been answered when they began: a world without any shows little. */
  older = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get nowMs(): number {
    return this.#nowMs()
  }

  /** Positions may be given again from here on, and the newest may be lost. */
  forget(): void {
    for (const states of this.#objects.values()) {
      states.answered.length = 0
      states.values.clear()
    }
  }

  /** `value`: undefined of a removal. */
  asked(object: string, value: string | undefined): AskedChange {
    const states = this.#of(object)
    const removal: Removal = { position: undefined }
    if (value === undefined) states.removals.add(removal)
    else states.asked.add(value)
    return {
      done: (position) => {
        removal.position = position
        if (position !== undefined) this.#answer(object, states, position, value)
      },
      void: () => void states.removals.delete(removal),
    }
  }

  /** By a read that sees every answered change. */
  seen(object: string, state: SeenState): void {
    if (state !== undefined) this.#answer(object, this.#of(object), state.position, state.value)
  }

  read(object: string, startMs: number, consistency: CopyConsistency, state: SeenState): void {
    const states = this.#of(object)
    this.reads++
    if (state !== undefined) this.#judgeValue(object, states, state.position, state.value)
    if (this.#isOlderThan(states, this.#answeredBefore(states, startMs), state)) this.older++
    if (consistency.kind === 'eventual') return
    const { boundMs } = consistency
    const floor = this.#answeredBefore(states, startMs - boundMs)
    if (!this.#isOlderThan(states, floor, state)) return
    throw new Violation(
      `a read of ${object} within ${boundMs} ms shows ${state?.position ?? 'nothing'}, and ${floor} was answered before`,
    )
  }

  #isOlderThan(states: ObjectStates, floor: bigint, state: SeenState): boolean {
    if (state !== undefined) return state.position < floor
    // Nothing may be there because of a removal that came behind it, or of one of which nobody knows what became.
    const isRemoved = (floor & 1n) === 1n || [...states.removals].some(({ position }) => (position ?? floor) >= floor)
    return floor > 0n && !isRemoved
  }

  #answeredBefore({ answered }: ObjectStates, momentMs: number): bigint {
    return answered.findLast(({ atMs }) => atMs < momentMs)?.position ?? 0n
  }

  #answer(object: string, states: ObjectStates, position: bigint, value: string | undefined): void {
    if (value !== undefined) this.#judgeValue(object, states, position, value)
    const last = states.answered.at(-1)
    if (last === undefined || last.position < position) states.answered.push({ atMs: this.#nowMs(), position })
  }

  #judgeValue(object: string, states: ObjectStates, position: bigint, value: string | undefined): void {
    if (value === undefined) return
    if (!states.asked.has(value)) throw new Violation(`${object} shows ${value}, which nobody asked for there`)
    const known = states.values.get(position)
    if (known !== undefined && known !== value) throw new Violation(`${object} shows ${value} where it had ${known}`)
    states.values.set(position, value)
  }

  #of(object: string): ObjectStates {
    const states = this.#objects.get(object) ?? new ObjectStates()
    this.#objects.set(object, states)
    return states
  }
}
