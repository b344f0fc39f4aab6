import { openMemoryStore } from '../../src/node/adapters/memory-store/memory-store.ts'
import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemClock } from '../../src/node/adapters/system-clock/system-clock.ts'
import { SystemRandom } from '../../src/node/adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import type { ComposedCopies } from '../../src/node/compose-copies.ts'
import { composeCopies } from '../../src/node/compose-copies.ts'
import { nodeIdOf } from '../../src/node/core/access/user-keys.ts'
import type { BlockAddress } from '../../src/node/core/base/address.ts'
import type { Limits } from '../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import type { BlockRecord } from '../../src/node/core/consensus/block-record.ts'
import type { Member } from '../../src/node/core/consensus/group.ts'
import { bornGroup, compareMembers } from '../../src/node/core/consensus/group.ts'
import { decodeBlockRecord } from '../../src/node/core/consensus/record-codec.ts'
import type { ReplicaMessage } from '../../src/node/core/consensus/replica-events.ts'
import { BlockEngine } from '../../src/node/engine/block/block-engine.ts'
import type { BlockParts } from '../../src/node/engine/block/block-parts.ts'
import { SignedBlockLogic } from '../../src/node/engine/block/signed-block-logic.ts'
import { VerifiedVersions } from '../../src/node/engine/block/verified-versions.ts'
import { NodeClock } from '../../src/node/engine/clock/node-clock.ts'
import type { AskMember } from '../../src/node/engine/cluster/ask-member.ts'
import { BlockRoute } from '../../src/node/engine/cluster/block-route.ts'
import { NotPrimary } from '../../src/node/engine/consensus/replica-failures.ts'
import { ReplicaHost } from '../../src/node/engine/consensus/replica-host.ts'
import { lonelyPlacement } from '../../src/node/engine/content/content-place.ts'
import { ContentReplicas } from '../../src/node/engine/content/content-replicas.ts'
import { OutcomeLookup } from '../../src/node/engine/outcome-lookup.ts'
import { PayloadPipeline } from '../../src/node/engine/payload/payload-pipeline.ts'
import type { Peer } from '../../src/node/ports/transport.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import { silentCopyObserver, silentLogger } from './silent.ts'

export const crypto = new NodeCrypto({ verifyKeysMax: 16 })
const random = new SystemRandom()
const hostClock = new SystemClock()
const secret = { epoch: 1, key: random.bytes(32) }
const secrets = { current: () => secret, of: () => secret }
const rights = { read: true, write: true, store: true, invite: false, administer: false }

export interface ClusterMember {
  readonly self: Member
  readonly parts: BlockParts
  readonly host: ReplicaHost
  readonly blocks: BlockEngine
  readonly copies: ComposedCopies
  recordOf(address: BlockAddress): BlockRecord | undefined
}

export interface ClusterOptions {
  readonly members?: number
  readonly limits?: Partial<Limits>
}

/** Members of one group whose callers are one user, joined by calls in place of connections. */
export class SignedBlockCluster {
  readonly networkId = random.bytes(32)
  readonly user = { signing: crypto.signingKey(random.bytes(32)), agreement: crypto.agreementKey(random.bytes(32)) }
  readonly members: readonly ClusterMember[]
  /** False: the message is lost. */
  passes: (from: ClusterMember, to: ClusterMember, message: ReplicaMessage) => boolean = () => true
  /** Around a call to another member. */
  asked: (to: ClusterMember, kind: string, ask: () => Promise<Uint8Array>) => Promise<Uint8Array> = (_, __, ask) => ask()
  readonly #clocks: NodeClock[] = []
  readonly #contents: ContentReplicas[] = []
  readonly #limits: Limits

  private constructor({ limits }: ClusterOptions, members: readonly ClusterMember[]) {
    const fast = { resendMs: 10, resendMaxMs: 50, leadTimeoutMs: 200, confirmTimeoutMs: 100, routeTimeoutMs: 300 }
    this.#limits = { ...defaultLimits, ...fast, ...limits }
    this.members = members
  }

