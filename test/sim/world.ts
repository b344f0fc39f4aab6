/**
 * A world in which nothing is left to chance but by its seed: virtual time, disks with faults, and nodes as they are served, built by the
 * production composition over simulated ports. One thing happens, all that follows from it at once happens, then the next.
 */

import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { assert } from '../../src/shared/assert.ts'
import { BlockClient } from './block-client.ts'
import type { BlockAnswer, BlockCall } from './block-model.ts'
import { endCluster } from './cluster-ending.ts'
import { CopyChecker } from './copy-checker.ts'
import { History } from './history.ts'
import type { HostTrap } from './host-trap.ts'
import { judgeHistories } from './judge-histories.ts'
import { KeyClient } from './key-client.ts'
import type { KeyAnswer, KeyCall } from './key-model.ts'
import { liveThroughLeaving } from './leaving-life.ts'
import { Nemesis } from './nemesis.ts'
import { NetworkNemesis } from './network-nemesis.ts'
import type { Profile, WorldHosts } from './profile.ts'
import { drawnProfile, profileText } from './profile.ts'
import { RecordChecker } from './record-checker.ts'
import { liveThroughRecovery } from './recovery-life.ts'
import { RevisionChecker } from './revision-checker.ts'
import { endInRot } from './rotten-ending.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimCaller } from './sim-caller.ts'
import { SimCluster } from './sim-cluster.ts'
import { SimCrypto } from './sim-crypto.ts'
import type { SimHost } from './sim-host.ts'
import { Trace } from './trace.ts'
import { Violation } from './violation.ts'
import { VirtualTime } from './virtual-time.ts'
import { WideNemesis } from './wide-nemesis.ts'
import { limitsOf } from './world-limits.ts'
import type { WorldReport } from './world-report.ts'
import { WrittenValues } from './written-values.ts'

export interface WorldOptions {
  /** One, unless given. */
  readonly hosts?: WorldHosts
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
/** Timers of a host, those that were cancelled and are not due included: more means that something is forgotten. */
const timersMax = 4000
/** Events between two looks by which maps the hosts act. */
const looksEvents = 100
const realCrypto = new NodeCrypto({ verifyKeysMax: 64 })
const simCrypto = new SimCrypto()

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
  readonly #copies = new CopyChecker(() => this.#time.nowMs)
  readonly #cluster: SimCluster
  readonly #nemesis: Nemesis
  readonly #networkNemesis: NetworkNemesis
  readonly #wideNemesis: WideNemesis
  readonly #records = new RecordChecker()
  #timers = 0
  #unjudged = 0
  readonly #addresses = new Map<string, BlockAddress>()
  readonly #clients: readonly WorldClient[]
  readonly #profile: Profile
  #left: number
  /** The moment in the history of keys as of which the survivor of a recovery went on alone; of a pair nothing may be lost by it. */
  #recoveredAt: number | undefined
  readonly #survivor: SimHost
  /** The one that goes for good, where one does. */
  readonly #goer: SimHost | undefined
  #failed: unknown = undefined

