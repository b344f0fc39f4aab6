/**
 * A bounded cache in two generations. What is set or found goes to the young one; when that is full it becomes the old one, and what
 * was old is forgotten. Nearly the order of last use, at the cost of two look-ups: a map that is trimmed from its front has to step
 * over all the gaps there each time.
 *
 * Invariant: the weight of everything held is at most `weightMax`.
 */

import { assert } from '../../../shared/assert.ts'

interface Held<Value> {
  readonly value: Value
  readonly weight: number
}

export class GenerationCache<Value> {
  readonly #generationMax: number
  #young = new Map<string, Held<Value>>()
  #old = new Map<string, Held<Value>>()
  #youngWeight = 0
  #oldWeight = 0

  /** Weights are in the caller's unit, such as bytes or entries. */
  constructor(weightMax: number) {
    assert(weightMax >= 0, 'a weight is not negative')
    this.#generationMax = Math.floor(weightMax / 2)
  }

  /** Weight of everything held. */
  get weight(): number {
    return this.#youngWeight + this.#oldWeight
  }

  get(name: string): Value | undefined {
    const young = this.#young.get(name)
    if (young !== undefined) return young.value
    const old = this.#old.get(name)
    if (old === undefined) return undefined
    this.#forgetOld(name, old)
    this.#add(name, old)
    return old.value
  }

  has(name: string): boolean {
    return this.#young.has(name) || this.#old.has(name)
  }

  /** Holds the value, unless it is heavier than a generation. */
  set(name: string, value: Value, weight = 1): void {
    this.delete(name)
    if (weight <= this.#generationMax) this.#add(name, { value, weight })
  }

  delete(name: string): void {
    const young = this.#young.get(name)
    if (young !== undefined) {
      this.#young.delete(name)
      this.#youngWeight -= young.weight
    }
    const old = this.#old.get(name)
    if (old !== undefined) this.#forgetOld(name, old)
  }

  #add(name: string, held: Held<Value>): void {
    if (this.#youngWeight + held.weight > this.#generationMax) {
      this.#old = this.#young
      this.#oldWeight = this.#youngWeight
      this.#young = new Map()
      this.#youngWeight = 0
    }
    this.#young.set(name, held)
    this.#youngWeight += held.weight
  }

  #forgetOld(name: string, old: Held<Value>): void {
    this.#old.delete(name)
    this.#oldWeight -= old.weight
  }
}
