/**
 * A world in which nothing is left to chance but by its seed: virtual time, disks with faults, and nodes as they are served, built by the
 * production composition over simulated ports. One thing happens, all that follows from it at once happens, then the next.
 */

import type { BlockAddress } from '../../src/node/core/base/address.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import { assert } from '../../src/shared/assert.ts'
import { BlockClient } from './block-client.ts'
import type { BlockAnswer, BlockCall } from './block-model.ts'
import { blockModel } from './block-model.ts'
import type { ObjectModel } from './check-linearizable.ts'
import { isLinearizable } from './check-linearizable.ts'
import { endCluster } from './cluster-ending.ts'
import { CopyChecker } from './copy-checker.ts'
import { History } from './history.ts'
import type { HostTrap } from './host-trap.ts'
import { KeyClient } from './key-client.ts'
import type { KeyAnswer, KeyCall } from './key-model.ts'
import { keyModel } from './key-model.ts'
import { Nemesis } from './nemesis.ts'
import { NetworkNemesis } from './network-nemesis.ts'
import type { Profile } from './profile.ts'
import { drawClusterProfile, drawProfile, profileText } from './profile.ts'
import { isLinearizableButForATail } from './recovered-history.ts'
import { liveThroughRecovery } from './recovery-life.ts'
import { RevisionChecker } from './revision-checker.ts'
import { endInRot } from './rotten-ending.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimCaller } from './sim-caller.ts'
import { SimCluster } from './sim-cluster.ts'
import type { SimHost } from './sim-host.ts'
import { Trace } from './trace.ts'
import { Violation } from './violation.ts'
import { VirtualTime } from './virtual-time.ts'
import type { WorldReport } from './world-report.ts'
import { WrittenValues } from './written-values.ts'

