/**
 * How well this node does itself (Lifeguard): who is slow finds others slow. With every sign of it the node waits longer before it
 * judges, with every good probe a little less.
 */

export class LocalHealth {
  readonly #scoreMax: number
  #score = 0

  constructor(scoreMax: number) {
    this.#scoreMax = scoreMax
  }

  /** By how much times and suspicions are stretched: from 1. */
  get multiplier(): number {
    return this.#score + 1
  }

  /** Whether this node looks at itself at all. */
  get isOn(): boolean {
    return this.#scoreMax > 0
  }

  worsen(by: number): void {
    this.#score = Math.min(this.#scoreMax, this.#score + by)
  }

  improve(): void {
    this.#score = Math.max(0, this.#score - 1)
  }
}
