/** The requests of clients at one member, and what its machine made of them. They are gone with the process. */
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import type { Replica } from '../../../src/node/core/consensus/replica.ts'
import type { ReplicaEffect, ReplicaEvent } from '../../../src/node/core/consensus/replica-events.ts'
import type { BlockDisk } from './block-disk.ts'
import { bodyOf } from './member-names.ts'
import type { CommandOutcome } from './register-state.ts'

export type MemberAnswer =
  | { readonly kind: 'value'; readonly value: number }
  | CommandOutcome
  /** Nothing is known of the request here; `leader` where another one seems to lead. */
  | { readonly kind: 'elsewhere'; readonly leader: Member | undefined }
  /** It was proposed, and may be chosen or not. */
  | { readonly kind: 'lost' }

interface Asked {
  /** The client had no answer from who leads: this member is to see for itself. */
  readonly isComplaint: boolean
  readonly answer: (answer: MemberAnswer) => void
}

export type MemberRequest = Asked &
  (
    | { readonly kind: 'read'; readonly key: number }
    | { readonly kind: 'change'; readonly command: number; readonly request: number }
    /** `done` once it is in force at this member. */
    | { readonly kind: 'group'; readonly group: Group }
  )

type Told = Extract<ReplicaEffect, { kind: 'decided' | 'lost' | 'refused' | 'readable' | 'unreadable' }>
type Change = Exclude<MemberRequest, { kind: 'read' }>

export class MemberRequests {
  readonly #disk: BlockDisk
  readonly #proposed = new Map<number, Change>()
  readonly #reads = new Map<number, Extract<MemberRequest, { kind: 'read' }>>()
  /** Chosen, and waiting for the state to get there. */
  #decided: { readonly slot: number; readonly request: Change }[] = []
  #refused: MemberRequest[] = []
  #count = 0

  constructor(disk: BlockDisk) {
    this.#disk = disk
  }

  /** What the machine is to be told of the request; undefined where it is answered without it. */
  take(request: MemberRequest, replica: Replica): ReplicaEvent | undefined {
    const known = request.kind === 'change' ? this.#disk.state.outcomeOf(request.request) : undefined
    if (known !== undefined) {
      request.answer(known)
      return undefined
    }
    if (!replica.isLeading) {
      this.#refuse(request, replica)
      return undefined
    }
    const number = ++this.#count
    if (request.kind === 'read') {
      this.#reads.set(number, request)
      return { kind: 'read', read: number }
    }
    if (request.kind === 'group' && request.group.index !== replica.group.index + 1) {
      request.answer({ kind: 'elsewhere', leader: undefined })
      return undefined
    }
    this.#proposed.set(number, request)
    const entry = request.kind === 'group' ? request : ({ kind: 'change', body: bodyOf(request.command) } as const)
    return { kind: 'propose', proposal: number, entry: entry.kind === 'group' ? { kind: 'group', group: entry.group } : entry }
  }

  told(effect: Told): void {
    switch (effect.kind) {
      case 'decided': {
        const request = takeFrom(this.#proposed, effect.proposal)
        if (request !== undefined) this.#decided.push({ slot: effect.slot, request })
        return
      }
      case 'lost':
        takeFrom(this.#proposed, effect.proposal)?.answer({ kind: 'lost' })
        return
      case 'refused': {
        const request = takeFrom(this.#proposed, effect.proposal)
        if (request !== undefined) this.#refused.push(request)
        return
      }
      case 'readable': {
        const read = takeFrom(this.#reads, effect.read)
        read?.answer({ kind: 'value', value: this.#disk.state.valueOf(read.key) })
        return
      }
      case 'unreadable': {
        const read = takeFrom(this.#reads, effect.read)
        if (read !== undefined) this.#refused.push(read)
      }
    }
  }

  /** What has become answerable by a step of the machine. */
  answer(replica: Replica): void {
    const { state } = this.#disk
    if (this.#decided.some(({ slot }) => slot <= state.index)) {
      const ready = this.#decided.filter(({ slot }) => slot <= state.index)
      this.#decided = this.#decided.filter(({ slot }) => slot > state.index)
      for (const { request } of ready) {
        const outcome = request.kind === 'change' ? state.outcomeOf(request.request) : { kind: 'done' as const }
        request.answer(outcome ?? { kind: 'lost' })
      }
    }
    const refused = this.#refused
    if (refused.length === 0) return
    this.#refused = []
    for (const request of refused) this.#refuse(request, replica)
  }

  /** A read may still be answered by the rule of two members. */
  #refuse(request: MemberRequest, replica: Replica): void {
    if (request.kind === 'read' && replica.mayReadAlone)
      request.answer({ kind: 'value', value: this.#disk.state.valueOf(request.key) })
    else request.answer({ kind: 'elsewhere', leader: replica.isLeading ? undefined : replica.promised })
  }
}

function takeFrom<Key, Value>(map: Map<Key, Value>, key: Key): Value | undefined {
  const value = map.get(key)
  map.delete(key)
  return value
}
