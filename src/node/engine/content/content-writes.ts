import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Acknowledgements, ContentBlock, StorePlace } from '../../core/block/content-block.ts'
import { encodeContentCopy } from '../../core/block/content-block.ts'
import type { Tombstone } from '../../core/block/removal.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'
import type { CandidateRenewal, CollectCandidate, StoredOutcome } from '../../core/wire/content-calls.ts'
import { candidatesMax, decodeStoredOutcomes, encodeContentPut, encodeContentRemove } from '../../core/wire/content-calls.ts'
import { requestBody } from '../../core/wire/peer-body.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import type { ContentParts } from './content-parts.ts'
import { copiesRequired, hasMember, memberName, membersOf } from './content-place.ts'
import { CopyRound } from './copy-round.ts'
import type { LocalCopies } from './local-copies.ts'
import { candidateWrite } from './local-copies.ts'

export interface ContentInsert {
  readonly block: ContentBlock
  readonly birth: bigint
  /** The caller knows that this node has no copy. */
  readonly isNew?: true
  /** Where nothing names the block yet: it gets a candidate, due when the grace is over. */
  readonly place?: StorePlace
  /** A removal of the block that was before is of no account any more. */
  readonly lifts?: true
  /** Blocks of that place that this one names: they need no candidates any more. */
  readonly settles?: readonly CandidateRenewal[]
  /** Kept here beside the block. */
  readonly also?: readonly RecordWrite[]
}

export interface ContentRemoval {
  readonly tombstone: Tombstone
  /** Of the removed block's header. */
  readonly acknowledgements: Acknowledgements
  /** Kept here beside the removal. */
  readonly also: readonly RecordWrite[]
}

/** Placements and stamps that one insertion tries. */
const attemptsMax = 3

type PutResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'removed'; readonly stamp: bigint }
  | { readonly kind: 'failed'; readonly isOutdated: boolean; readonly error: CodedError }

/** Changes of blocks that have copies at several nodes. */
export class ContentWrites {
  readonly #parts: ContentParts
  readonly #copies: LocalCopies
  readonly #stopped: AbortSignal
  readonly #graceSpan: bigint
  /** Rounds that have not ended. */
  readonly #rounds = new Set<Promise<void>>()
  #lateBytes = 0

  constructor(parts: ContentParts, copies: LocalCopies, stopped: AbortSignal) {
    this.#parts = parts
    this.#copies = copies
    this.#stopped = stopped
    this.#graceSpan = hlcFromMs(parts.limits.collectGraceMs)
  }

