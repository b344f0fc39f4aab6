import type { ProvenMember } from '../../core/access/judge-hello.ts'
import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import { decodeNodeRecord, encodeNodeRecord } from '../../core/access/node-record.ts'
import { compareBytes, toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeRolledBack } from '../../core/overlay/life-mark.ts'
import type { SwimEffect, SwimEvent } from '../../core/overlay/swim/swim-events.ts'
import { SwimMachine } from '../../core/overlay/swim/swim-machine.ts'
import type { PeerState, SwimMessage } from '../../core/overlay/swim/swim-messages.ts'
import { decodeSwimMessage, encodeSwimMessage } from '../../core/overlay/swim/swim-messages.ts'
import { messageBody } from '../../core/wire/peer-body.ts'
import type { RecordRefusal } from '../../observe/cluster-observer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { Peer, Transport } from '../../ports/transport.ts'
import type { Liveness } from './liveness.ts'
import type { LostStateParts } from './lost-state.ts'
import { LostState } from './lost-state.ts'
import type { NodeDirectory, RecordVerdict } from './node-directory.ts'
import type { ClusterNodeStatus } from './node-status.ts'
import { statusOf } from './node-status.ts'
import { PeerAllowance } from './peer-allowance.ts'
import type { PeerSwitch } from './peer-switch.ts'
import { RecordIntake } from './record-intake.ts'
import { RoundTrips } from './round-trips.ts'

export interface LivenessParts extends LostStateParts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly limits: Limits
  readonly networkId: Uint8Array
  readonly transport: Pick<Transport, 'send' | 'endSession' | 'peers'>
  readonly peers: PeerSwitch
  readonly directory: NodeDirectory
  /** Whether the placement map names the node. */
  isOfNetwork(nodeId: Uint8Array): boolean
}

/**
 * Who is in the cluster, where it is, and whether it answers: drives the membership machine over clock and transport. Started before the
 * transport, whose endpoints `ownChanged` brings to the others; stopped before it too, so that the farewells go out. What it says of a
 * node is a hint: a session that begins shows life, one that ends shows nothing.
 */
export class LivenessEngine implements Liveness, AsyncDisposable {
  readonly #parts: LivenessParts
  readonly #intake: RecordIntake
  readonly #trips: RoundTrips
  readonly #digests: PeerAllowance
  readonly #lostState: LostState
  /** What was last said of each node of the directory, by its id in hex. */
  readonly #states = new Map<string, PeerState>()
  #machine: SwimMachine | undefined
  #returned: () => void = () => undefined
  #timer: Disposable | undefined
  #lookTimer: Disposable | undefined
  #leaving: Promise<void> | undefined

