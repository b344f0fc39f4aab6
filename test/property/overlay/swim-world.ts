/** Membership machines in virtual time, over a network that loses, delays, cuts and in processes that stand still. One seed, one run. */
import { createHash } from 'node:crypto'
import { toHex } from '../../../src/node/core/base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { SwimEffect, SwimEvent } from '../../../src/node/core/overlay/swim/swim-events.ts'
import { SwimMachine } from '../../../src/node/core/overlay/swim/swim-machine.ts'
import type { NodeFacts, PeerState, SwimMessage } from '../../../src/node/core/overlay/swim/swim-messages.ts'
import { decodeSwimMessage, encodeSwimMessage } from '../../../src/node/core/overlay/swim/swim-messages.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'
import { nodeIdNumber } from '../../support/placement-draft.ts'

const recordFormat = recordTag('test/node-record/1')

export interface SwimWorldOptions {
  readonly seed: number
  readonly nodes: number
  readonly lossPercent?: number
  readonly limits?: Partial<Limits>
}

export interface SeenChange {
  readonly atMs: number
  readonly observer: number
  readonly subject: number
  readonly state: PeerState
}

interface SimNode {
  readonly index: number
  readonly nodeId: Uint8Array
  machine: SwimMachine
  bootCount: number
  isUp: boolean
  wakeMs: number
  busyUntilMs: number
  /** What arrived while the process stood still. */
  readonly inbox: { readonly from: number; readonly bytes: Uint8Array }[]
}

type Happening = { readonly atMs: number; readonly order: number; run(): void }

export class SwimWorld {
  readonly nodes: SimNode[] = []
  readonly changes: SeenChange[] = []
  messages = 0
  largestBytes = 0
  nowMs = 0
  lossPercent: number
  /** Whether nothing reaches the second node from the first. */
  isCut: (from: number, to: number) => boolean = () => false
  readonly random: SeededRandom
  readonly #limits: Limits
  readonly #trace = createHash('sha256')
  readonly #heap: Happening[] = []
  #order = 0

  constructor({ seed, nodes, lossPercent = 0, limits = {} }: SwimWorldOptions) {
    this.random = new SeededRandom(seed)
    this.lossPercent = lossPercent
    this.#limits = { ...defaultLimits, ...limits }
    for (let index = 0; index < nodes; index++) this.#add(index)
    for (const node of this.nodes) this.#boot(node)
  }

