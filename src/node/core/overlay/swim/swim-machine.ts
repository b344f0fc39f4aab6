/**
 * Who is alive, by SWIM (Das, Gupta and Motivala 2002) with the local health and the suspicions of Lifeguard. It says whom to ask first
 * and whom to give up waiting for; where blocks belong is the placement map's alone.
 *
 * Invariants:
 * - what this node was too late to hear is never held against another: lateness stretches what waits;
 * - a period costs each node a constant number of messages of bounded size, however many nodes there are;
 * - nodes that are dead are pinged now and then, so that the halves of a partition find each other;
 * - the same events and the same draws lead to the same effects.
 */

import { equalBytes, toHex } from '../../base/bytes.ts'
import type { SwimLimits } from '../../base/swim-limits.ts'
import { LocalHealth } from './local-health.ts'
import { Membership } from './membership.ts'
import type { PeerEntry } from './peer-table.ts'
import { isReachable } from './peer-table.ts'
import type { Probe } from './probe.ts'
import { excuseProbe, Relays, startProbe } from './probe.ts'
import type { SwimEffect, SwimEvent, SwimOptions } from './swim-events.ts'
import type { NodeFacts, PeerState, PingRequest, SwimMessage } from './swim-messages.ts'
import { compareFacts } from './swim-messages.ts'
import { SwimOutbox } from './swim-outbox.ts'

/** Part of the ping's time after which a helper says that it has no answer: its nack has to come within what the asker waits. */
const relayPart = 0.8

export class SwimMachine {
  readonly #options: SwimOptions
  readonly #limits: SwimLimits
  readonly #outbox = new SwimOutbox()
  readonly #health: LocalHealth
  readonly #members: Membership
  readonly #relays: Relays
  #sequence: number
  #probe: Probe | undefined
  /** When the next period begins while nothing is probed. */
  #periodMs = Number.POSITIVE_INFINITY
  #digestMs = 0
  #deadPingMs = 0
  /** What was asked for last. */
  #wakeMs = Number.POSITIVE_INFINITY

  constructor(options: SwimOptions) {
    this.#options = options
    this.#limits = options.limits
    this.#health = new LocalHealth(options.limits.swimHealthMax)
    this.#members = new Membership(options, this.#health, this.#outbox)
    this.#relays = new Relays(options.limits.swimRelaysMax)
    // An answer to an earlier start of this node is not taken for one to this start.
    this.#sequence = options.integerBelow(0x4000_0000)
  }

  step(event: SwimEvent): readonly SwimEffect[] {
    this.#outbox.begin(event.nowMs)
    if (event.kind === 'tick') this.#wakeMs = Number.POSITIVE_INFINITY
    this.#handle(event)
    const wakeMs = this.#nextWakeMs()
    if (wakeMs !== this.#wakeMs) this.#outbox.timer(wakeMs)
    this.#wakeMs = wakeMs
    return this.#outbox.take()
  }

  /** Whether a record with these facts would change anything, so that only such ones need be verified. */
  isNews(facts: NodeFacts): boolean {
    return this.#members.isNews(facts)
  }

  /** Undefined for a node that is not known. */
  stateOf(nodeId: Uint8Array): PeerState | undefined {
    return this.#members.table.get(nodeId)?.state
  }

  /** All that are known but this node itself, as their last statements and what became of them. */
  peers(): readonly Pick<PeerEntry, 'nodeId' | 'facts' | 'record' | 'state' | 'sinceMs'>[] {
    return [...this.#members.table.entries()]
  }

  get ownFacts(): NodeFacts {
    return this.#members.self
  }

  /** By how much this node waits longer than usual, from 1. */
  get healthMultiplier(): number {
    return this.#health.multiplier
  }

  #handle(event: SwimEvent): void {
    switch (event.kind) {
      case 'start':
        this.#start()
        break
      case 'tick':
        this.#tick(event.nowMs - event.scheduledMs)
        break
      case 'message':
        this.#message(event.from, event.message)
        break
      case 'record':
        this.#members.record(event.facts, event.record, event.anotherStore === true)
        break
      case 'connected':
        this.#members.sendDigest(event.nodeId)
        break
      case 'refresh':
        this.#members.renew()
        break
      case 'forget':
        this.#members.forget(event.nodeId)
        break
      case 'leave':
        this.#probe = undefined
        this.#members.leave()
    }
  }

  #start(): void {
    const { nowMs } = this.#outbox
    // Nodes that start together do not probe together.
    this.#periodMs = nowMs + this.#options.integerBelow(this.#limits.swimPeriodMs)
    this.#digestMs = nowMs + this.#limits.swimDigestMs
    this.#deadPingMs = nowMs + this.#limits.swimDeadPingMs
  }

