/** Who brings the faults of a profile over the hosts of a world, and takes them away again. */
import { assert } from '../../src/shared/assert.ts'
import { isCoded } from '../../src/shared/coded-error.ts'
import type { HostFault, Profile } from './profile.ts'
import { hostFaults } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimHost } from './sim-host.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface NemesisParts {
  readonly hosts: readonly SimHost[]
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: Profile
  readonly tell: (what: string) => void
  /** Work that goes on by itself; its failure is the world's. */
  readonly begin: (work: Promise<void>) => void
}

const quickSync = [0.2, 2] as const
const slowSync = [20, 120] as const

export class Nemesis {
  readonly #parts: NemesisParts
  readonly counts: Record<HostFault, number> = {
    ...{ power: 0, stop: 0, 'sync-failure': 0, 'slow-disk': 0, 'full-disk': 0, 'clock-jump': 0, 'index-damage': 0 },
  }
  #over = false

  constructor(parts: NemesisParts) {
    this.#parts = parts
    for (const host of parts.hosts) host.ended = () => this.#losePower(host)
  }

  begin(): void {
    for (const kind of hostFaults) if (this.#parts.profile.faults[kind] > 0) this.#schedule(kind)
  }

  /** Nothing bad happens from here on, and what was bad is good again. */
  end(): void {
    this.#over = true
    for (const host of this.#parts.hosts) {
      host.syncMs = quickSync
      host.disk.capacityBytes = undefined
      host.disk.takeSyncError()
    }
  }

  #schedule(kind: HostFault): void {
    const { time, random, profile } = this.#parts
    time.after(random.between(1, 2 * profile.faults[kind]), () => {
      if (this.#over) return
      const host = this.#victim()
      if (host.isUp && (kind !== 'power' || this.#mayFail())) {
        this.counts[kind] += 1
        this.#bring(kind, host)
      }
      this.#schedule(kind)
    })
  }

  #bring(kind: HostFault, host: SimHost): void {
    const { hosts, tell, random, profile } = this.#parts
    tell(hosts.length > 1 ? `fault: ${kind} of ${host.name}` : `fault: ${kind}`)
    switch (kind) {
      case 'power':
        this.#losePower(host)
        return
      case 'stop':
        if (host.node !== undefined) this.#restart(host)
        return
      case 'sync-failure':
        host.disk.failNextSync()
        return
      case 'slow-disk':
        host.syncMs = slowSync
        this.#later(20, 300, () => {
          host.syncMs = quickSync
        })
        return
      case 'full-disk':
        host.disk.capacityBytes = host.disk.usedBytes + random.between(0, 4000)
        this.#later(10, 200, () => {
          host.disk.capacityBytes = undefined
        })
        return
      case 'clock-jump':
        host.skewMs = random.between(-profile.skewMs, profile.skewMs)
        return
      case 'index-damage':
        host.disk.damageIndex()
        this.#restartSoon(host)
        return
    }
  }

  /** As an operator does who is told of a damaged index; not before a start that is under way has ended. */
  #restartSoon(host: SimHost): void {
    this.#later(10, 100, () => {
      if (this.#over && this.#parts.hosts.length === 1) return
      if (host.node === undefined) this.#restartSoon(host)
      else this.#restart(host)
    })
  }

  #victim(): SimHost {
    const { hosts, random } = this.#parts
    const [only, ...others] = hosts.filter(({ isMember }) => isMember)
    assert(only !== undefined, 'one host has founded the network')
    return others.length === 0 ? only : random.pick([only, ...others])
  }

  /** In most worlds of several hosts a majority keeps its power. */
  #mayFail(): boolean {
    const { hosts, profile } = this.#parts
    if (hosts.length === 1 || profile.outages === 'any') return true
    const down = hosts.filter(({ isMember, isUp }) => isMember && !isUp).length
    return 2 * (down + 1) < hosts.length
  }

  /** Also of a host whose disk failed: after a failed write nobody knows what it holds. */
  #losePower(host: SimHost): void {
    const { random } = this.#parts
    host.losePower({ keep: random.between(0, host.disk.unsyncedBatches), torn: random.percent(50) })
    this.#startLater(host)
  }

  #restart(host: SimHost): void {
    const { begin } = this.#parts
    const { starts } = host
    begin(
      host.stop().then(() => {
        if (host.starts === starts && !host.isUp) this.#startLater(host)
      }),
    )
  }

  #startLater(host: SimHost): void {
    const { begin } = this.#parts
    this.#later(1, 60, () => {
      if (!host.isUp && !host.isLost) begin(this.#start(host))
    })
  }

  /** A full disk, or an index that is damaged meanwhile, may refuse a start; it is tried again, as a service manager does. */
  async #start(host: SimHost): Promise<void> {
    try {
      await host.start()
    } catch (error) {
      const isDamaged = host.isMember && isCoded(error, 'data-corrupt') && this.#parts.hosts.length > 1
      if (!isCoded(error, 'storage-full') && !isDamaged) throw error
      this.#parts.tell(isDamaged ? `${host.name}: no start, the index is damaged` : 'no start, the disk is full')
      this.#startLater(host)
    }
  }

  #later(lowMs: number, highMs: number, run: () => void): void {
    this.#parts.time.after(this.#parts.random.between(lowMs, highMs), run)
  }
}