export interface WorldOptions {
  /** One, unless given. `several`: as many as the seed says; `recovered`: likewise, and the network loses its majority for good. */
  readonly hosts?: number | 'several' | 'recovered'
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
/** Of nodes that are milliseconds apart. What they wait for keeps its order: a ping, a probe, a silence, a call. */
const clusterLimits = {
  ...limits,
  ...{ resendMs: 20, resendMaxMs: 200, leadTimeoutMs: 200, confirmTimeoutMs: 100, catchUpTimeoutMs: 1000, silentMs: 300 },
  ...{
    retainedEntriesMax: 8,
    hostedBlocksMax: 6,
    routeTimeoutMs: 1000,
    failoverPingMs: 30,
    preferenceIdleMs: 200,
    ...{ slowWriteMs: 5, slowWritesMax: 4, stalledWriteMs: 100, healthyMs: 300 },
    snapshotPieceBytes: 1024,
  },
  ...{ groupLookMs: 100, groupLookMax: 4, groupChangesMax: 2, callTimeoutMs: 3000 },
  ...{ swimPeriodMs: 100, swimPingTimeoutMs: 40, swimDigestMs: 500, swimDeadPingMs: 200 },
  ...{ directoryWriteMs: 50, recordIntervalMs: 2000, recordLookMs: 200 },
  ...{ contentTimeoutMs: 1000, contentRetryMs: 10, contentRetryMaxMs: 100, contentHedgeMs: 10, contentHedgeMaxMs: 100 },
  ...{ spreadRetryMs: 100, spreadRetryMaxMs: 500, spreadBlocksAtOnce: 8 },
  ...{ peerDialTimeoutMs: 200, peerDialRestMs: 5, peerDialRestMaxMs: 200, peerHandshakeTimeoutMs: 200, peerHelloTimeoutMs: 200 },
  ...{ peerPingMs: 200, peerSilenceMs: 600, peerStopMs: 200, peerLingerMs: 20, peerJoinTimeoutMs: 1000 },
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
  readonly #copies = new CopyChecker(() => this.#time.nowMs)
  readonly #cluster: SimCluster
  readonly #nemesis: Nemesis
  readonly #networkNemesis: NetworkNemesis
  readonly #addresses = new Map<string, BlockAddress>()
  readonly #clients: readonly WorldClient[]
  readonly #profile: Profile
  #left: number
  /** The moment in the history of keys as of which the survivor of a recovery went on alone; of a pair nothing may be lost by it. */
  #recoveredAt: number | undefined
  readonly #survivor: SimHost
  #failed: unknown = undefined

  constructor(seed: number, trap: HostTrap, { hosts = 1, change = (profile) => profile, print }: WorldOptions = {}) {
    this.#seed = seed
    this.#trap = trap
    this.#trace = new Trace(print)
    const random = new SeededRandom(seed)
    const profileRandom = random.fork()
    const profile = change(hosts === 1 ? drawProfile(profileRandom) : drawClusterProfile(profileRandom, hosts))
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
      limits: profile.hosts === 1 ? limits : clusterLimits,
    })
    const cluster = this.#cluster
    this.#survivor = profile.recovery ? more.pick(cluster.active) : this.#first
    const begin = (work: Promise<void>) => this.#watch(work)
    this.#nemesis = new Nemesis({ hosts: cluster.hosts, time, random: nemesis, profile, tell, begin })
    this.#networkNemesis = new NetworkNemesis({ cluster, time, random: between.nemesis, profile, tell })
    this.#clients = clients.map((each, index) => this.#client(`c${index}`, each, tell))
  }

  get #first(): SimHost {
    const [first] = this.#cluster.hosts
    assert(first !== undefined, 'a world has a host')
    return first
  }

  #client(name: string, random: SeededRandom, tell: (what: string) => void): WorldClient {
    const profile = this.#profile
    const { hosts } = this.#cluster
    const caller = new SimCaller({ name, hosts, time: this.#time, random, profile, tell })
    const parts = { caller, random, profile, values: this.#values, copies: this.#copies }
    const homeOf = (block: string): SimHost => {
      if (profile.recovery) return this.#survivor
      const home = profile.growth === 'joining' ? this.#first : hosts[Number(block.slice(1)) % hosts.length]
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
      this.#check()
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
    const growing = cluster.grow()
    if (growth !== 'joining') await growing
    if (growth === 'settled') await cluster.settle()
    this.#nemesis.begin()
    this.#networkNemesis.begin()
    await Promise.all([growing, ...this.#clients.map((client) => this.#use(client))])
    this.#nemesis.end()
    this.#networkNemesis.end()
    await this.#endTogether()
  }

  async #endTogether(): Promise<void> {
    const cluster = this.#cluster
    const [last] = this.#clients
    assert(last !== undefined, 'a world has a client')
    const changeAll = async () => (await last.keys.changeOne()) && (await last.blocks.changeAll())
    const { recovery, lossy: isLossy } = this.#profile
    const readAll = (host: SimHost) => this.#readAll(host)
    // A value that an entry brought while a node came is where its page was at that moment.
    await endCluster({ cluster, readAll, changeAll, isLossy, ...(recovery && { copies: 1 }) })
  }

  async #liveThroughRecovery(): Promise<void> {
    const { lossy: isLossy } = this.#profile
    const isRecovered = await liveThroughRecovery({
      ...{ cluster: this.#cluster, survivor: this.#survivor, time: this.#time, random: this.#random },
      tell: (what) => this.#trace.add(this.#time.nowMs, what),
      trouble: {
        begin: () => {
          this.#nemesis.begin()
          this.#networkNemesis.begin()
        },
        end: () => {
          this.#nemesis.end()
          this.#networkNemesis.end()
        },
      },
      use: async (operations) => {
        this.#left = operations
        await Promise.all(this.#clients.map((client) => this.#use(client)))
      },
      stopClients: () => {
        this.#left = 0
      },
      stayAt: (hosts) => {
        for (const [index, { caller }] of this.#clients.entries()) caller.stayAt(hosts[index % hosts.length] ?? this.#survivor)
      },
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
      if (events > eventsMax) throw new Violation(`the world never comes to an end, at ${Math.round(this.#time.nowMs)} ms`)
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
    const recoveredAt = this.#recoveredAt
    if (recoveredAt === undefined) checkHistory(keyModel, this.#keys)
    else {
      for (const key of this.#keys.objects) {
        if (isLinearizableButForATail(this.#keys.of(key), recoveredAt)) continue
        throw new Violation(`the history of ${key} is not linearizable, whatever the recovery may have lost`)
      }
    }
    checkHistory(blockModel, this.#blocks)
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
      },
      simulatedMs: Math.round(this.#time.nowMs),
    }
  }
}

function checkHistory<State, Call, Answer>(model: ObjectModel<State, Call, Answer>, history: History<Call, Answer>): void {
  for (const object of history.objects) {
    if (!isLinearizable(model, history.of(object))) throw new Violation(`the history of ${object} is not linearizable`)
  }
}
