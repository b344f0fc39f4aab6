/** The effects of the step that runs, and its time. */

import type { SwimEffect } from './swim-events.ts'
import type { PeerState, SwimMessage } from './swim-messages.ts'

export class SwimOutbox {
  #effects: SwimEffect[] = []
  #nowMs = 0

  get nowMs(): number {
    return this.#nowMs
  }

  begin(nowMs: number): void {
    this.#effects = []
    this.#nowMs = Math.max(this.#nowMs, nowMs)
  }

  send(nodeId: Uint8Array, message: SwimMessage): void {
    this.#effects.push({ kind: 'send', nodeId, message })
  }

  changed({ nodeId, state }: { readonly nodeId: Uint8Array; readonly state: PeerState }): void {
    this.#effects.push({ kind: 'changed', nodeId, state })
  }

  timer(atMs: number): void {
    this.#effects.push({ kind: 'timer', atMs })
  }

  take(): readonly SwimEffect[] {
    return this.#effects
  }
}
