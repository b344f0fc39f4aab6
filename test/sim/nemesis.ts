/** Who brings the faults of a profile over a host, and takes them away again. */
import { isCoded } from '../../src/shared/coded-error.ts'
import type { FaultKind, Profile } from './profile.ts'
import { faultKinds, noFaults } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimHost } from './sim-host.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface NemesisParts {
  readonly host: SimHost
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly profile: Profile
  readonly tell: (what: string) => void
  /** Work that goes on by itself; its failure is the world's. */
  readonly begin: (work: Promise<void>) => void
}

const quickSync = [0.2, 2] as const
const slowSync = [20, 120] as const
const skewMaxMs = 20_000

export class Nemesis {
  readonly #parts: NemesisParts
  readonly counts: Record<FaultKind, number> = { ...noFaults }
  #over = false

  constructor(parts: NemesisParts) {
    this.#parts = parts
    parts.host.ended = () => this.#crashed()
  }

  begin(): void {
    for (const kind of faultKinds) if (this.#parts.profile.faults[kind] > 0) this.#schedule(kind)
  }

  /** Nothing bad happens from here on, and what was bad is good again. */
  end(): void {
    this.#over = true
    const { host } = this.#parts
    host.syncMs = quickSync
    host.disk.capacityBytes = undefined
    host.disk.takeSyncError()
  }

  #schedule(kind: FaultKind): void {
    const { time, random, profile } = this.#parts
    time.after(random.between(1, 2 * profile.faults[kind]), () => {
      if (this.#over) return
      if (this.#parts.host.isUp) {
        this.counts[kind] += 1
        this.#bring(kind)
      }
      this.#schedule(kind)
    })
  }

  #bring(kind: FaultKind): void {
    const { host, tell, random } = this.#parts
    tell(`fault: ${kind}`)
    switch (kind) {
      case 'power':
        this.#losePower()
        return
      case 'stop':
        if (host.node !== undefined) this.#restart()
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
        host.skewMs = random.between(-skewMaxMs, skewMaxMs)
        return
      case 'index-damage':
        host.disk.damageIndex()
        this.#later(10, 100, () => {
          if (!this.#over && host.node !== undefined) this.#restart()
        })
        return
    }
  }

  #losePower(): void {
    const { host, random } = this.#parts
    host.losePower({ keep: random.between(0, host.disk.unsyncedBatches), torn: random.percent(50) })
    this.#startLater()
  }

  /** After a failed write nobody knows what the disk holds. */
  #crashed(): void {
    this.#losePower()
  }

  #restart(): void {
    const { host, begin } = this.#parts
    const { starts } = host
    begin(
      host.stop().then(() => {
        if (host.starts === starts && !host.isUp) this.#startLater()
      }),
    )
  }

  #startLater(): void {
    const { host, begin } = this.#parts
    this.#later(1, 60, () => {
      if (!host.isUp) begin(this.#start())
    })
  }

  /** A full disk may refuse a start; it is tried again, as a service manager does. */
  async #start(): Promise<void> {
    try {
      await this.#parts.host.start()
    } catch (error) {
      if (!isCoded(error, 'storage-full')) throw error
      this.#parts.tell('no start, the disk is full')
      this.#startLater()
    }
  }

  #later(lowMs: number, highMs: number, run: () => void): void {
    this.#parts.time.after(this.#parts.random.between(lowMs, highMs), run)
  }
}
