/**
 * What kind of trouble a world is in. Swarm testing (Groce et al. 2012): each seed switches some faults on and leaves others out, so that
 * no fault hides what only shows without it.
 */
import type { SeededRandom } from './seeded-random.ts'

export interface Profile {
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Milliseconds that a client rests between two operations, at most. */
  readonly restMs: number
  /** Bytes of a value, at most. */
  readonly valueBytes: number
  /** In a hundred operations. */
  readonly conditional: number
  readonly removals: number
  readonly lists: number
  readonly batches: number
  readonly streams: number
  readonly cancelled: number
  /** Of the value store; the others are of keys. */
  readonly blocks: number
  /** At the end acknowledged batches rot. */
  readonly rot: boolean
  /** Milliseconds between two faults of the kind on the average; 0: none. */
  readonly faults: Readonly<Record<FaultKind, number>>
}

export const faultKinds = ['power', 'stop', 'sync-failure', 'slow-disk', 'full-disk', 'clock-jump', 'index-damage'] as const
export type FaultKind = (typeof faultKinds)[number]

export const noFaults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Readonly<Record<FaultKind, number>>

export function drawProfile(random: SeededRandom): Profile {
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, random.percent(50) ? random.pick([30, 100, 300]) : 0]))
  return {
    operations: 200,
    clients: random.between(1, 8),
    keys: random.between(1, 12),
    restMs: random.pick([0, 1, 5, 20]),
    valueBytes: random.pick([16, 200, 4000]),
    conditional: random.pick([0, 20, 60]),
    removals: random.pick([0, 10, 30]),
    lists: random.pick([0, 5, 15]),
    batches: random.pick([0, 10, 30]),
    streams: random.pick([0, 10]),
    cancelled: random.pick([0, 5]),
    blocks: random.pick([0, 30, 70]),
    rot: random.percent(30),
    faults: faults as Record<FaultKind, number>,
  }
}

/** `operations 200, clients 3, ..., power every 120 ms` */
export function profileText({ faults, ...workload }: { readonly faults: Readonly<Record<string, number>> }): string {
  const loads = Object.entries(workload).map(([name, value]) => `${name} ${value}`)
  const troubles = Object.entries(faults).flatMap(([kind, everyMs]) => (everyMs > 0 ? [`${kind} every ${everyMs} ms`] : []))
  return [...loads, ...troubles].join(', ')
}
