/**
 * What this node knows of the others, what it states of itself, and what of that it passes on.
 *
 * Invariants:
 * - only a node itself, by a signed record with a higher incarnation or boot count, ends what others say of it;
 * - an accusation counts for the statement that it names, and only where this node holds that statement;
 * - what an old digest says of a node that is alive here is suspected first and not believed.
 */

import { equalBytes, toHex } from '../../base/bytes.ts'
import type { LocalHealth } from './local-health.ts'
import type { PeerEntry } from './peer-table.ts'
import { isReachable, PeerTable } from './peer-table.ts'
import { ProbeOrder } from './probe-order.ts'
import { RumourQueue } from './rumour-queue.ts'
import type { Suspicion } from './suspicion.ts'
import { confirmSuspicion, decimalLogarithm, startSuspicion, suspicionEndMs } from './suspicion.ts'
import type { SwimOptions } from './swim-events.ts'
import type { Accusation, DigestEntry, NodeFacts, Rumour } from './swim-messages.ts'
import { compareFacts, rumourBytes, swimNodesBound } from './swim-messages.ts'
import type { SwimOutbox } from './swim-outbox.ts'

export class Membership {
  readonly table: PeerTable
  readonly #options: SwimOptions
  readonly #selfKey: string
  readonly #health: LocalHealth
  readonly #outbox: SwimOutbox
  readonly #order: ProbeOrder
  readonly #queue = new RumourQueue()
  #self: NodeFacts
  #ownRecord: Uint8Array
  #leaving = false

  constructor(options: SwimOptions, health: LocalHealth, outbox: SwimOutbox) {
    const { nodeId, bootCount, limits } = options
    this.#options = options
    this.#selfKey = toHex(nodeId)
    this.#health = health
    this.#outbox = outbox
    this.table = new PeerTable(limits.swimNodesMax)
    this.#order = new ProbeOrder(options.integerBelow)
    this.#self = { nodeId, bootCount, incarnation: 0 }
    this.#ownRecord = options.ownRecord(0)
    this.#queue.put(this.#ownRumour())
  }

  get self(): NodeFacts {
    return this.#self
  }

  get isLeaving(): boolean {
    return this.#leaving
  }