  /** Node 0 is known to all, as the one that let them in; it tells each of the others. */
  #boot(node: SimNode): void {
    this.#step(node, { kind: 'start', nowMs: this.nowMs })
    const inviter = this.nodes[node.index === 0 ? 1 : 0]
    if (inviter === undefined || !inviter.isUp || this.isCut(node.index, inviter.index)) return
    this.connect(node, inviter)
  }

  /** A session, with records in the hellos. */
  connect(left: SimNode, right: SimNode): void {
    for (const [self, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const facts = other.machine.ownFacts
      this.#step(self, { kind: 'record', nowMs: this.nowMs, facts, record: recordOf(facts) })
      this.#step(self, { kind: 'connected', nowMs: this.nowMs, nodeId: other.nodeId })
    }
  }

  crash(index: number): void {
    const node = this.#node(index)
    node.isUp = false
    node.inbox.length = 0
  }

  restart(index: number): void {
    const node = this.#node(index)
    node.bootCount += 1
    node.isUp = true
    node.busyUntilMs = 0
    node.machine = this.#machineOf(node)
    this.#boot(node)
  }

  leave(index: number): void {
    this.#step(this.#node(index), { kind: 'leave', nowMs: this.nowMs })
  }

  refresh(index: number): void {
    this.#step(this.#node(index), { kind: 'refresh', nowMs: this.nowMs })
  }

  /** The process does nothing for so long; what came and what was due waits. */
  stall(index: number, forMs: number): void {
    const node = this.#node(index)
    node.busyUntilMs = Math.max(node.busyUntilMs, this.nowMs + forMs)
    this.#at(node.busyUntilMs, () => this.#wake(node))
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > endMs) break
      this.#pop()
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = endMs
  }

  after(delayMs: number, run: () => void): void {
    this.#at(this.nowMs + delayMs, run)
  }

  stateOf(observer: number, subject: number): PeerState | undefined {
    return this.#node(observer).machine.stateOf(this.#node(subject).nodeId)
  }

  /** How many pairs of nodes that run do not have this view of each other. */
  disagreements(state: PeerState, subjects = this.up()): number {
    const pairs = this.up().flatMap((observer) => subjects.map((subject) => [observer, subject] as const))
    return pairs.filter(([observer, subject]) => observer !== subject && this.stateOf(observer, subject) !== state).length
  }

  up(): number[] {
    return this.nodes.filter((node) => node.isUp).map((node) => node.index)
  }

  get traceHash(): string {
    return this.#trace.copy().digest('hex')
  }

  #node(index: number): SimNode {
    const node = this.nodes[index]
    if (node === undefined) throw new Error('there is no such node')
    return node
  }

  #add(index: number): void {
    const facts = { index, nodeId: nodeIdNumber(index), bootCount: 1, isUp: true, wakeMs: Number.POSITIVE_INFINITY }
    const node = { ...facts, busyUntilMs: 0, inbox: [], machine: this.#machineOf(facts) }
    this.nodes.push(node)
  }

  #machineOf({ nodeId, bootCount }: { readonly nodeId: Uint8Array; readonly bootCount: number }): SwimMachine {
    const random = this.random.fork()
    return new SwimMachine({
      nodeId,
      bootCount,
      ownRecord: (incarnation) => recordOf({ nodeId, bootCount, incarnation }),
      integerBelow: (limit) => random.integerBelow(limit),
      limits: this.#limits,
    })
  }

  /** A late timer fires before what arrived is read, as in an event loop that was busy. */
  #wake(node: SimNode): void {
    if (!node.isUp || node.busyUntilMs > this.nowMs) return
    const scheduledMs = node.wakeMs
    if (scheduledMs <= this.nowMs) this.#step(node, { kind: 'tick', nowMs: this.nowMs, scheduledMs })
    for (const { from, bytes } of node.inbox.splice(0)) this.#read(node, from, bytes)
  }

  #step(node: SimNode, event: SwimEvent): void {
    for (const effect of node.machine.step(event)) this.#perform(node, effect)
  }

  #perform(node: SimNode, effect: SwimEffect): void {
    switch (effect.kind) {
      case 'timer': {
        const { machine } = node
        node.wakeMs = effect.atMs
        this.#at(Math.max(effect.atMs, this.nowMs), () => {
          if (node.machine === machine && node.wakeMs === effect.atMs) this.#wake(node)
        })
        break
      }
      case 'changed': {
        const subject = this.nodes.findIndex((other) => toHex(other.nodeId) === toHex(effect.nodeId))
        this.changes.push({ atMs: this.nowMs, observer: node.index, subject, state: effect.state })
        this.#trace.update(`${this.nowMs} ${node.index} ${subject} ${effect.state}\n`)
        break
      }
      case 'send':
        this.#send(node, effect.nodeId, effect.message)
    }
  }

  #send(node: SimNode, to: Uint8Array, message: SwimMessage): void {
    const target = this.nodes.find((other) => toHex(other.nodeId) === toHex(to))
    if (target === undefined) throw new Error('messages go to nodes')
    const bytes = encodeSwimMessage(message)
    this.messages += 1
    if (message.kind !== 'news' && message.kind !== 'digest') this.largestBytes = Math.max(this.largestBytes, bytes.length)
    this.#trace.update(`${this.nowMs} ${node.index} ${target.index}`).update(bytes)
    if (this.isCut(node.index, target.index) || this.random.percent(this.lossPercent)) return
    const { machine } = target
    this.#at(this.nowMs + this.random.between(1, 20), () => {
      if (target.isUp && target.machine === machine) target.inbox.push({ from: node.index, bytes })
      this.#wake(target)
    })
  }

  #read(node: SimNode, from: number, bytes: Uint8Array): void {
    const message = decodeSwimMessage(bytes)
    if (message === undefined) throw new Error('a message can be read')
    const { nowMs } = this
    for (const rumour of 'rumours' in message ? message.rumours : []) {
      if (rumour.state !== 'alive' || !node.machine.isNews(rumour)) continue
      const facts = verifiedFacts(rumour.record)
      if (facts !== undefined) this.#step(node, { kind: 'record', nowMs, facts, record: rumour.record })
    }
    this.#step(node, { kind: 'message', nowMs, from: this.#node(from).nodeId, message })
  }

  #at(atMs: number, run: () => void): void {
    this.#heap.push({ atMs, order: this.#order++, run })
    for (let at = this.#heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfLess(at, parent)) break
      at = parent
    }
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const least = right < this.#heap.length && this.#isLess(right, left) ? right : left
      if (least >= this.#heap.length || !this.#swapIfLess(least, at)) return
      at = least
    }
  }

  #isLess(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left]!, this.#heap[right]!]
    return a.atMs - b.atMs < 0 || (a.atMs === b.atMs && a.order < b.order)
  }

  #swapIfLess(lower: number, upper: number): boolean {
    if (!this.#isLess(lower, upper)) return false
    const [a, b] = [this.#heap[lower]!, this.#heap[upper]!]
    this.#heap[lower] = b
    this.#heap[upper] = a
    return true
  }
}

/** Stands for a signed record: about as long as one. */
function recordOf({ nodeId, bootCount, incarnation }: NodeFacts): Uint8Array {
  return new CanonicalWriter(recordFormat).bytes(nodeId).uint(bootCount).uint(incarnation).bytes(new Uint8Array(300)).finish()
}

function verifiedFacts(record: Uint8Array): NodeFacts | undefined {
  return decodeCanonical(recordFormat, record, (reader) => {
    const facts = { nodeId: reader.fixed(32), bootCount: reader.uint(), incarnation: reader.uint() }
    reader.fixed(300)
    return facts
  })
}