  async idle(): Promise<void> {
    await Promise.all(this.#rounds)
  }

  /** When the candidate of a block is due that was born, or last known to be of use, at this stamp. */
  dueOf(birth: bigint): bigint {
    return birth + this.#graceSpan
  }

  candidate(address: BlockAddress, birth: bigint, place: StorePlace): RecordWrite {
    return candidateWrite(this.dueOf(birth), address, place)
  }

  async put(insert: ContentInsert): Promise<bigint> {
    const { hybridClock, store } = this.#parts
    const { block, place, lifts, settles = [], also = [] } = insert
    let { birth } = insert
    for (let attempt = 1; ; attempt++) {
      const result = await this.#putOnce(insert, birth)
      if (result.kind === 'done') break
      if (result.kind === 'failed' && (!result.isOutdated || attempt === attemptsMax)) throw result.error
      if (result.kind === 'removed') {
        if (attempt === attemptsMax || !hybridClock.observe(result.stamp)) throw tooYoung()
        birth = hybridClock.next()
      }
    }
    if (place !== undefined) await this.renew(place, settles)
    if (lifts === true) await this.#copies.lift(block.address, birth)
    if (also.length > 0) await store.commit(also)
    return birth
  }

  async renew(place: StorePlace, renewals: readonly CandidateRenewal[]): Promise<void> {
    for (let from = 0; from < renewals.length; from += candidatesMax) {
      await this.#renewStep(place, renewals.slice(from, from + candidatesMax))
    }
  }

  /** This node goes last, so that its own record of the removal says that enough others have it. */
  async remove({ tombstone, acknowledgements, also }: ContentRemoval): Promise<void> {
    const { placement } = this.#parts
    const { epoch, self } = placement
    const { address } = tombstone.proof
    const groups = [placement.groupOf(address), ...placement.differing(address)]
    const done: Member[] = [self]
    const round = this.#begin()
    for (const member of membersOf(groups)) {
      if (compareMembers(member, self) === 0) continue
      const body = encodeContentRemove({ epoch, storeId: member.storeId, kind: 'removal', tombstone })
      round.start(async () => {
        readOutcomes(await round.ask(member, requestBody('content-remove', body)), 1)
        done.push(member)
      })
    }
    const enough = await round.enough(() =>
      groups.every((group) => {
        const count = group.filter((member) => hasMember(done, member)).length
        return count >= this.required(group, acknowledgements)
      }),
    )
    this.#end(round)
    if (!enough) {
      const failure = round.failure()
      if (failure.code !== 'unavailable') throw failure
      const message = 'the removal is known to too few nodes: whether it stands is unknown'
      throw new CodedError('outcome-unknown', message, { cause: failure })
    }
    await this.#copies.remove(tombstone, also)
  }

  async collect(candidates: readonly CollectCandidate[]): Promise<void> {
    const { placement, liveness } = this.#parts
    const wanted = new Map<string, { readonly member: Member; readonly candidates: CollectCandidate[] }>()
    for (const candidate of candidates) {
      const groups = [placement.groupOf(candidate.address), ...placement.differing(candidate.address)]
      for (const member of membersOf(groups)) {
        if (compareMembers(member, placement.self) === 0 || !liveness.mayAnswer(member.nodeId)) continue
        const name = memberName(member)
        const known = wanted.get(name)
        if (known === undefined) wanted.set(name, { member, candidates: [candidate] })
        else known.candidates.push(candidate)
      }
    }
    const round = this.#begin()
    const { epoch } = placement
    for (const { member, candidates: all } of wanted.values()) {
      round.start(async () => {
        for (let from = 0; from < all.length; from += candidatesMax) {
          const step = all.slice(from, from + candidatesMax)
          const body = encodeContentRemove({ epoch, storeId: member.storeId, kind: 'collection', candidates: step })
          await round.askOnce(member, requestBody('content-remove', body))
        }
      })
    }
    this.#end(round)
    await round.ended()
  }

  /** How many members have to have a block that was inserted under this rule: never fewer than those who look for it count on. */
  required(group: readonly Member[], rule: Acknowledgements): number {
    const count = group.length
    return Math.max(copiesRequired(count, rule), copiesRequired(count, this.#parts.least))
  }

  async #putOnce({ block, place }: ContentInsert, birth: bigint): Promise<PutResult> {
    const { placement } = this.#parts
    const { epoch, self } = placement
    const group = placement.groupOf(block.address)
    const due = place === undefined ? undefined : this.dueOf(birth)
    const bytes = encodeContentCopy(block, birth)
    const copy = { ...block, birth }
    let done = 0
    let removed: bigint | undefined
    const take = (outcome: StoredOutcome): void => {
      if (outcome.kind === 'done') done++
      else if (outcome.kind === 'removed' && (removed === undefined || removed < outcome.stamp)) removed = outcome.stamp
    }
    const round = this.#begin()
    for (const member of group) {
      round.start(async () => {
        if (compareMembers(member, self) === 0) {
          take(await this.#copies.put({ copy, bytes, due }))
          return
        }
        const body = encodeContentPut({ epoch, storeId: member.storeId, kind: 'copy', copy, bytes, due })
        const [outcome] = readOutcomes(await round.ask(member, requestBody('content-put', body)), 1)
        if (outcome !== undefined) take(outcome)
      })
    }
    const required = this.required(group, block.header.acknowledgements)
    const isDone = await round.enough(() => done >= required)
    await this.#endLate(round, bytes.length)
    // A removal that reached few members would hide the copies of the others from whoever hears of it.
    if (removed !== undefined) return { kind: 'removed', stamp: removed }
    if (isDone) return { kind: 'done' }
    return { kind: 'failed', isOutdated: round.isOutdated, error: round.failure() }
  }

  async #renewStep(place: StorePlace, renewals: readonly CandidateRenewal[]): Promise<void> {
    const { placement } = this.#parts
    const { epoch, self } = placement
    const missing = renewals.map(({ address }) => this.required(placement.groupOf(address), 'one'))
    const wanted = new Map<string, { readonly member: Member; readonly places: number[] }>()
    for (const [index, { address }] of renewals.entries()) {
      for (const member of placement.groupOf(address)) {
        const name = memberName(member)
        const known = wanted.get(name)
        if (known === undefined) wanted.set(name, { member, places: [index] })
        else known.places.push(index)
      }
    }
    const round = this.#begin()
    for (const { member, places } of wanted.values()) {
      const asked = places.map((index) => renewals[index]).filter((renewal) => renewal !== undefined)
      round.start(async () => {
        const outcomes =
          compareMembers(member, self) === 0
            ? await this.#copies.renew(asked, place)
            : readOutcomes(await round.ask(member, renewalBody(epoch, member, place, asked)), asked.length)
        for (const [at, index] of places.entries()) {
          if (outcomes[at]?.kind === 'done') missing[index] = (missing[index] ?? 0) - 1
        }
      })
    }
    const isDone = await round.enough(() => missing.every((count) => count <= 0))
    this.#end(round)
    if (!isDone) throw round.failure()
  }

  #begin(): CopyRound {
    return new CopyRound(this.#parts, this.#stopped)
  }

  /** What is still on its way goes on by itself. */
  #end(round: CopyRound): void {
    const ended: Promise<void> = round.ended().finally(() => this.#rounds.delete(ended))
    this.#rounds.add(ended)
  }

  /** As `end`, but waits for those who are late where too much is on its way to them. */
  async #endLate(round: CopyRound, bytes: number): Promise<void> {
    const lateBytes = round.open * bytes
    this.#end(round)
    if (this.#lateBytes + lateBytes > this.#parts.limits.contentLateBytesMax) {
      await round.ended()
      return
    }
    this.#lateBytes += lateBytes
    void round.ended().then(() => {
      this.#lateBytes -= lateBytes
    })
  }
}

function renewalBody(epoch: number, { storeId }: Member, place: StorePlace, renewals: readonly CandidateRenewal[]): Uint8Array {
  return requestBody('content-put', encodeContentPut({ epoch, storeId, kind: 'renewal', place, renewals }))
}

function readOutcomes(bytes: Uint8Array, count: number): readonly StoredOutcome[] {
  const outcomes = decodeStoredOutcomes(bytes, count)
  if (outcomes === undefined) throw new CodedError('internal', 'a node gave an answer that cannot be read')
  return outcomes
}

function tooYoung(): CodedError {
  return new CodedError('unavailable', 'this block was removed by a node whose clock is ahead; nothing was changed')
}