  isNews(facts: NodeFacts): boolean {
    return !equalBytes(facts.nodeId, this.#self.nodeId) && this.table.isNews(facts)
  }

  nextToProbe(): PeerEntry | undefined {
    return this.#order.next(this.table)
  }

  /** Alive rumours come as verified records. */
  hear(from: Uint8Array, rumours: readonly Rumour[]): void {
    for (const rumour of rumours) if (rumour.state !== 'alive') this.#accused(from, rumour, rumour.state)
  }

  #accused(from: Uint8Array, { by, ...facts }: Omit<Accusation, 'state'>, state: Accusation['state']): void {
    if (equalBytes(facts.nodeId, this.#self.nodeId)) {
      this.#defend(from, facts)
      return
    }
    const entry = this.table.get(facts.nodeId)
    if (entry === undefined || compareFacts(facts, entry.facts) !== 0) return
    if (state === 'suspect') this.suspect(entry, by)
    else this.bury(entry, state, by)
  }

  /** Only the last statement has to be taken back: of an earlier one the accuser is told what came after it. */
  #defend(from: Uint8Array, accused: NodeFacts): void {
    const order = compareFacts(accused, this.#self)
    if (this.#leaving || order > 0) return
    if (order === 0) {
      this.#health.worsen(1)
      this.renew()
    }
    this.#outbox.send(from, { kind: 'news', rumours: [this.#ownRumour()], wanted: [] })
  }

  /** States itself anew. */
  renew(): void {
    if (this.#leaving) return
    this.#self = { ...this.#self, incarnation: this.#self.incarnation + 1 }
    this.#ownRecord = this.#options.ownRecord(this.#self.incarnation)
    this.#queue.put(this.#ownRumour())
  }

  sendDigest(nodeId: Uint8Array): void {
    if (this.#leaving) return
    const others = [...this.table.entries()].map(({ facts, state }) => ({ ...facts, state }))
    this.#outbox.send(nodeId, {
      kind: 'digest',
      entries: [{ ...this.#self, state: 'alive' as const }, ...others].slice(0, this.#options.limits.swimNodesMax),
    })
  }

  /** Says what the other lacks, asks for what this node lacks, and takes its accusations. */
  compareDigest(from: Uint8Array, entries: readonly DigestEntry[]): void {
    const theirs = new Map(entries.map((entry) => [toHex(entry.nodeId), entry]))
    const lacks = (facts: NodeFacts) => {
      const known = theirs.get(toHex(facts.nodeId))
      return known === undefined || compareFacts(facts, known) > 0
    }
    const rumours = this.#withinNews([...this.#ownStatements()].filter(lacks))
    const wanted: Uint8Array[] = []
    for (const entry of theirs.values()) {
      if (this.isNews(entry)) wanted.push(entry.nodeId)
      else if (entry.state === 'left') this.#accused(from, { ...entry, by: from }, 'left')
      // What was found long ago, or by the other half of a partition, is tried again before it is believed.
      else if (entry.state !== 'alive') this.#accused(from, { ...entry, by: from }, 'suspect')
    }
    if (rumours.length > 0 || wanted.length > 0) this.#outbox.send(from, { kind: 'news', rumours, wanted })
  }

  tell(to: Uint8Array, wanted: readonly Uint8Array[]): void {
    const rumours: Rumour[] = []
    for (const nodeId of wanted) {
      const entry = this.table.get(nodeId)
      if (entry !== undefined) rumours.push(...this.#statementsOf(entry))
      else if (toHex(nodeId) === this.#selfKey) rumours.push(this.#ownRumour())
    }
    const within = this.#withinNews(rumours)
    if (within.length > 0) this.#outbox.send(to, { kind: 'news', rumours: within, wanted: [] })
  }

  #withinNews(rumours: readonly Rumour[]): Rumour[] {
    const taken: Rumour[] = []
    let bytes = 0
    for (const rumour of rumours) {
      bytes += rumourBytes(rumour)
      if (bytes > this.#options.limits.swimNewsBytesMax || taken.length === swimNodesBound) break
      taken.push(rumour)
    }
    return taken
  }

  *#ownStatements(): Generator<Rumour> {
    yield this.#ownRumour()
    for (const entry of this.table.entries()) if (entry.state !== 'left') yield* this.#statementsOf(entry)
  }

  /** An accusation means nothing without the record that it is about, so it follows it. */
  *#statementsOf({ facts, record, state }: PeerEntry): Generator<Rumour> {
    yield { ...facts, state: 'alive', record }
    if (state !== 'alive') yield { ...facts, state, by: this.#self.nodeId }
  }

  record(facts: NodeFacts, record: Uint8Array, anotherStore: boolean): void {
    const isSelf = equalBytes(facts.nodeId, this.#self.nodeId)
    if (isSelf || !(anotherStore || this.table.isNews(facts))) return
    const before = this.table.get(facts.nodeId)
    const entry = this.table.record(facts, record, this.#outbox.nowMs)
    if (entry === undefined) return
    this.#queue.put({ ...facts, state: 'alive', record })
    if (before?.state === 'alive') return
    this.#outbox.changed(entry)
    if (before === undefined || !isReachable(before)) this.#order.insert(entry.key)
    // Somebody who was given up may have given up others: what both know is compared.
    if (before?.state === 'dead') this.sendDigest(entry.nodeId)
  }

  suspect(entry: PeerEntry, by: Uint8Array): void {
    const accuser = toHex(by)
    if (accuser === entry.key || (accuser !== this.#selfKey && this.table.byKey(accuser) === undefined)) return
    if (entry.state === 'alive') this.#beginSuspicion(entry, accuser)
    else if (entry.suspicion === undefined || !confirmSuspicion(entry.suspicion, accuser)) return
    this.#queue.put({ ...entry.facts, state: 'suspect', by })
  }

  #beginSuspicion(entry: PeerEntry, accuser: string): void {
    const { integerBelow, limits } = this.#options
    const nodes = this.table.reachable + 1
    const suspicion = startSuspicion(this.#outbox.nowMs, accuser, nodes, this.#health.multiplier, limits)
    const suspect = this.table.setState(entry, 'suspect', this.#outbox.nowMs, suspicion)
    this.#outbox.changed(suspect)
    // Some tell it at once, so that it need not wait for gossip to come round; all would be too many.
    if (accuser === this.#selfKey || integerBelow(nodes) < limits.swimConfronters) this.#confront(suspect)
  }

  /** Tells a suspect what is said of it; it answers with a later statement to whoever told it. */
  #confront({ nodeId, facts }: PeerEntry): void {
    const accusation: Rumour = { ...facts, state: 'suspect', by: this.#self.nodeId }
    this.#outbox.send(nodeId, { kind: 'news', rumours: [accusation], wanted: [] })
  }

  bury(entry: PeerEntry, state: 'dead' | 'left', by: Uint8Array): void {
    if (entry.state === 'left' || entry.state === state) return
    this.#outbox.changed(this.table.setState(entry, state, this.#outbox.nowMs))
    this.#queue.put({ ...entry.facts, state, by })
  }

  forget(nodeId: Uint8Array): void {
    const entry = this.table.get(nodeId)
    if (entry === undefined || entry.state === 'left') return
    this.#outbox.changed(this.table.setState(entry, 'left', this.#outbox.nowMs))
    this.#queue.drop(entry.key)
  }

  leave(): void {
    if (this.#leaving) return
    this.#leaving = true
    const farewell: Rumour = { ...this.#self, state: 'left', by: this.#self.nodeId }
    this.#queue.put(farewell)
    for (const peer of this.pick(this.#options.limits.swimFarewells, isReachable)) {
      this.#outbox.send(peer.nodeId, { kind: 'news', rumours: [farewell], wanted: [] })
    }
  }

  /** Who is accused hears it first of all, so that it can refute. */
  rumoursFor(nodeId: Uint8Array): readonly Rumour[] {
    const entry = this.table.get(nodeId)
    const tellings = this.#options.limits.swimRetransmits * Math.ceil(decimalLogarithm(this.table.reachable + 2))
    const rumours = this.#queue.take(this.#options.limits.swimRumourBytesMax, tellings)
    if (entry === undefined || entry.state === 'alive') return rumours
    return [{ ...entry.facts, state: entry.state, by: this.#self.nodeId }, ...rumours]
  }

  /** So many different ones, at random. */
  pick(count: number, fits: (entry: PeerEntry) => boolean): PeerEntry[] {
    const left = [...this.table.entries()].filter(fits)
    const picked: PeerEntry[] = []
    while (picked.length < count && left.length > 0) {
      picked.push(...left.splice(this.#options.integerBelow(left.length), 1))
    }
    return picked
  }

  #ownRumour(): Rumour {
    return { ...this.#self, state: 'alive', record: this.#ownRecord }
  }

  /** Suspects who did not refute in time are dead. */
  buryExpired(): void {
    for (const suspect of this.table.suspects()) {
      if (suspect.suspicion !== undefined && suspicionEndMs(suspect.suspicion) <= this.#outbox.nowMs) {
        this.bury(suspect, 'dead', this.#self.nodeId)
      }
    }
  }

  /** Suspects get the time back for which this node did not listen. */
  excuse(byMs: number): void {
    for (const { suspicion } of this.table.suspects()) if (suspicion !== undefined) suspicion.excusedMs += byMs
  }

  /** Suspects whose time is nearly over are told once more, in case that all before was lost. */
  confrontSuspects(): void {
    for (const suspect of this.table.suspects()) {
      const { suspicion } = suspect
      if (suspicion === undefined || suspicion.warned || this.#warnMs(suspicion) > this.#outbox.nowMs) continue
      suspicion.warned = true
      this.#confront(suspect)
    }
  }

  /** When a suspect is told for the last time, or its time is over. */
  get nextSuspicionMs(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { suspicion } of this.table.suspects()) {
      if (suspicion === undefined) continue
      least = Math.min(least, suspicion.warned ? suspicionEndMs(suspicion) : this.#warnMs(suspicion))
    }
    return least
  }

  /** Early enough for an answer that comes late. */
  #warnMs(suspicion: Suspicion): number {
    return suspicionEndMs(suspicion) - 2 * this.#options.limits.swimPingTimeoutMs
  }
}
