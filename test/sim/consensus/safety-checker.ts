/**
 * Watches what members write and say, apart from them, and throws where it breaks a promise of the protocol. It knows more than any member:
 * everything that ever was durable anywhere.
 */
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import { compareBallots } from '../../../src/node/core/consensus/ballot.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { isMember, majorityOf } from '../../../src/node/core/consensus/group.ts'
import type { LogEntry, ReplicaMessage, Slot } from '../../../src/node/core/consensus/replica-events.ts'
import { Violation } from '../violation.ts'
import { ballotText, entryText, nameOf } from './member-names.ts'

/** What is on the disk of a member when it speaks, and what it says that it knows. */
export interface Speaker {
  readonly self: Member
  readonly promised: Ballot | undefined
  readonly applied: number
  readonly committed: number
  readonly slotOf: (slot: number) => Slot | undefined
}

interface Candidacy {
  readonly entry: string
  readonly voters: Set<string>
}

/** What a member has told others, over all of its starts. */
interface Told {
  promised: Ballot | undefined
  /** Under which ballot, and in which group, it said that it holds a slot. */
  readonly accepted: Map<number, { readonly ballot: Ballot; readonly groupIndex: number }>
  lastAccepted: { readonly ballot: Ballot; readonly upTo: number } | undefined
}

export class SafetyChecker {
  /** By slot. */
  readonly #chosen: { readonly entry: string; readonly group: Group }[] = []
  /** By slot and ballot: what was proposed, and who has it durable. */
  readonly #candidacies = new Map<number, Map<string, Candidacy>>()
  readonly #told = new Map<string, Told>()
  /** By ballot: up to where its holder knew the log when it prepared. */
  readonly #prepared = new Map<string, number>()
  #group: Group
  /** Primaries that asked others to lead. */
  yields = 0

  constructor(founding: Group) {
    this.#group = founding
  }

  /** In force behind everything that is known to be chosen. */
  get group(): Group {
    return this.#group
  }

  get chosen(): number {
    return this.#chosen.length - 1
  }

  /** A promise and entries have reached the disk of a member, which promised `before` until then. */
  wrote(name: string, before: Ballot | undefined, promised: Ballot | undefined, slots: readonly Slot[]): void {
    if (isBelow(promised, before)) throw new Violation(`${name} takes back its promise`)
    for (const { slot, ballot, entry } of slots) {
      if (isBelow(ballot, before))
        throw new Violation(`${name} accepts slot ${slot} under ${ballotText(ballot)}, below its promise`)
      this.#candidacy(slot, ballot, entry).voters.add(name)
    }
  }

