/**
 * A world in which nothing is left to chance but by its seed: virtual time, disks with faults, and nodes as they are served, built by the
 * production composition over simulated ports. One thing happens, all that follows from it at once happens, then the next.
 */
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import { BlockClient } from './block-client.ts'
import type { BlockAnswer, BlockCall } from './block-model.ts'
import { blockModel } from './block-model.ts'
import type { ObjectModel } from './check-linearizable.ts'
import { isLinearizable } from './check-linearizable.ts'
import { History } from './history.ts'
import type { HostTrap } from './host-trap.ts'
import { KeyClient } from './key-client.ts'
import type { KeyAnswer, KeyCall } from './key-model.ts'
import { keyModel } from './key-model.ts'
import { Nemesis } from './nemesis.ts'
import type { Profile } from './profile.ts'
import { drawProfile, profileText } from './profile.ts'
import { RevisionChecker } from './revision-checker.ts'
import { endInRot } from './rotten-ending.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimCaller } from './sim-caller.ts'
import { SimHost } from './sim-host.ts'
import { Trace } from './trace.ts'
import { Violation } from './violation.ts'
import { VirtualTime } from './virtual-time.ts'
import type { WorldReport } from './world-report.ts'
import { WrittenValues } from './written-values.ts'

export interface WorldOptions {
  readonly change?: (profile: Profile) => Profile
  readonly print?: (line: string) => void
}

interface WorldClient {
  readonly random: SeededRandom
  readonly caller: SimCaller
  readonly keys: KeyClient
  readonly blocks: BlockClient
}

/** More means that something spins. */
const eventsMax = 400_000
const waitMs = 50
const waitsMax = 100
/** Small, so that every bound is met within a second. */
const limits = {
  ...defaultLimits,
  chunkBytes: 1024,
  stopTimeoutMs: 1000,
  clockReservationMs: 20,
  collectGraceMs: 400,
  collectIntervalMs: 15,
  outcomesMax: 24,
}

export class World {
  readonly #seed: number
  readonly #random: SeededRandom
  readonly #trap: HostTrap
  readonly #time = new VirtualTime()
  readonly #trace: Trace
  readonly #keys = new History<KeyCall, KeyAnswer>()
  readonly #blocks = new History<BlockCall, BlockAnswer>()
  readonly #revisions = new RevisionChecker()
  readonly #values = new WrittenValues()
  readonly #host: SimHost
  readonly #nemesis: Nemesis
  readonly #clients: readonly WorldClient[]
  readonly #profile: Profile
  #left: number
  #failed: unknown = undefined

  constructor(seed: number, trap: HostTrap, { change = (profile) => profile, print }: WorldOptions = {}) {
    this.#seed = seed
    this.#trap = trap
    this.#trace = new Trace(print)
    const random = new SeededRandom(seed)
    const profile = change(drawProfile(random.fork()))
    this.#profile = profile
    this.#left = profile.operations
    const tell = (what: string) => this.#trace.add(this.#time.nowMs, what)
    const time = this.#time
    this.#host = new SimHost({ time, random: random.fork(), limits, tell })
    const begin = (work: Promise<void>) => this.#watch(work)
    this.#nemesis = new Nemesis({ host: this.#host, time, random: random.fork(), profile, tell, begin })
    this.#clients = Array.from({ length: profile.clients }, (_, index) => this.#client(`c${index}`, random.fork(), tell))
    this.#random = random
  }

  #client(name: string, random: SeededRandom, tell: (what: string) => void): WorldClient {
    const profile = this.#profile
    const caller = new SimCaller({ name, host: this.#host, time: this.#time, random, profile, tell })
    const parts = { caller, random, profile, values: this.#values }
    return {
      random,
      caller,
      keys: new KeyClient({ ...parts, history: this.#keys, revisions: this.#revisions }),
      blocks: new BlockClient({ ...parts, history: this.#blocks }),
    }
  }

  async run(): Promise<WorldReport> {
    try {
      await this.#happen(this.#live())
      this.#check()
      if (this.#profile.rot) await this.#happen(this.#rot())
      return this.#report()
    } catch (error) {
      const message = error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error)
      return { ...this.#report(), failure: { message, profile: profileText(this.#profile), trace: this.#trace.last } }
    }
  }

  async #live(): Promise<void> {
    await this.#host.start()
    this.#nemesis.begin()
    await Promise.all(this.#clients.map((client) => this.#use(client)))
    this.#nemesis.end()
    await this.#heal()
    for (const { keys, blocks } of this.#clients) {
      await keys.readAll()
      await blocks.readAll()
    }
    const findings = (await this.#host.node?.verify())?.findings ?? ['the node is down']
    if (findings.length > 0) throw new Violation(`the node finds fault with its store: ${findings.join('; ')}`)
    await this.#host.stop()
    const atRest = await this.#host.findingsAtRest()
    if (atRest.length > 0) throw new Violation(`the store at rest is not whole: ${atRest.join('; ')}`)
  }

  /** Behind the checks: what rots was acknowledged, and is lost all the same. */
  async #rot(): Promise<void> {
    const tell = (what: string) => this.#trace.add(this.#time.nowMs, what)
    await endInRot({ host: this.#host, random: this.#random, values: this.#values, tell })
  }

  async #use({ random, caller, keys, blocks }: WorldClient): Promise<void> {
    while (this.#left-- > 0) {
      await caller.pause(random.between(0, this.#profile.restMs))
      await (random.percent(this.#profile.blocks) ? blocks.one() : keys.one())
    }
  }

  /** A last start, behind which everything has to be there. */
  async #heal(): Promise<void> {
    const host = this.#host
    for (let waits = 0; host.node === undefined; waits++) {
      if (waits > waitsMax) throw new Violation('the node does not come back')
      await new Promise<void>((resolve) => void this.#time.after(waitMs, resolve))
    }
    await host.stop()
    await host.start()
    if (host.node?.status().condition.kind !== 'sound') throw new Violation('the node does not come back sound')
  }

  /** Lets one thing happen after another until the work is done. */
  async #happen(work: Promise<void>): Promise<void> {
    let over = false
    this.#watch(
      work.then(() => {
        over = true
      }),
    )
    await this.#trap.drain()
    for (let events = 0; !over; events++) {
      if (this.#failed !== undefined) throw this.#failed
      if (events > eventsMax) throw new Violation('the world never comes to an end')
      if (!this.#time.step()) throw new Violation('nothing happens any more, and somebody waits')
      await this.#trap.drain()
    }
  }

  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#failed ??= error
    })
  }

  #check(): void {
    this.#revisions.check()
    checkHistory(keyModel, this.#keys)
    checkHistory(blockModel, this.#blocks)
  }

  #report(): WorldReport {
    return {
      seed: this.#seed,
      hash: this.#trace.digest(),
      operations: this.#keys.size + this.#blocks.size,
      unanswered: this.#keys.unanswered + this.#blocks.unanswered,
      starts: this.#host.starts,
      faults: this.#nemesis.counts,
      simulatedMs: Math.round(this.#time.nowMs),
    }
  }
}

function checkHistory<State, Call, Answer>(model: ObjectModel<State, Call, Answer>, history: History<Call, Answer>): void {
  for (const object of history.objects) {
    if (!isLinearizable(model, history.of(object))) throw new Violation(`the history of ${object} is not linearizable`)
  }
}
