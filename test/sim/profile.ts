/**
 * What kind of trouble a world is in. Swarm testing (Groce et al. 2012): each seed switches some faults on and leaves others out, so that
 * no fault hides what only shows without it.
 */
import type { SeededRandom } from './seeded-random.ts'

/**
 * How many hosts a world has, or what kind of world decides it. `several`: as many as the seed says. `recovered`: likewise, and the network loses
 * its majority for good. `leaving`: three to six, and one of them goes for good. `wide`: with more kinds of faults. `swarm`: as those, in less time, so that thousands are run.
 */
export const worldKinds = ['several', 'recovered', 'leaving', 'wide', 'swarm'] as const
export type WorldKind = (typeof worldKinds)[number]
export type WorldHosts = number | WorldKind

export const leavings = ['eviction', 'forced-eviction', 'leave', 'drain'] as const
export type Leaving = 'none' | (typeof leavings)[number]

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
  /** Of those of the value store: reads of content blocks that were acknowledged. */
  readonly rereads: number
  /** At the end acknowledged batches rot. */
  readonly rot: boolean
  /** Machines of the world. What follows is of worlds with several, but for the faults. */
  readonly hosts: number
  /** Clients begin when groups are where the map wants them, while they get there, or while nodes still join. */
  readonly growth: 'settled' | 'moving' | 'joining'
  /** The network loses its majority for good, is recovered by force, and is joined by the last of the hosts. */
  readonly recovery: boolean
  /** How one of the hosts goes for good while the others work. */
  readonly leaving: Leaving
  /** Of a world in which one goes: the last of the hosts joins meanwhile; else it does nothing. */
  readonly joining: boolean
  /** Values whose entries are there may be lost: one that went behind a snapshot, or ahead of its entry, is not at every member. */
  readonly lossy: boolean
  /** How many may be without power at once. */
  readonly outages: 'minority' | 'any'
  /** How long a client waits for an answer; 0: until there is one. */
  readonly patienceMs: number
  /** Reads in a hundred that are bounded or eventual. */
  readonly copies: number
  /** Times in a hundred that a client asks another host than before. */
  readonly roaming: number
  /** The highest delay of a message. */
  readonly delayMs: number
  /** In a hundred messages. */
  readonly lost: number
  readonly doubled: number
  readonly overtaking: number
  readonly late: number
  /** Of worlds that are wide, and of half of those in which a host goes: everything that was ever thought of, signatures at no cost, and looks at maps and copies in quick succession. */
  readonly isWide: boolean
  /** Between what makes a review of the copies due and the review. */
  readonly reviewDelayMs: number
  /** How far a clock jumps, at most. */
  readonly skewMs: number
  /** Milliseconds between two faults of the kind on the average; 0: none. */
  readonly faults: Readonly<Record<FaultKind, number>>
}

export const hostFaults = ['power', 'stop', 'sync-failure', 'slow-disk', 'full-disk', 'clock-jump', 'index-damage'] as const
export type HostFault = (typeof hostFaults)[number]
/** `flap`: a link goes and comes. `slow-channel`: what keeps its order between two hosts takes its time. */
export const networkFaults = ['partition', 'one-way', 'flap', 'reset', 'slow-channel'] as const
export type NetworkFault = (typeof networkFaults)[number]
/** Of wide worlds. `pause`: a process does nothing for a while. `rot`: bits of copies at one host, in worlds of the kind `swarm`. */
export const wideFaults = ['pause', 'rot'] as const
export type WideFault = (typeof wideFaults)[number]
export const faultKinds = [...hostFaults, ...networkFaults, ...wideFaults] as const
export type FaultKind = (typeof faultKinds)[number]

export const noFaults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Readonly<Record<FaultKind, number>>

function drawProfile(random: SeededRandom): Profile {
  const faults = Object.fromEntries(hostFaults.map((kind) => [kind, random.percent(50) ? random.pick([30, 100, 300]) : 0]))
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
    ...{ hosts: 1, growth: 'settled', recovery: false, leaving: 'none', joining: false, lossy: false },
    ...{ outages: 'any', patienceMs: 0, roaming: 0, copies: 0 },
    ...{ delayMs: 1, lost: 0, doubled: 0, overtaking: 0, late: 0, isWide: false, skewMs: 20_000 },
    ...{ reviewDelayMs: 5000, rereads: 0 },
    faults: { ...noFaults, ...faults },
  }
}

