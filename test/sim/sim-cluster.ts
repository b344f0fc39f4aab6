/**
 * The machines of a world and what lies between them: one founds the network and invites, the others join, and groups go to where the map
 * wants them.
 */
import { MemoryNetwork } from '../../src/node/adapters/memory-transport/memory-network.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import type { Crypto } from '../../src/node/ports/crypto.ts'
import type { RecordWrite } from '../../src/node/ports/record-store.ts'
import { CodedError, isCoded } from '../../src/shared/coded-error.ts'
import type { Profile } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimHost } from './sim-host.ts'
import { SimNetwork } from './sim-network.ts'
import { TrafficWatch } from './traffic-watch.ts'
import { Violation } from './violation.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface SimClusterParts {
  readonly time: VirtualTime
  /** Of each host; the first one's comes first. */
  readonly randoms: readonly SeededRandom[]
  readonly networkRandom: SeededRandom
  readonly limits: Limits
  readonly crypto: Crypto
  readonly written?: (host: SimHost, writes: readonly RecordWrite[]) => void
  readonly profile: Profile
  readonly tell: (what: string) => void
}

const inviteTimeoutMs = 2000
const joinRetryMs = 50
const joinsMax = 400
const lookMs = 50
const settleMaxMs = 60_000
const lateMs = 60
const slowChannelMs = [20, 150] as const

export class SimCluster {
  readonly hosts: readonly SimHost[]
  /** Those that are of the network, or are to be. */
  active: readonly SimHost[]
  readonly between: MemoryNetwork
  readonly messages: SimNetwork
  readonly traffic = new TrafficWatch()
  /** Directions in which what keeps its order takes its time: `from>to`. */
  readonly slow = new Set<string>()
  readonly #parts: SimClusterParts

  constructor(parts: SimClusterParts) {
    this.#parts = parts
    const { time, randoms, networkRandom, limits, crypto, written, profile, tell } = parts
    const { delayMs, lost, doubled, overtaking, late } = profile
    this.messages = new SimNetwork(time, networkRandom, {
      ...{ delayMs: [0.1, delayMs], lost, doubled, overtaking, late, lateMs },
    })
    this.between = new MemoryNetwork({
      deliver: (from, to, _bytes, run) => this.messages.send(from, to, () => this.#arrive(to, run)),
      carry: (from, to, run) => void time.after(this.#channelMs(from, to), () => this.#arrive(to, run)),
    })
    const shared = { time, limits, crypto, ...(written !== undefined && { written }) }
    const network = { between: this.between, watched: this.traffic.watch }
    this.hosts = randoms.map((random, index) => {
      const name = `h${index}`
      if (randoms.length === 1) return new SimHost({ ...shared, name, random, tell })
      return new SimHost({ ...shared, name, random, network, tell: (what) => tell(`${name} ${what}`) })
    })
    const hasSpare = profile.recovery || profile.leaving !== 'none'
    this.active = hasSpare ? this.hosts.slice(0, -1) : this.hosts
  }

  /** Every other host joins, whatever happens meanwhile. */
  async grow(): Promise<void> {
    for (const host of this.active) {
      for (let tries = 0; !host.isMember; tries++) {
        if (tries > joinsMax) throw new Violation(`${host.name} cannot join`)
        await this.#admit(host)
      }
    }
  }

  /** Waits until all hosts act by one map, and every group and copy is where it wants them. */
  async settle(): Promise<void> {
    const { time } = this.#parts
    const endMs = time.nowMs + settleMaxMs
    while (!this.#isSettled()) {
      if (time.nowMs > endMs) throw new Violation(`the cluster does not settle: ${this.#standing()}`)
      await this.pause(lookMs)
    }
  }

  /** Whether a host makes an invite, which is a change of the network's root. */
  async invites(host: SimHost | undefined): Promise<boolean> {
    const late = new AbortController()
    using _late = this.#parts.time.after(inviteTimeoutMs, () =>
      late.abort(new CodedError('deadline-exceeded', 'no invite in time')),
    )
    try {
      return (await host?.node?.cluster.invite({ uses: 1, validityMs: 600_000 }, { signal: late.signal })) !== undefined
    } catch (error) {
      if (!(error instanceof CodedError) || isCoded(error, 'internal')) throw error
      return false
    }
  }

  /** Nothing is cut, lost or slow from here on. */
  calm(): void {
    for (const from of this.hosts) for (const to of this.hosts) this.between.mend(from.endpoint, to.endpoint)
    this.slow.clear()
    this.messages.weather = { ...this.messages.weather, lost: 0, doubled: 0, overtaking: 0, late: 0 }
  }

  async pause(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => void this.#parts.time.after(durationMs, resolve))
  }

  async #admit(host: SimHost): Promise<void> {
    const { time, networkRandom } = this.#parts
    const inviter = networkRandom.pick(this.active.filter(({ isMember }) => isMember))
    const late = new AbortController()
    using _late = time.after(inviteTimeoutMs, () => late.abort(new CodedError('deadline-exceeded', 'no invite in time')))
    try {
      const { node, gone } = inviter
      const invited = node?.cluster.invite({ uses: 1, validityMs: 600_000 }, { signal: late.signal })
      const invite = await Promise.race([invited, gone])
      if (invite !== undefined && invite !== 'gone') {
        await host.join(invite.link)
        await host.start()
        return
      }
    } catch (error) {
      if (!(error instanceof CodedError) || isCoded(error, 'internal')) throw error
      this.#parts.tell(`${host.name} does not join: ${error.code} ${error.message}`)
    }
    await this.pause(joinRetryMs)
  }

  /** At a process that may be paused. */
  #arrive(endpoint: string, run: () => void): void {
    const host = this.hosts.find((each) => each.endpoint === endpoint)
    if (host === undefined) run()
    else host.happen(run)
  }

  #isSettled(): boolean {
    const statuses = this.active.map(({ node }) => node?.cluster.status())
    const epoch = statuses[0]?.epoch
    return statuses.every(
      (status) =>
        status !== undefined &&
        status.epoch === epoch &&
        (!this.#parts.profile.isWide || status.openEpochs === 1) &&
        status.groupsPending === 0 &&
        status.copiesPending === 0 &&
        status.nodes.length === this.active.length &&
        status.nodes.every(({ state }) => state === 'alive'),
    )
  }

  #standing(): string {
    const lines = this.active.map(({ name, node }) => {
      const status = node?.cluster.status()
      if (status === undefined) return `${name} is down`
      const states = status.nodes.map(({ state }) => state).join(' ')
      return `${name}: epoch ${status.epoch}, ${states}, groups ${status.groupsPending}, copies ${status.copiesPending}`
    })
    return lines.join('; ')
  }

  #channelMs(from: string, to: string): number {
    const { networkRandom, profile } = this.#parts
    const [low, high] = this.slow.has(`${from}>${to}`) ? slowChannelMs : [0.1, profile.delayMs]
    return low + (networkRandom.integerBelow(1024) / 1024) * (high - low)
  }
}