  static async start(options: ClusterOptions = {}): Promise<SignedBlockCluster> {
    const members: ClusterMember[] = []
    const cluster = new SignedBlockCluster(options, members)
    const selves = Array.from({ length: options.members ?? 3 }, () => ({
      nodeId: nodeIdOf(crypto, random.bytes(32)),
      storeId: random.bytes(16),
    }))
    for (const self of selves.toSorted(compareMembers)) members.push(await cluster.#member(self, selves))
    return cluster
  }

  member(index: number): ClusterMember {
    const member = this.members[index]
    if (member === undefined) throw new Error('there is no such member')
    return member
  }

  leaderOf(address: BlockAddress): ClusterMember {
    const leader = this.members.find(({ host }) => host.peek(address)?.isLeading === true)
    if (leader === undefined) throw new Error('nobody leads this block')
    return leader
  }

  async stop(): Promise<void> {
    this.passes = () => true
    for (const { blocks, host } of this.members) {
      await blocks.stop()
      await host.stop()
    }
    for (const content of this.#contents) await content[Symbol.asyncDispose]()
    for (const clock of this.#clocks) await clock.stop()
  }

  async #member(self: Member, all: readonly Member[]): Promise<ClusterMember> {
    const limits = this.#limits
    const store = openMemoryStore({ random, limits })
    const clock = new NodeClock({ clock: hostClock, store, limits, logger: silentLogger })
    await clock.start()
    this.#clocks.push(clock)
    const outcomes = new OutcomeLookup({ store, clock, limits })
    const pipeline = new PayloadPipeline({ crypto, compressor: new ZstdCompressor(), random, secrets, limits })
    const proposer = { ...self, bootCount: 1, recovery: 0 }
    const verified = new VerifiedVersions(crypto, 100)
    const { networkId, user } = this
    const liveness = { mayAnswer: () => true }
    const content = new ContentReplicas({
      store,
      crypto,
      clock: hostClock,
      hybridClock: clock,
      limits,
      logger: silentLogger,
      networkId: this.networkId,
      placement: lonelyPlacement(self),
      request: () => Promise.reject(new CodedError('unavailable', 'content is nobody else’s here')),
      liveness,
      least: 'majority',
    })
    this.#contents.push(content)
    const tools = { store, crypto, random, clock, outcomes, limits, pipeline, content }
    const parts: BlockParts = { ...tools, networkId, user, verified, self: proposer }
    const logic = new SignedBlockLogic({ store, clock, limits, outcomes })
    const birthGroup = () => bornGroup(all)
    const host = new ReplicaHost({
      store,
      clock: hostClock,
      limits,
      logger: silentLogger,
      self: proposer,
      logicOf: () => logic,
      birthGroup,
      epoch: () => 1,
      isUncertain: () => false,
      applied: (block) => copies.applied(block),
      link: {
        send: (to, address, message) => this.#send(self, to, address, message),
        catchUp: async (from, address, since) => {
          const block = await this.#memberOf(from).host.open(address)
          return { kind: 'chosen', slots: block.chosenFrom(since) }
        },
      },
    })
    const routing = { host, clock: hostClock, random, limits, self: proposer, store, liveness, birthGroup, holders: () => [] }
    const ask: AskMember = (to, call, signal) => this.#ask(self, to, call, signal)
    const route = new BlockRoute(routing)
    const copies: ComposedCopies = composeCopies({
      ...routing,
      route,
      ask,
      tripMs: () => undefined,
      observer: silentCopyObserver,
    })
    const blocks = new BlockEngine(parts, { host, route, ask, copies: copies.reads })
    copies.reads.answer('block-read', blocks.primary.serveCopy)
    const recordOf = (address: BlockAddress) => {
      const bytes = store.get('block', address)
      return bytes && decodeBlockRecord(address, bytes)
    }
    return { self, parts, host, blocks, copies, recordOf }
  }

  #send(self: Member, to: Member, address: BlockAddress, message: ReplicaMessage): void {
    setImmediate(() => {
      const target = this.#memberOf(to)
      if (this.passes(this.#memberOf(self), target, message)) target.host.receive(self, address, message, 1)
    })
  }

  async #ask(self: Member, to: Member, call: Parameters<AskMember>[1], signal: AbortSignal): Promise<Uint8Array> {
    const target = this.#memberOf(to)
    const peer: Peer = { ...self, bootCount: 1, rights }
    return await this.asked(target, call.kind, () =>
      target.host.use(call.address, async (block) => {
        const { reads, evidence } = target.copies
        if (call.kind === 'copy') return await reads.serve(block, call.body, peer, signal)
        const { promisedTo, group } = block
        const isOthers = promisedTo !== undefined && compareMembers(promisedTo, to) !== 0
        if (isOthers && !block.isLeading && !call.primaryFailed) throw new NotPrimary(group.members, promisedTo)
        const { primary } = target.blocks
        if (call.kind === 'confirmed-index') return await evidence.serve(block, call.body, peer, signal)
        return await (call.kind === 'block-read' ? primary.serveRead : primary.serveChange)(block, call.body, peer, signal)
      }),
    )
  }

  #memberOf(self: Member): ClusterMember {
    const member = this.members.find((each) => compareMembers(each.self, self) === 0)
    if (member === undefined) throw new CodedError('unavailable', 'no such member')
    return member
  }
}
