/** What kind of trouble a world of replicas is in: each seed switches some faults on and leaves others out. */
import type { SeededRandom } from '../seeded-random.ts'

export interface ReplicaProfile {
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Milliseconds that a client rests between two operations, at most. */
  readonly restMs: number
  /** How long a client waits at most before it asks another member. */
  readonly patienceMs: number
  /** In a hundred operations. */
  readonly reads: number
  readonly swaps: number
  /** Of the group at the beginning. */
  readonly members: number
  /** Nodes beside them that may become members. */
  readonly spares: number
  /** Milliseconds between two changes of the group on the average; 0: none. */
  readonly groupChangeMs: number
  /** The highest delay of a message, and of a write. */
  readonly delayMs: number
  readonly writeMs: number
  /** In a hundred messages. */
  readonly lost: number
  readonly doubled: number
  readonly overtaking: number
  readonly late: number
  /** Milliseconds between two faults of the kind on the average; 0: none. */
  readonly faults: Readonly<Record<ReplicaFault, number>>
}

/**
 * `wipe`: a store is lost, and its node comes back with another one. `nervous`: a member that nothing is wrong with takes the lead.
 * `flap`: a link goes and comes. `resign`: the primary gives up.
 */
export const replicaFaults = [
  'crash',
  'wipe',
  'pause',
  'partition',
  'one-way',
  'flap',
  'slow-disk',
  'full-disk',
  'nervous',
  'resign',
] as const
export type ReplicaFault = (typeof replicaFaults)[number]

export const noReplicaFaults = Object.fromEntries(replicaFaults.map((kind) => [kind, 0])) as Readonly<
  Record<ReplicaFault, number>
>

export function drawReplicaProfile(random: SeededRandom): ReplicaProfile {
  const faults = Object.fromEntries(replicaFaults.map((kind) => [kind, random.percent(40) ? random.pick([30, 100, 300]) : 0]))
  return {
    operations: 200,
    clients: random.between(1, 8),
    keys: random.between(1, 5),
    restMs: random.pick([0, 1, 5, 20]),
    patienceMs: random.pick([40, 40, 150]),
    reads: random.pick([10, 40, 70]),
    swaps: random.pick([0, 20, 50]),
    members: random.pick([1, 2, 2, 3, 3, 3, 5, 7]),
    spares: random.between(0, 2),
    // Somebody has to put the new store in the place of the lost one.
    groupChangeMs: random.pick(faults.wipe === 0 ? [0, 0, 20, 60] : [20, 60]),
    delayMs: random.pick([1, 2, 5]),
    writeMs: random.pick([1, 3, 10]),
    lost: random.pick([0, 0, 2, 10]),
    doubled: random.pick([0, 0, 5]),
    overtaking: random.pick([0, 0, 20]),
    late: random.pick([0, 0, 3]),
    faults: faults as Record<ReplicaFault, number>,
  }
}