  constructor(parts: LivenessParts) {
    const { own, limits, peers, clock } = parts
    this.#parts = parts
    this.#intake = new RecordIntake({ ...parts, ownNodeId: own.nodeId })
    this.#lostState = new LostState(parts)
    this.#trips = new RoundTrips(limits.directoryNodesMax)
    this.#digests = new PeerAllowance(clock, limits.digestBurst, limits.digestsPerSecond)
    peers.onMessage('liveness', (peer, body) => this.#hear(peer, body))
    peers.onSession({
      connected: (peer) => this.#connected(peer),
      disconnected: ({ nodeId }) => {
        this.#intake.ended(nodeId)
        this.#digests.ended(nodeId)
      },
    })
  }

  /** Begins with the nodes that were known at the last stop. Throws CodedError `config-invalid` where the own record would not fit. */
  async start(): Promise<void> {
    const { directory, own, random, limits, clock } = this.#parts
    await directory.start()
    this.#machine = new SwimMachine({
      nodeId: own.nodeId,
      bootCount: own.life.bootCount,
      ownRecord: (incarnation) => own.renew(incarnation),
      integerBelow: (limit) => random.integerBelow(limit),
      limits,
    })
    this.#step({ kind: 'start', nowMs: clock.monotonicMs() })
    for (const record of directory.records()) this.#know(record, false)
    this.#lookLater()
  }

  /** Tells others that this node leaves, so that nobody waits for it. Idempotent. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    return this.#leaving
  }

  async stop(): Promise<void> {
    await this.leave()
    this.#timer?.[Symbol.dispose]()
    this.#lookTimer?.[Symbol.dispose]()
    await this.#parts.directory.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** A member showed its hello, which was found good. */
  met({ record: shown }: Pick<ProvenMember, 'record'>): void {
    if (!this.#isRunning) return
    // Of its own: what is kept must not hold the whole hello.
    const record = decodeNodeRecord(Uint8Array.from(encodeNodeRecord(shown)))
    if (record !== undefined) this.#judged(record, this.#parts.directory.take(record, 'hello'))
  }

  /** Records of members that came another way, such as with the answer to a joiner; each is verified. */
  seed(records: Iterable<SignedNodeRecord>): void {
    if (!this.#isRunning) return
    for (const record of records) this.#judged(record, this.#parts.directory.take(record, 'gossip'))
  }

  /** What this node advertises may have changed. */
  ownChanged(): void {
    const { own, directory } = this.#parts
    if (this.#isRunning && own.isOutdated(directory.size)) this.#step({ kind: 'refresh', nowMs: this.#nowMs })
  }

  /** Another placement map holds: who has no place is forgotten, and who has one and is here is asked for its record. */
  placementChanged(): void {
    const { directory, transport, isOfNetwork } = this.#parts
    for (const nodeId of directory.forgetStrangers()) {
      this.#step({ kind: 'forget', nowMs: this.#nowMs, nodeId })
      this.#trips.forget(nodeId)
      this.#states.delete(toHex(nodeId))
      this.#lostState.settle(nodeId)
    }
    for (const { nodeId } of transport.peers) {
      const isMissing = directory.get(nodeId) === undefined && isOfNetwork(nodeId)
      if (isMissing) this.#step({ kind: 'connected', nowMs: this.#nowMs, nodeId })
    }
  }

  mayAnswer(nodeId: Uint8Array): boolean {
    const state = this.#machine?.stateOf(nodeId)
    return state !== 'dead' && state !== 'left'
  }

  /** Who hears that a node answers again that did not for a while. */
  onReturned(listener: () => void): void {
    this.#returned = listener
  }

  /** How long a ping of this node and its answer take on the average; undefined until one came. */
  tripMs(nodeId: Uint8Array): number | undefined {
    return this.#trips.of(nodeId)
  }

  /** By how much this node waits longer than usual because it is slow itself, from 1. */
  get healthMultiplier(): number {
    return this.#machine?.healthMultiplier ?? 1
  }

  /** All that are known, this node among them, by node id. */
  nodes(): readonly ClusterNodeStatus[] {
    const { directory, own } = this.#parts
    const nodes = [
      statusOf(own.current, { state: this.#leaving === undefined ? 'alive' : 'left', isSelf: true, rttMs: undefined }),
    ]
    for (const record of directory.records()) {
      // Who left so long ago that gossip has forgotten it is still in the map.
      const state = this.#machine?.stateOf(record.nodeId) ?? 'left'
      nodes.push(statusOf(record, { state, isSelf: false, rttMs: this.#trips.of(record.nodeId) }))
    }
    return nodes.sort((left, right) => compareBytes(left.nodeId, right.nodeId))
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }

  get #isRunning(): boolean {
    return this.#machine !== undefined && this.#leaving === undefined
  }

  async #leave(): Promise<void> {
    const { clock, limits, transport } = this.#parts
    this.#step({ kind: 'leave', nowMs: this.#nowMs })
    if (this.#machine !== undefined && transport.peers.length > 0) await clock.sleep(limits.farewellMs)
  }

  #connected({ nodeId }: Peer): void {
    if (!this.#isRunning) return
    this.#step({ kind: 'connected', nowMs: this.#nowMs, nodeId })
  }

  #hear(peer: Peer, body: Uint8Array): void {
    if (!this.#isRunning) return
    const message = decodeSwimMessage(body)
    if (message !== undefined) this.#gossip(peer.nodeId, message)
    else {
      const notice = decodeRolledBack(body)
      if (notice === undefined) this.#nonsense(peer.nodeId, 'malformed')
      else this.#lostState.told(peer.nodeId, notice)
    }
  }

  #gossip(from: Uint8Array, message: SwimMessage): void {
    this.#trips.heard(from, message, this.#nowMs)
    if ('rumours' in message && !this.#takeRecords(from, message.rumours)) return
    if (asksForMuch(message) && !this.#digests.spend(from)) {
      this.#parts.observer.recordRefused({ reason: 'too-many' })
      return
    }
    this.#step({ kind: 'message', nowMs: this.#nowMs, from, message: keptMessage(message) })
  }

  /** False where the peer sent what no node sends: then nothing of the message counts. */
  #takeRecords(from: Uint8Array, rumours: Extract<SwimMessage, { rumours: unknown }>['rumours']): boolean {
    for (const rumour of rumours) {
      if (rumour.state !== 'alive') continue
      const judged = this.#intake.judge(from, rumour)
      switch (judged.kind) {
        case 'nonsense':
          this.#nonsense(from, 'malformed')
          return false
        case 'too-many':
          this.#parts.observer.recordRefused({ reason: 'too-many' })
          break
        case 'own':
          this.#lostState.ownSeen(judged.record)
          break
        case 'judged':
          if (judged.verdict.kind === 'forged') {
            this.#nonsense(from, 'forged')
            return false
          }
          this.#judged(judged.record, judged.verdict)
      }
    }
    return true
  }

  #judged(record: SignedNodeRecord, verdict: RecordVerdict): void {
    const { nodeId } = record
    switch (verdict.kind) {
      case 'news':
        this.#lostState.settle(nodeId)
        this.#know(record, verdict.anotherStore)
        break
      case 'known':
      case 'older':
        break
      case 'rolled-back':
        this.#lostState.seen(nodeId, verdict.notice)
        break
      case 'copied':
        this.#lostState.copied(nodeId, verdict.known)
        break
      default:
        this.#parts.observer.recordRefused({ reason: verdict.kind })
    }
  }

  #know(record: SignedNodeRecord, anotherStore: boolean): void {
    const { nodeId, bootCount, incarnation } = record
    const facts = { nodeId, bootCount, incarnation }
    const bytes = Uint8Array.from(encodeNodeRecord(record))
    this.#step({ kind: 'record', nowMs: this.#nowMs, facts, record: bytes, ...(anotherStore && { anotherStore }) })
  }

  /** A peer whose words no node of this version says is not listened to any more until it has greeted again. */
  #nonsense(nodeId: Uint8Array, reason: RecordRefusal): void {
    this.#parts.observer.recordRefused({ reason })
    this.#parts.transport.endSession(nodeId, 'malformed')
  }

  #step(event: SwimEvent): void {
    for (const effect of this.#machine?.step(event) ?? []) this.#perform(effect)
  }

  #perform(effect: SwimEffect): void {
    const { transport, clock } = this.#parts
    switch (effect.kind) {
      case 'send':
        this.#trips.sent(effect.nodeId, effect.message, this.#nowMs)
        transport.send(effect.nodeId, messageBody('liveness', encodeSwimMessage(effect.message)))
        break
      case 'changed':
        this.#changed(effect.nodeId, effect.state)
        break
      case 'timer': {
        const { atMs } = effect
        this.#timer?.[Symbol.dispose]()
        this.#timer = clock.after(Math.max(0, Math.ceil(atMs - this.#nowMs)), () => {
          this.#step({ kind: 'tick', nowMs: this.#nowMs, scheduledMs: atMs })
        })
      }
    }
  }

  #changed(nodeId: Uint8Array, to: PeerState): void {
    const key = toHex(nodeId)
    const from = this.#states.get(key) ?? 'unknown'
    this.#states.set(key, to)
    if (from === to) return
    this.#parts.observer.stateChanged({ nodeId, from, to })
    if (to === 'alive' && (from === 'dead' || from === 'left')) this.#returned()
  }

  #lookLater(): void {
    this.#lookTimer = this.#parts.clock.after(this.#parts.limits.recordLookMs, () => {
      this.#look()
    })
  }

  #look(): void {
    if (!this.#isRunning) return
    this.ownChanged()
    this.#lookTimer = undefined
    this.#lookLater()
  }
}

/** Whether the answer may hold all that is known. */
function asksForMuch(message: SwimMessage): boolean {
  return message.kind === 'digest' || (message.kind === 'news' && message.wanted.length > 0)
}

/** With accusers of their own: what is kept of them must not hold the whole message. */
function keptMessage(message: SwimMessage): SwimMessage {
  if (!('rumours' in message)) return message
  const rumours = message.rumours.map((rumour) => {
    return rumour.state === 'alive' ? rumour : { ...rumour, by: Uint8Array.from(rumour.by) }
  })
  return { ...message, rumours }
}
