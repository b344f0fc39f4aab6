/**
 * What this node passes on about others with its messages. Each rumour goes out so many times and is dropped then.
 *
 * Invariants: one rumour a node, the last one that was put; those that were told least go first, so that news is not held up by what
 * many have heard; a message takes no more bytes than it may.
 */

import { toHex } from '../../base/bytes.ts'
import type { Rumour } from './swim-messages.ts'
import { rumourBytes } from './swim-messages.ts'

export class RumourQueue {
  /** By how often they were told; within, the oldest first. */
  readonly #levels: Map<string, Rumour>[] = []

  put(rumour: Rumour): void {
    const key = toHex(rumour.nodeId)
    this.drop(key)
    this.#level(0).set(key, rumour)
  }

  /** Of a node, by its id in hex. */
  drop(key: string): void {
    for (const level of this.#levels) level.delete(key)
  }

  get size(): number {
    return this.#levels.reduce((sum, level) => sum + level.size, 0)
  }

  /** What goes with one message: at most so many bytes, of rumours that each go out at most `tellings` times. */
  take(bytesMax: number, tellings: number): Rumour[] {
    const taken: { readonly key: string; readonly rumour: Rumour; readonly told: number }[] = []
    let bytes = 0
    for (const [told, level] of this.#levels.entries()) {
      for (const [key, rumour] of level) {
        if (told >= tellings) {
          level.delete(key)
          continue
        }
        bytes += rumourBytes(rumour)
        if (bytes > bytesMax) return this.#told(taken)
        taken.push({ key, rumour, told })
      }
    }
    return this.#told(taken)
  }

  #told(taken: readonly { readonly key: string; readonly rumour: Rumour; readonly told: number }[]): Rumour[] {
    for (const { key, rumour, told } of taken) {
      this.#level(told).delete(key)
      this.#level(told + 1).set(key, rumour)
    }
    return taken.map(({ rumour }) => rumour)
  }

  #level(told: number): Map<string, Rumour> {
    const level = this.#levels[told] ?? new Map<string, Rumour>()
    this.#levels[told] = level
    return level
  }
}
