/** Who pauses processes and lets copies rot at one host. */
import type { Profile, WideFault } from './profile.ts'
import { wideFaults } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimCluster } from './sim-cluster.ts'
import type { SimHost } from './sim-host.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface WideNemesisParts {
  readonly cluster: SimCluster
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: Profile
  readonly tell: (what: string) => void
}

const pauseMs = [20, 1500] as const

export class WideNemesis {
  readonly #parts: WideNemesisParts
  readonly counts: Record<WideFault, number> = { pause: 0, rot: 0 }
  /** Where copies rot. */
  readonly #rotting: SimHost
  #isOver = false

  constructor(parts: WideNemesisParts) {
    this.#parts = parts
    this.#rotting = parts.random.pick(parts.cluster.hosts)
  }

  /** Whose store may have faults at the end: copies that nobody has read since they rotted. */
  get rotten(): SimHost | undefined {
    return this.counts.rot > 0 ? this.#rotting : undefined
  }

  begin(): void {
    for (const kind of wideFaults) if (this.#parts.profile.faults[kind] > 0) this.#schedule(kind)
  }

  end(): void {
    this.#isOver = true
    for (const host of this.#parts.cluster.hosts) host.resume()
  }

  #schedule(kind: WideFault): void {
    const { time, random, profile } = this.#parts
    time.after(random.between(1, 2 * profile.faults[kind]), () => {
      if (this.#isOver) return
      if (this.#bring(kind)) this.counts[kind] += 1
      this.#schedule(kind)
    })
  }

  /** False where nothing came of it. */
  #bring(kind: WideFault): boolean {
    const { cluster, random, tell } = this.#parts
    const host = random.pick(cluster.hosts)
    switch (kind) {
      case 'pause': {
        if (host.node === undefined || host.isPaused) return false
        tell(`fault: pause of ${host.name}`)
        host.pause()
        this.#later(pauseMs, () => host.resume())
        return true
      }
      case 'rot':
        return this.#rot(this.#rotting)
    }
  }

  /** One bit of a copy that the journal has no more: of what it has, a start would find a hole. */
  #rot(host: SimHost): boolean {
    const { random, tell } = this.#parts
    const { disk } = host
    const inJournal = new Set(disk.frames.flatMap(({ writes }) => writes.map(({ key }) => key)))
    const copies = [...disk.index.family('content').entries()].filter(([key]) => !inJournal.has(key))
    if (copies.length === 0) return false
    const [, { key, value }] = random.pick(copies)
    tell(`fault: a copy rots at ${host.name}`)
    return disk.flipBit('content', key, random.integerBelow(8 * value.length))
  }

  #later([lowMs, highMs]: readonly [number, number], happen: () => void): void {
    const { time, random } = this.#parts
    time.after(random.between(lowMs, highMs), happen)
  }
}
