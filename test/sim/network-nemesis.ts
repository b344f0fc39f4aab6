/** Who brings the faults of a profile over what lies between the hosts of a world, and takes them away again. */
import type { NetworkFault, Profile } from './profile.ts'
import { networkFaults } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimCluster } from './sim-cluster.ts'
import type { SimHost } from './sim-host.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface NetworkNemesisParts {
  readonly cluster: SimCluster
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: Profile
  readonly tell: (what: string) => void
}

const cutMs = [20, 600] as const
const flapMs = [2, 60] as const
const slowMs = [50, 400] as const

export class NetworkNemesis {
  readonly #parts: NetworkNemesisParts
  readonly counts: Record<NetworkFault, number> = { partition: 0, 'one-way': 0, flap: 0, reset: 0, 'slow-channel': 0 }
  #isOver = false

  constructor(parts: NetworkNemesisParts) {
    this.#parts = parts
  }

  begin(): void {
    for (const kind of networkFaults) if (this.#parts.profile.faults[kind] > 0) this.#schedule(kind)
  }

  end(): void {
    this.#isOver = true
    this.#parts.cluster.calm()
  }

  #schedule(kind: NetworkFault): void {
    const { time, random, profile } = this.#parts
    time.after(random.between(1, 2 * profile.faults[kind]), () => {
      if (this.#isOver) return
      this.counts[kind] += 1
      this.#bring(kind)
      this.#schedule(kind)
    })
  }

  #bring(kind: NetworkFault): void {
    const { cluster, random, tell } = this.#parts
    const { hosts, between } = cluster
    const one = random.pick(hosts)
    const other = random.pick(hosts.filter((host) => host !== one))
    switch (kind) {
      case 'partition': {
        const side = hosts.filter(() => random.percent(50))
        tell(`fault: partition of ${side.map(({ name }) => name).join(' ')}`)
        this.#part(side)
        return
      }
      case 'one-way':
        tell(`fault: nothing passes from ${one.name} to ${other.name}`)
        this.#cut([[one, other]], cutMs)
        return
      case 'flap':
        tell(`fault: flap between ${one.name} and ${other.name}`)
        this.#flap(one, other, random.between(2, 8))
        return
      case 'reset':
        tell(`fault: reset between ${one.name} and ${other.name}`)
        between.reset(one.endpoint, other.endpoint)
        return
      case 'slow-channel': {
        tell(`fault: slow channel from ${one.name} to ${other.name}`)
        const direction = `${one.endpoint}>${other.endpoint}`
        cluster.slow.add(direction)
        this.#later(slowMs, () => void cluster.slow.delete(direction))
      }
    }
  }

  #part(side: readonly SimHost[]): void {
    const others = this.#parts.cluster.hosts.filter((host) => !side.includes(host))
    this.#cut(
      side.flatMap((left) => others.flatMap((right) => [[left, right] as const, [right, left] as const])),
      cutMs,
    )
  }

  #cut(pairs: readonly (readonly [SimHost, SimHost])[], forMs: readonly [number, number], then?: () => void): void {
    const { between } = this.#parts.cluster
    for (const [from, to] of pairs) between.cut(from.endpoint, to.endpoint)
    this.#later(forMs, () => {
      for (const [from, to] of pairs) between.mend(from.endpoint, to.endpoint)
      then?.()
    })
  }

  #flap(one: SimHost, other: SimHost, times: number): void {
    if (times === 0 || this.#isOver) return
    const pairs = [[one, other] as const, [other, one] as const]
    this.#cut(pairs, flapMs, () => this.#later(flapMs, () => this.#flap(one, other, times - 1)))
  }

  #later([lowMs, highMs]: readonly [number, number], happen: () => void): void {
    const { time, random } = this.#parts
    time.after(random.between(lowMs, highMs), happen)
  }
}