/** Draws behind those of a world of one host, so that its seeds keep their meaning. `several`: how many is drawn too. */
function drawClusterProfile(random: SeededRandom, hosts: number | 'several'): Profile {
  const alone = drawProfile(random)
  const faults = { ...alone.faults }
  for (const kind of hostFaults) faults[kind] *= 3
  for (const kind of networkFaults) faults[kind] = random.percent(40) ? random.pick([100, 300, 900]) : 0
  return {
    ...alone,
    operations: 120,
    rot: false,
    hosts: hosts === 'several' ? random.pick([2, 2, 3, 3, 3, 3, 3, 3, 5, 5, 5, 7]) : hosts,
    growth: random.pick(['settled', 'settled', 'settled', 'moving', 'joining']),
    outages: random.percent(80) ? 'minority' : 'any',
    patienceMs: random.pick([200, 1000, 3000]),
    roaming: random.pick([5, 30, 100]),
    delayMs: random.pick([1, 2, 5]),
    lost: random.pick([0, 0, 2, 10]),
    doubled: random.pick([0, 0, 5]),
    overtaking: random.pick([0, 0, 20]),
    late: random.pick([0, 0, 3]),
    copies: random.pick([0, 30, 60]),
    faults,
  }
}

/**
 * Of a pair every write is durable at both, so that nothing at all may be lost with one of them. Of more than two a survivor may lack what it
 * was not asked for: values that travel with their entries are there wherever the entry is.
 */
function drawRecoveryProfile(random: SeededRandom): Profile {
  const founders = random.pick([2, 2, 3, 3])
  const drawn = drawClusterProfile(random, founders)
  const faults = { ...drawn.faults, 'sync-failure': 0, 'full-disk': 0, 'clock-jump': 0, 'index-damage': 0 }
  const lossy = { valueBytes: Math.min(drawn.valueBytes, 200), streams: 0, blocks: 0 }
  return {
    ...drawn,
    ...(founders > 2 && lossy),
    lossy: founders > 2,
    ...{ hosts: founders + 1, growth: 'settled', recovery: true, outages: 'any' },
    faults,
  }
}

/** Draws behind those of a world of several hosts. */
function drawLeavingProfile(random: SeededRandom): Profile {
  const members = random.pick([3, 3, 4, 4, 5, 6])
  const drawn = drawClusterProfile(random, members + 1)
  // Who asks one that has gone goes on to another.
  const roaming = Math.max(30, drawn.roaming)
  const leaving = { growth: 'settled', leaving: random.pick(leavings), joining: random.percent(50) } as const
  // Clocks may not differ by the grace: what is half a grace old by the clock of a primary is void.
  if (random.percent(50)) return { ...drawn, ...leaving, roaming, skewMs: 100 }
  const faults = { ...drawn.faults, pause: random.percent(40) ? random.pick([100, 300, 900]) : 0 }
  return { ...drawn, ...leaving, roaming, isWide: true, skewMs: random.pick([100, 20_000]), faults }
}

/** Draws behind those of a world of several hosts. */
function drawWideProfile(random: SeededRandom): Profile {
  const drawn = drawClusterProfile(random, 'several')
  const hosts = random.pick([2, 3, 3, 3, 3, 4, 5, 5, 7])
  const faults = { ...drawn.faults, pause: random.percent(40) ? random.pick([100, 300, 900]) : 0 }
  const keys = Math.max(3, drawn.keys)
  return { ...drawn, hosts, keys, isWide: true, operations: 200, skewMs: random.pick([100, 20_000]), faults }
}

/** Draws behind those of a wide world. */
function drawSwarmProfile(random: SeededRandom): Profile {
  const drawn = drawWideProfile(random)
  const rereads = random.pick([0, 15, 30])
  // What rots at the only host that has it is lost, and so is what had one copy only when others joined.
  const mayRot = drawn.hosts > 2 && drawn.growth === 'settled'
  const rot = mayRot && random.percent(30) ? random.pick([100, 300]) : 0
  return { ...drawn, reviewDelayMs: 500, rereads, faults: { ...drawn.faults, rot } }
}

/** `operations 200, clients 3, ..., power every 120 ms` */
export function profileText({ faults, ...workload }: { readonly faults: Readonly<Record<string, number>> }): string {
  const loads = Object.entries(workload).map(([name, value]) => `${name} ${value}`)
  const troubles = Object.entries(faults).flatMap(([kind, everyMs]) => (everyMs > 0 ? [`${kind} every ${everyMs} ms`] : []))
  return [...loads, ...troubles].join(', ')
}

export function drawnProfile(random: SeededRandom, hosts: WorldHosts): Profile {
  if (hosts === 'recovered') return drawRecoveryProfile(random)
  if (hosts === 'leaving') return drawLeavingProfile(random)
  if (hosts === 'wide') return drawWideProfile(random)
  if (hosts === 'swarm') return drawSwarmProfile(random)
  return hosts === 1 ? drawProfile(random) : drawClusterProfile(random, hosts)
}