  constructor(seed: number, trap: HostTrap, { hosts = 1, change = (profile) => profile, print }: WorldOptions = {}) {
    this.#seed = seed
    this.#trap = trap
    this.#trace = new Trace(print)
    const random = new SeededRandom(seed)
    const profileRandom = random.fork()
    const profile = change(drawnProfile(profileRandom, hosts))
    this.#profile = profile
    this.#left = profile.operations
    const tell = (what: string) => this.#trace.add(this.#time.nowMs, what)
    const time = this.#time
    const [first, nemesis] = [random.fork(), random.fork()]
    const clients = Array.from({ length: profile.clients }, () => random.fork())
    const others = Array.from({ length: profile.hosts - 1 }, () => random.fork())
    const more = profile.hosts === 1 ? new SeededRandom(seed) : random
    const between = { networkRandom: more.fork(), nemesis: more.fork() }
    this.#random = random
    this.#cluster = new SimCluster({
      ...{ time, profile, tell, randoms: [first, ...others], networkRandom: between.networkRandom },
      limits: limitsOf(profile),
      crypto: profile.isWide ? simCrypto : realCrypto,
      ...(profile.isWide && { written: (host, writes) => this.#watched(() => this.#records.saw(host, writes)) }),
    })
    const cluster = this.#cluster
    this.#survivor = profile.recovery ? more.pick(cluster.active) : this.#first
    this.#goer = profile.leaving === 'none' ? undefined : more.pick(cluster.active.slice(1))
    const begin = (work: Promise<void>) => this.#watch(work)
    this.#nemesis = new Nemesis({ hosts: cluster.hosts, time, random: nemesis, profile, tell, begin })
    this.#networkNemesis = new NetworkNemesis({ cluster, time, random: between.nemesis, profile, tell })
    this.#wideNemesis = new WideNemesis({
      cluster,
      time,
      random: profile.isWide ? more.fork() : new SeededRandom(seed),
      profile,
      tell,
    })
    this.#clients = clients.map((each, index) => this.#client(`c${index}`, each, tell))
  }

  get #first(): SimHost {
    const [first] = this.#cluster.hosts
    assert(first !== undefined, 'a world has a host')
    return first
  }

  #client(name: string, random: SeededRandom, tell: (what: string) => void): WorldClient {
    const profile = this.#profile
    const { hosts, active } = this.#cluster
    const caller = new SimCaller({ name, hosts, time: this.#time, random, profile, tell })
    const parts = { caller, random, profile, values: this.#values, copies: this.#copies }
    const homeOf = (block: string): SimHost => {
      if (profile.recovery) return this.#survivor
      const homes = this.#goer === undefined ? hosts : active.filter((host) => host !== this.#goer)
      const home = profile.growth === 'joining' ? this.#first : homes[Number(block.slice(1)) % homes.length]
      assert(home !== undefined, 'a number of hosts is below their count')
      return home
    }
    return {
      random,
      caller,
      keys: new KeyClient({ ...parts, history: this.#keys, revisions: this.#revisions }),
      blocks: new BlockClient({ ...parts, history: this.#blocks, homeOf, addresses: this.#addresses }),
    }
  }

  async run(): Promise<WorldReport> {
    try {
      await this.#happen(this.#live())
      this.#revisions.check()
      const mayBeOpen = this.#profile.isWide || this.#profile.leaving !== 'none'
      const histories = { keys: this.#keys, blocks: this.#blocks, recoveredAt: this.#recoveredAt, mayBeOpen }
      this.#unjudged = judgeHistories(histories)
      if (this.#profile.rot) await this.#happen(this.#rot())
      return this.#report()
    } catch (error) {
      const message = error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error)
      return { ...this.#report(), failure: { message, profile: profileText(this.#profile), trace: this.#trace.last } }
    }
  }

  async #live(): Promise<void> {
    await this.#first.start()
    const isCluster = this.#cluster.hosts.length > 1
    if (isCluster) await this.#liveTogether()
    else await this.#liveAlone()
  }

  async #liveAlone(): Promise<void> {
    const host = this.#first
    this.#nemesis.begin()
    await Promise.all(this.#clients.map((client) => this.#use(client)))
    this.#nemesis.end()
    await this.#heal(host)
    for (const { keys, blocks } of this.#clients) {
      if (!(await keys.readAll()) || !(await blocks.readAll()))
        throw new Violation('a read is refused although nothing is in its way')
    }
    const findings = (await host.node?.verify())?.findings ?? ['the node is down']
    if (findings.length > 0) throw new Violation(`the node finds fault with its store: ${findings.join('; ')}`)
    await host.stop()
    const atRest = await host.findingsAtRest()
    if (atRest.length > 0) throw new Violation(`the store at rest is not whole: ${atRest.join('; ')}`)
  }

  async #liveTogether(): Promise<void> {
    const { growth, recovery } = this.#profile
    const cluster = this.#cluster
    if (recovery) {
      await this.#liveThroughRecovery()
      return
    }
    if (this.#goer !== undefined) {
      await this.#liveThroughLeaving(this.#goer)
      return
    }
    const growing = cluster.grow()
    if (growth !== 'joining') await growing
    if (growth === 'settled') await cluster.settle()
    this.#trouble.begin()
    const using = this.#clients.map((client) => this.#use(client))
    // In wide worlds there may be too much trouble to join in.
    await Promise.all(this.#profile.isWide ? using : [growing, ...using])
    this.#trouble.end()
    await growing
    await this.#endTogether()
  }

  async #endTogether(): Promise<void> {
    const cluster = this.#cluster
    const [last] = this.#clients
    assert(last !== undefined, 'a world has a client')
    const changeAll = async () => (await last.keys.changeOne()) && (await last.blocks.changeAll())
    const { recovery, lossy: isLossy, reviewDelayMs } = this.#profile
    const readAll = (host: SimHost) => this.#readAll(host)
    // A value that an entry brought while a node came is where its page was at that moment.
    await endCluster({
      cluster,
      readAll,
      changeAll,
      isLossy,
      reviewDelayMs,
      rotten: this.#wideNemesis.rotten,
      ...(recovery && { copies: 1 }),
    })
  }

  async #liveThroughRecovery(): Promise<void> {
    const { lossy: isLossy } = this.#profile
    const isRecovered = await liveThroughRecovery({
      ...{ cluster: this.#cluster, survivor: this.#survivor, time: this.#time, random: this.#random },
      tell: (what) => this.#trace.add(this.#time.nowMs, what),
      trouble: this.#trouble,
      use: (operations) => this.#useAll(operations),
      stopClients: () => {
        this.#left = 0
      },
      stayAt: (hosts) => this.#stayAt(hosts),
      recovered: () => {
        if (!isLossy) return
        this.#recoveredAt = this.#keys.moment
        this.#revisions.forget()
        this.#copies.forget()
      },
      begin: (work) => this.#watch(work),
    })
    if (isRecovered) await this.#endTogether()
  }

  async #liveThroughLeaving(goer: SimHost): Promise<void> {
    await liveThroughLeaving({
      ...{ cluster: this.#cluster, goer, profile: this.#profile, time: this.#time, random: this.#random },
      tell: (what) => this.#trace.add(this.#time.nowMs, what),
      trouble: this.#trouble,
      use: (operations) => this.#useAll(operations),
      stayAt: (hosts) => this.#stayAt(hosts),
      readAll: (host) => this.#readAll(host),
    })
    await this.#endTogether()
  }

  get #trouble() {
    return {
      begin: () => {
        this.#nemesis.begin()
        this.#networkNemesis.begin()
        this.#wideNemesis.begin()
      },
      end: () => {
        this.#nemesis.end()
        this.#networkNemesis.end()
        this.#wideNemesis.end()
      },
    }
  }

  #stayAt(hosts: readonly SimHost[]): void {
    for (const [index, { caller }] of this.#clients.entries()) caller.stayAt(hosts[index % hosts.length] ?? this.#first)
  }

  async #useAll(operations: number): Promise<void> {
    this.#left = operations
    await Promise.all(this.#clients.map((client) => this.#use(client)))
  }

  /** Keys and names once, and what each client knows of by itself. */
  async #readAll(host: SimHost): Promise<boolean> {
    let isAnswered = true
    for (const [index, { caller, keys, blocks }] of this.#clients.entries()) {
      caller.stayAt(host)
      if (index === 0) isAnswered = await keys.readAll()
      isAnswered = (await blocks.readAll()) && isAnswered
    }
    return isAnswered
  }

  /** Behind the checks: what rots was acknowledged, and is lost all the same. */
  async #rot(): Promise<void> {
    const tell = (what: string) => this.#trace.add(this.#time.nowMs, what)
    await endInRot({ host: this.#first, random: this.#random, values: this.#values, tell })
  }

  async #use({ random, caller, keys, blocks }: WorldClient): Promise<void> {
    while (this.#left-- > 0) {
      await caller.pause(random.between(0, this.#profile.restMs))
      await (random.percent(this.#profile.blocks) ? blocks.one() : keys.one())
    }
  }

  /** A last start, behind which everything has to be there. */
  async #heal(host: SimHost): Promise<void> {
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
      this.#look(events)
      if (events > eventsMax) throw new Violation(`the world never comes to an end, at ${Math.round(this.#time.nowMs)} ms`)
      if (!this.#time.step()) throw new Violation('nothing happens any more, and somebody waits')
      await this.#trap.drain()
    }
  }

  #look(events: number): void {
    const profile = this.#profile
    if (!profile.isWide || events % looksEvents > 0) return
    for (const host of this.#cluster.hosts) this.#records.acts(host)
    this.#timers = Math.max(this.#timers, this.#time.waiting)
    if (this.#timers > timersMax * profile.hosts) throw new Violation(`${this.#timers} timers wait`)
  }

  #watched(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#failed ??= error
    }
  }

  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#failed ??= error
    })
  }

  #counts() {
    const conflicts = [this.#keys, this.#blocks].map((history) => history.count(({ kind }) => kind === 'conflict'))
    const { reads, older } = this.#copies
    return { conflicts: conflicts.reduce((sum, count) => sum + count), 'reads of copies': reads, 'older states': older }
  }

  #report(): WorldReport {
    const { hosts, traffic } = this.#cluster
    return {
      seed: this.#seed,
      hash: this.#trace.digest(),
      operations: this.#keys.size + this.#blocks.size,
      unanswered: this.#keys.unanswered + this.#blocks.unanswered,
      starts: hosts.reduce((sum, host) => sum + host.starts, 0),
      faults: {
        ...this.#nemesis.counts,
        ...(hosts.length > 1 && { ...this.#networkNemesis.counts, ...traffic.counts, ...this.#counts() }),
        ...(this.#profile.isWide && {
          ...this.#wideNemesis.counts,
          ...this.#records.counts,
          timers: this.#timers,
          unjudged: this.#unjudged,
        }),
      },
      simulatedMs: Math.round(this.#time.nowMs),
    }
  }
}
