/** The one clock of a simulated world and everything that is still to happen in it, in order of time and, at one time, of asking. */
import { assert } from '../../src/shared/assert.ts'

interface Pending {
  readonly dueMs: number
  readonly order: number
  readonly run: () => void
}

export class VirtualTime {
  #nowMs = 0
  #asked = 0
  /** A binary heap: the earliest stands first. */
  readonly #heap: Pending[] = []
  readonly #cancelled = new Set<Pending>()

  get nowMs(): number {
    return this.#nowMs
  }

  /** Events that wait, those that were cancelled and not yet met included. */
  get waiting(): number {
    return this.#heap.length
  }

  after(delayMs: number, run: () => void): Disposable {
    assert(delayMs >= 0, 'nothing happens in the past')
    const pending = { dueMs: this.#nowMs + delayMs, order: this.#asked++, run }
    this.#push(pending)
    return { [Symbol.dispose]: () => void this.#cancelled.add(pending) }
  }

  /** Lets the next thing happen; false when nothing is left. */
  step(): boolean {
    for (;;) {
      const next = this.#pop()
      if (next === undefined) return false
      if (this.#cancelled.delete(next)) continue
      this.#nowMs = next.dueMs
      next.run()
      return true
    }
  }

  #push(pending: Pending): void {
    const heap = this.#heap
    let index = heap.push(pending) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (isEarlier(at(heap, parent), pending)) break
      heap[index] = at(heap, parent)
      index = parent
    }
    heap[index] = pending
  }

  #pop(): Pending | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isEarlier(at(heap, child + 1), at(heap, child))) child += 1
      if (isEarlier(last, at(heap, child))) break
      heap[index] = at(heap, child)
      index = child
    }
    heap[index] = last
    return first
  }
}

function at(heap: readonly Pending[], index: number): Pending {
  const pending = heap[index]
  assert(pending !== undefined, 'an index lies in the heap')
  return pending
}

function isEarlier(left: Pending, right: Pending): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order)
}
