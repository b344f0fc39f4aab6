/**
 * One probe of one node, and the pings that this node makes for the probes of others.
 *
 * Invariants: an answer counts for the probe that asked for it and comes from the node that was asked; each helper's nack counts once;
 * the pings for others are bounded, and who asks beyond the bound hears a nack at once.
 */

import { equalBytes } from '../../base/bytes.ts'
import type { PeerEntry } from './peer-table.ts'
import type { NodeFacts } from './swim-messages.ts'

export interface Probe {
  readonly sequence: number
  readonly target: Uint8Array
  /** As they were known when the probe began: a node that has stated something since is alive. */
  readonly facts: NodeFacts
  /** When others are asked, and when the probe is judged. */
  readonly directEndMs: number
  readonly endMs: number
  /** Keys of the helpers that were asked; undefined before. */
  readonly helpers: ReadonlySet<string> | undefined
  /** Helpers that said that they are well. */
  readonly nacks: ReadonlySet<string>
  readonly answered: boolean
}

export function startProbe(sequence: number, target: PeerEntry, nowMs: number, pingTimeoutMs: number, periodMs: number): Probe {
  return {
    sequence,
    target: target.nodeId,
    facts: target.facts,
    directEndMs: nowMs + pingTimeoutMs,
    endMs: nowMs + periodMs,
    helpers: undefined,
    nacks: new Set(),
    answered: false,
  }
}

/** What waits is shifted by the time for which this node was not listening. */
export function excuseProbe(probe: Probe, byMs: number): Probe {
  return { ...probe, directEndMs: probe.directEndMs + byMs, endMs: probe.endMs + byMs }
}

export interface Relay {
  readonly sequence: number
  readonly asker: Uint8Array
  readonly askedSequence: number
  readonly target: Uint8Array
  readonly endMs: number
}

export class Relays {
  readonly #relays = new Map<number, Relay>()
  readonly #relaysMax: number

  constructor(relaysMax: number) {
    this.#relaysMax = relaysMax
  }

  /** False at the limit. */
  add(relay: Relay): boolean {
    if (this.#relays.size >= this.#relaysMax) return false
    this.#relays.set(relay.sequence, relay)
    return true
  }

  /** The relay that this answer ends; undefined where it ends none. */
  answered(sequence: number, from: Uint8Array): Relay | undefined {
    const relay = this.#relays.get(sequence)
    if (relay === undefined || !equalBytes(relay.target, from)) return undefined
    this.#relays.delete(sequence)
    return relay
  }

  /** Those without an answer, which end here. */
  takeEnded(nowMs: number): Relay[] {
    const ended = [...this.#relays.values()].filter((relay) => relay.endMs <= nowMs)
    for (const relay of ended) this.#relays.delete(relay.sequence)
    return ended
  }

  get nextEndMs(): number {
    return Math.min(...[...this.#relays.values()].map((relay) => relay.endMs))
  }
}