  /** A member holds a slot for chosen: before it says so, and before it answers anybody. */
  takenAsChosen(name: string, { slot, entry }: Slot): void {
    const known = this.#chosen[slot]
    const text = entryText(entry)
    if (known !== undefined) {
      if (known.entry !== text) throw new Violation(`slot ${slot} is ${known.entry}, and at ${name} ${text}`)
      return
    }
    if (slot > this.#chosen.length) throw new Violation(`${name} takes slot ${slot} as chosen, and nothing is at the ones before`)
    if (!this.#isHeldByMajority(slot, text))
      throw new Violation(`${name} takes slot ${slot} as chosen, which no majority has durable`)
    this.#choose(text, entry)
  }

  /** A group of one has a slot durable, which is all that choosing it takes. */
  appliedAlone(name: string, slot: Slot): void {
    if (slot.slot !== this.#chosen.length) this.takenAsChosen(name, slot)
    else this.#choose(entryText(slot.entry), slot.entry)
  }

  /** Whether the member alone decides its next slot. */
  isAlone(member: Member): boolean {
    return this.#group.members.length === 1 && isMember(this.#group, member)
  }

  said(speaker: Speaker, message: ReplicaMessage): void {
    const name = nameOf(speaker.self)
    if ('committed' in message && message.committed > this.chosen && message.kind !== 'prepare')
      throw new Violation(`${name} says that ${message.committed} is committed, and ${this.chosen} is`)
    switch (message.kind) {
      case 'prepare':
        this.#prepared.set(
          ballotText(message.ballot),
          Math.max(message.committed, this.#prepared.get(ballotText(message.ballot)) ?? -1),
        )
        return
      case 'accept':
        for (const [index, entry] of message.entries.entries()) this.#candidacy(message.first + index, message.ballot, entry)
        return
      case 'promise':
        this.#promised(name, speaker, message)
        return
      case 'accepted':
        this.#accepted(name, speaker, message)
        return
      case 'confirmed':
        if (isBelow(speaker.promised, message.ballot)) throw new Violation(`${name} confirms what it has not promised durably`)
        if (isBelow(message.ballot, this.#toldBy(name).promised))
          throw new Violation(`${name} confirms what it promised to refuse`)
        return
      case 'committed':
        if (message.index > this.chosen) throw new Violation(`${name} says that ${message.index} is committed`)
        return
      case 'higher':
      case 'newer-group':
      case 'gap':
      case 'confirm':
        return
      case 'yield':
        this.yields++
    }
  }

  #promised(name: string, { promised }: Speaker, message: Extract<ReplicaMessage, { kind: 'promise' }>): void {
    const { ballot, committed } = message
    if (isBelow(promised, ballot)) throw new Violation(`${name} promises before it is durable`)
    const told = this.#toldBy(name)
    if (isBelow(told.promised, ballot)) told.promised = ballot
    const since = this.#prepared.get(ballotText(ballot))
    if (since === undefined) throw new Violation(`${name} promises what nobody asked for`)
    const slots = new Map(message.slots.map((slot) => [slot.slot, slot]))
    for (let slot = since + 1; slot <= committed && slots.has(since + 1); slot++)
      if (!slots.has(slot)) throw new Violation(`${name} leaves the chosen slot ${slot} out of a promise`)
    for (const [slot, accepted] of told.accepted) {
      if (slot <= Math.max(since, committed) || accepted.groupIndex < message.groupIndex) continue
      // What it accepted under this ballot or a higher one it accepted after the promise.
      if (!isBelow(accepted.ballot, ballot)) continue
      if (isBelow(slots.get(slot)?.ballot, accepted.ballot)) throw new Violation(`${name} forgot that it accepted slot ${slot}`)
    }
  }

  #accepted(name: string, speaker: Speaker, message: Extract<ReplicaMessage, { kind: 'accepted' }>): void {
    const { ballot, groupIndex, upTo } = message
    const told = this.#toldBy(name)
    if (isBelow(ballot, told.promised))
      throw new Violation(`${name} accepts under ${ballotText(ballot)}, which it promised to refuse`)
    const last = told.lastAccepted
    const from = last !== undefined && compareBallots(last.ballot, ballot) === 0 ? last.upTo : speaker.applied
    for (let slot = Math.max(from, speaker.applied) + 1; slot <= upTo; slot++) {
      const held = speaker.slotOf(slot)
      const isHeld = held !== undefined && compareBallots(held.ballot, ballot) === 0
      if (!isHeld && !(slot <= speaker.committed && slot <= this.chosen))
        throw new Violation(`${name} says that slot ${slot} is durable under ${ballotText(ballot)}, and it is not`)
      if (isHeld) told.accepted.set(slot, { ballot, groupIndex })
    }
    for (const slot of told.accepted.keys()) if (slot <= speaker.applied) told.accepted.delete(slot)
    told.lastAccepted = { ballot, upTo }
  }

  #choose(text: string, entry: LogEntry): void {
    this.#chosen.push({ entry: text, group: this.#group })
    if (entry.kind !== 'group') return
    if (entry.group.index !== this.#group.index + 1)
      throw new Violation(`a group ${entry.group.index} follows ${this.#group.index}`)
    this.#group = entry.group
  }

  #isHeldByMajority(slot: number, text: string): boolean {
    const names = new Set(this.#group.members.map(nameOf))
    const needed = majorityOf(this.#group)
    for (const { entry, voters } of this.#candidacies.get(slot)?.values() ?? []) {
      if (entry !== text) continue
      let held = 0
      for (const voter of voters) if (names.has(voter)) held += 1
      if (held >= needed) return true
    }
    return false
  }

  #candidacy(slot: number, ballot: Ballot, entry: LogEntry): Candidacy {
    const ofSlot = getOrAdd(this.#candidacies, slot, () => new Map<string, Candidacy>())
    const text = entryText(entry)
    const candidacy = getOrAdd(ofSlot, ballotText(ballot), () => ({ entry: text, voters: new Set<string>() }))
    if (candidacy.entry !== text)
      throw new Violation(`${ballotText(ballot)} proposes ${candidacy.entry} and ${text} for slot ${slot}`)
    return candidacy
  }

  #toldBy(name: string): Told {
    return getOrAdd(this.#told, name, () => ({ promised: undefined, accepted: new Map(), lastAccepted: undefined }))
  }
}

/** Nothing is below everything. */
function isBelow(left: Ballot | undefined, right: Ballot | undefined): boolean {
  if (right === undefined) return false
  return left === undefined || compareBallots(left, right) < 0
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