  #tick(lateMs: number): void {
    const { nowMs } = this.#outbox
    if (lateMs >= this.#limits.swimLateMs && this.#health.isOn) this.#excuse(lateMs)
    for (const relay of this.#relays.takeEnded(nowMs)) {
      this.#outbox.send(relay.asker, { kind: 'nack', sequence: relay.askedSequence })
    }
    const probe = this.#probe
    if (probe !== undefined && isWaitingDirectly(probe) && probe.directEndMs <= nowMs) this.#askHelpers(probe)
    if (this.#probe !== undefined && this.#probe.endMs <= nowMs) this.#judge(this.#probe)
    this.#members.confrontSuspects()
    this.#members.buryExpired()
    if (this.#probe === undefined && this.#periodMs <= nowMs) this.#beginPeriod()
  }

  /** Answers that arrived meanwhile wait behind this tick: all that runs out gets the time back, and some to read them. */
  #excuse(lateMs: number): void {
    this.#health.worsen(1)
    const byMs = lateMs + this.#limits.swimPingTimeoutMs
    if (this.#probe !== undefined) this.#probe = excuseProbe(this.#probe, byMs)
    this.#members.excuse(byMs)
  }

  #nextWakeMs(): number {
    const probe = this.#probe
    const ownMs = probe === undefined ? this.#periodMs : isWaitingDirectly(probe) ? probe.directEndMs : probe.endMs
    return Math.min(ownMs, this.#relays.nextEndMs, this.#members.nextSuspicionMs)
  }

  #beginPeriod(): void {
    const { nowMs } = this.#outbox
    const { swimPingTimeoutMs, swimPeriodMs, swimTombstoneMs } = this.#limits
    this.#periodMs = nowMs + swimPeriodMs
    this.#members.table.dropLeft(nowMs - swimTombstoneMs)
    if (this.#members.isLeaving) return
    this.#meetSomeone()
    const target = this.#members.nextToProbe()
    if (target === undefined) return
    const by = this.#health.multiplier
    this.#probe = startProbe(this.#nextSequence(), target, nowMs, swimPingTimeoutMs * by, swimPeriodMs * by)
    this.#ping(target, this.#probe.sequence)
  }

  /** Now and then: a digest to a node that is alive, and a ping to one that is dead. */
  #meetSomeone(): void {
    const { nowMs } = this.#outbox
    if (this.#digestMs <= nowMs) {
      this.#digestMs = nowMs + this.#limits.swimDigestMs
      const [peer] = this.#members.pick(1, (entry) => entry.state === 'alive')
      if (peer !== undefined) this.#members.sendDigest(peer.nodeId)
    }
    if (this.#deadPingMs <= nowMs) {
      this.#deadPingMs = nowMs + this.#limits.swimDeadPingMs
      const [dead] = this.#members.pick(1, (entry) => entry.state === 'dead')
      if (dead !== undefined) this.#ping(dead, this.#nextSequence())
    }
  }

  #askHelpers(probe: Probe): void {
    const fits = (entry: PeerEntry) => entry.state === 'alive' && !equalBytes(entry.nodeId, probe.target)
    const helpers = this.#members.pick(this.#limits.swimHelpers, fits)
    this.#probe = { ...probe, helpers: new Set(helpers.map((helper) => helper.key)) }
    for (const { nodeId } of helpers) {
      const rumours = this.#members.rumoursFor(nodeId)
      this.#outbox.send(nodeId, { kind: 'pingRequest', sequence: probe.sequence, target: probe.target, rumours })
    }
  }

  #judge(probe: Probe): void {
    this.#probe = undefined
    this.#periodMs = this.#outbox.nowMs
    if (probe.answered) {
      this.#health.improve()
      return
    }
    // Helpers that do not even say that they tried mean that it is this node which is not heard.
    this.#health.worsen(probe.helpers?.size ? probe.helpers.size - probe.nacks.size : 1)
    const target = this.#members.table.get(probe.target)
    if (target === undefined || !isReachable(target) || compareFacts(target.facts, probe.facts) !== 0) return
    this.#members.suspect(target, this.#members.self.nodeId)
  }

  #relay(from: Uint8Array, { sequence: askedSequence, target }: PingRequest): void {
    const entry = this.#members.table.get(target)
    const sequence = this.#nextSequence()
    const endMs = this.#outbox.nowMs + Math.round(this.#limits.swimPingTimeoutMs * relayPart)
    if (entry !== undefined && this.#relays.add({ sequence, asker: from, askedSequence, target, endMs })) {
      this.#ping(entry, sequence)
    } else this.#outbox.send(from, { kind: 'nack', sequence: askedSequence })
  }

  #answered(from: Uint8Array, sequence: number): void {
    const relay = this.#relays.answered(sequence, from)
    if (relay !== undefined) {
      const rumours = this.#members.rumoursFor(relay.asker)
      this.#outbox.send(relay.asker, { kind: 'ack', sequence: relay.askedSequence, rumours })
      return
    }
    const probe = this.#probe
    if (probe === undefined || probe.sequence !== sequence) return
    if (equalBytes(probe.target, from) || probe.helpers?.has(toHex(from))) this.#probe = { ...probe, answered: true }
  }

  #nacked(from: Uint8Array, sequence: number): void {
    const probe = this.#probe
    const key = toHex(from)
    if (probe?.sequence !== sequence || !probe.helpers?.has(key)) return
    this.#probe = { ...probe, nacks: new Set([...probe.nacks, key]) }
  }

  #message(from: Uint8Array, message: SwimMessage): void {
    if ('rumours' in message) this.#members.hear(from, message.rumours)
    switch (message.kind) {
      case 'ping': {
        const rumours = this.#members.rumoursFor(from)
        this.#outbox.send(from, { kind: 'ack', sequence: message.sequence, rumours })
        break
      }
      case 'ack':
        this.#answered(from, message.sequence)
        break
      case 'pingRequest':
        this.#relay(from, message)
        break
      case 'nack':
        this.#nacked(from, message.sequence)
        break
      case 'digest':
        this.#members.compareDigest(from, message.entries)
        break
      case 'news':
        this.#members.tell(from, message.wanted)
    }
  }

  #ping({ nodeId }: PeerEntry, sequence: number): void {
    this.#outbox.send(nodeId, { kind: 'ping', sequence, rumours: this.#members.rumoursFor(nodeId) })
  }

  #nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }
}

/** Whether the target alone was asked, and has not answered. */
function isWaitingDirectly({ helpers, answered }: Probe): boolean {
  return helpers === undefined && !answered
}
