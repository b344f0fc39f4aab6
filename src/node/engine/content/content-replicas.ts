import { assert } from '../../../shared/assert.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import type { ContentBlock, ContentCopy, StorePlace } from '../../core/block/content-block.ts'
import { decodeContentCopy, encodeContentCopy, isGenuineContent } from '../../core/block/content-block.ts'
import type { Tombstone } from '../../core/block/removal.ts'
import { encodeTombstone, isGenuineRemoval } from '../../core/block/removal.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { CandidateRenewal, CollectCandidate, ContentFinding, StoredOutcome } from '../../core/wire/content-calls.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import { AnswerTimes } from './answer-times.ts'
import type { ContentParts } from './content-parts.ts'
import { copiesRequired, hasMember, isAlone, membersAt } from './content-place.ts'
import type { Absence, SearchResult } from './content-search.ts'
import { ContentSearch } from './content-search.ts'
import type { ContentInsert, ContentRemoval } from './content-writes.ts'
import { ContentWrites } from './content-writes.ts'
import { LocalCopies, renewalWrites } from './local-copies.ts'
import { observeStamp } from './observe-stamp.ts'

type Pending<T> = T | Promise<T>

interface SearchOptions {
  /** Whether a copy that is missing here is made up for before the answer, behind it, or not. */
  readonly mending?: 'soon' | 'now' | 'never'
  readonly absence?: Absence
}

const nothingWithin = { group: [], others: [], holds: true }

/** Of a body between nodes, for what is around a block in it: the header with its key, and the fields of the call. */
const callBytes = 72 * 1024

/**
 * Immutable blocks wherever their copies are: written to the group of their address, read from this node or another member, each copy
 * verified before it is used. A block that nobody else holds is a record of the store, and costs nothing more.
 */
export class ContentReplicas implements AsyncDisposable {
  readonly copies: LocalCopies
  readonly #parts: ContentParts
  readonly #times: AnswerTimes
  readonly #writes: ContentWrites
  readonly #stopped = new AbortController()
  readonly #repairs = new Map<string, Promise<void>>()
  /** When bad copies were last tried to be replaced. */
  readonly #triedMs = new Map<string, number>()
  /** Whether one group was within another, when that was asked last. */
  #within: { readonly group: readonly Member[]; readonly others: readonly Member[]; readonly holds: boolean } = nothingWithin

  constructor(parts: ContentParts) {
    const { blockPayloadBytesMax, chunkBytes, peerBodyBytesMax } = parts.limits
    assert(Math.max(blockPayloadBytesMax, chunkBytes) + callBytes <= peerBodyBytesMax, 'a block fits a body between nodes')
    this.#parts = parts
    this.copies = new LocalCopies(parts)
    this.#times = new AnswerTimes(parts.limits)
    this.#writes = new ContentWrites(parts, this.copies, this.#stopped.signal)
  }

  /** Gives up what is on its way, and resolves when nothing is. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort(new CodedError('not-running', 'the node is not running'))
    await Promise.all([this.#writes.idle(), ...this.#repairs.values()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Whether nobody but this node holds the block, or did. */
  isAlone(address: BlockAddress): boolean {
    return isAlone(this.#parts.placement, address)
  }

  /**
   * Whether a block may travel with an entry of its page, as far as this node knows. What it knows of a page that it has left is old: the page is
   * then elsewhere than the map says, or about to be.
   */
  travels(block: ContentBlock, page: { readonly address: BlockAddress; readonly members: readonly Member[] }): boolean {
    if (!this.isHeldBy(block, page.members)) return false
    const { placement } = this.#parts
    if (placement.everybody !== undefined) return true
    const wanted = placement.groupOf(page.address)
    return membersAt(placement, block.address).every((member) => hasMember(wanted, member))
  }

  /** Whether who should hold a block does so when these members of a page have it, and any majority of the page is enough of them. */
  isHeldBy({ address, header }: ContentBlock, pageMembers: readonly Member[]): boolean {
    const group = membersAt(this.#parts.placement, address)
    if (!this.#isWithin(group, pageMembers)) return false
    const rest = pageMembers.length - copiesRequired(pageMembers.length, 'majority')
    return group.length - rest >= this.#writes.required(group, header.acknowledgements)
  }

  /**
   * Resolves with the birth stamp when enough members have the block durable; the others are told meanwhile. Rejects with `unavailable`
   * where that could not be reached: what was written then counts for nothing, and goes where it has a candidate.
   */
  put(insert: ContentInsert): Promise<bigint> {
    const { block, birth, isNew, place, lifts, settles = [], also = [] } = insert
    const { address } = block
    if (!this.isAlone(address) || !settles.every((each) => this.isAlone(each.address))) return this.#writes.put(insert)
    const value = encodeContentCopy(block, birth)
    const copy: RecordWrite = { kind: 'put', family: 'content', key: address, value, ...(isNew && { isNew }) }
    const candidates =
      place === undefined
        ? []
        : [this.#writes.candidate(address, birth, place), ...settles.flatMap((each) => renewalWrites(each, place))]
    const lifted: RecordWrite[] = lifts === true ? [{ kind: 'delete', family: 'tombstone', key: address }] : []
    return this.#parts.store.commit([copy, ...candidates, ...lifted, ...also]).then(() => birth)
  }

  /** Gives stored blocks of one place other due times, durable at as many members as a write. */
  async renew(place: StorePlace, renewals: readonly CandidateRenewal[]): Promise<void> {
    if (renewals.every(({ address }) => this.isAlone(address))) {
      await this.#parts.store.commit(renewals.flatMap((renewal) => renewalWrites(renewal, place)))
    } else await this.#writes.renew(place, renewals)
  }

  /** Resolves when the removal is durable at as many members as a write. `outcome-unknown` where it is so at some, and not at enough. */
  async remove(removal: ContentRemoval, space: 'normal' | 'reserve'): Promise<void> {
    const { tombstone, also } = removal
    const { address } = tombstone.proof
    if (!this.isAlone(address)) {
      await this.#writes.remove(removal)
      return
    }
    const writes: RecordWrite[] = [
      { kind: 'delete', family: 'content', key: address },
      { kind: 'put', family: 'tombstone', key: address, value: encodeTombstone(tombstone) },
    ]
    await this.#parts.store.commit([...writes, ...also], { space })
  }

  /**
   * Takes a removal that another node told. Rejects with `signature-invalid`, `permission-denied` where its key may not remove the block,
   * and `invalid-argument` where its stamps are further ahead than clocks may differ.
   */
  async takeRemoval(tombstone: Tombstone): Promise<StoredOutcome> {
    const { crypto, networkId, hybridClock } = this.#parts
    if (!isGenuineRemoval(crypto, networkId, tombstone.proof))
      throw new CodedError('signature-invalid', 'the removal has a signature that does not hold')
    observeStamp(hybridClock, tombstone.proof.issued)
    observeStamp(hybridClock, tombstone.removed)
    return await this.copies.remove(tombstone)
  }

  /** Has the other members judge blocks that are named by nothing, as far as is known here; those that are not reached are left out. */
  async collect(candidates: readonly CollectCandidate[]): Promise<void> {
    const shared = candidates.filter(({ address }) => !this.isAlone(address))
    if (shared.length > 0) await this.#writes.collect(shared)
  }

  /**
   * What `open` makes of a verified copy; undefined when there is none. `open` verifies: it throws or rejects with `data-corrupt` where a
   * copy is bad, and another one is tried. Throws or rejects with `data-corrupt` where none verifies, and `unavailable` where too few
   * members answer.
   */
  read<T>(
    address: BlockAddress,
    open: (copy: ContentCopy) => Pending<T>,
    signal: AbortSignal,
    absence: Absence = 'enough',
  ): Pending<T | undefined> {
    const alone = this.isAlone(address)
    const elsewhere = () => this.#readElsewhere(address, open, signal, absence)
    if (!alone && !this.#isMember(address)) return elsewhere()
    try {
      const found = this.#parts.store.get('content', address)
      const opened =
        found instanceof Promise ? found.then((bytes) => openRecord(address, bytes, open)) : openRecord(address, found, open)
      if (alone) return opened
      if (opened instanceof Promise) return orElse(opened, elsewhere)
      return opened ?? elsewhere()
    } catch (error) {
      if (alone || !isCoded(error, 'data-corrupt')) throw error
      return elsewhere()
    }
  }

  /** The copy itself; verified unless this node alone holds it. */
  readCopy(address: BlockAddress, signal: AbortSignal): Pending<ContentCopy | undefined> {
    return this.read(address, this.isAlone(address) ? itself : this.#verify, signal)
  }

  /** As `readCopy`, for who judges whether it is to stay: what is missing here stays missing. */
  async inspect(address: BlockAddress, signal: AbortSignal): Promise<ContentCopy | undefined> {
    return await this.#inspect(address, signal, 'enough')
  }

  /** As `readCopy`, for who removes it: a removal that is known of is told, since it may have reached too few members. */
  async find(address: BlockAddress, signal: AbortSignal): Promise<ContentCopy | Tombstone | undefined> {
    if (this.isAlone(address)) return await this.read(address, itself, signal)
    const local = await this.copies.find(address)
    if (local.kind === 'copy' && this.#isMember(address)) return local.copy
    const result = await this.#search(address, this.#verify, local, signal)
    if (result.kind === 'found') return result.copy
    return result.kind === 'removed' ? result.tombstone : undefined
  }

  /** Whether there is a copy somewhere of a block that an entry names; here one is not verified. */
  async has(address: BlockAddress, signal: AbortSignal): Promise<boolean> {
    if (await this.#parts.store.has('content', address)) return true
    return !this.isAlone(address) && (await this.#inspect(address, signal, 'all')) !== undefined
  }

  /**
   * Stores a copy of a block that this node is to hold and does not; resolves with its bytes, 0 where nothing was lacking or nobody has one.
   * Rejects as `read` does, but where nobody who has a copy answers.
   */
  async fill(address: BlockAddress, signal: AbortSignal): Promise<number> {
    const { placement, store } = this.#parts
    if (this.isAlone(address) || !hasMember(placement.groupOf(address), placement.self)) return 0
    if (await store.has('content', address)) return 0
    const local = await this.copies.find(address)
    if (local.kind !== 'absent') return 0
    try {
      const result = await this.#search(address, this.#verify, local, signal, { mending: 'now' })
      return result.kind === 'found' ? result.bytes.length : 0
    } catch (error) {
      if (isCoded(error, 'unavailable')) return 0
      throw error
    }
  }

  /**
   * Replaces a copy of this node that is bad, for who waits for it. `lost`: everybody else was asked, and nobody has a good one. `unknown`: too
   * few answered.
   */
  async mend(address: BlockAddress, signal: AbortSignal): Promise<'whole' | 'lost' | 'unknown'> {
    const local = await this.copies.find(address)
    if (local.kind !== 'damaged') return 'whole'
    if (this.isAlone(address)) return 'lost'
    try {
      const { kind } = await this.#search(address, this.#verify, local, signal, { mending: 'now', absence: 'all' })
      return kind === 'found' ? 'whole' : 'lost'
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return 'lost'
      if (isCoded(error, 'unavailable')) return 'unknown'
      throw error
    }
  }

  /**
   * Replaces a copy of this node that was found bad, in the background. Where no good one is found it is not tried again for a while:
   * members whose copies are all bad would have each other try for ever.
   */
  repairSoon(address: BlockAddress): void {
    const { clock, limits } = this.#parts
    const triedMs = this.#triedMs.get(nameOf(address))
    const nowMs = clock.monotonicMs()
    if (triedMs !== undefined && nowMs - triedMs < limits.contentRepairRestMs) return
    if (this.isAlone(address) || !this.#hasRoom(address)) return
    this.#noteTry(nameOf(address), nowMs)
    this.#repair(address, async () => {
      const local = await this.copies.find(address)
      if (local.kind === 'damaged') await this.#search(address, this.#verify, local, this.#stopped.signal, { mending: 'now' })
    })
  }

  async #inspect(address: BlockAddress, signal: AbortSignal, absence: Absence): Promise<ContentCopy | undefined> {
    if (this.isAlone(address)) return await this.readCopy(address, signal)
    const local = await this.copies.find(address)
    if (local.kind === 'copy') return local.copy
    const result = await this.#search(address, this.#verify, local, signal, { mending: 'never', absence })
    return result.kind === 'found' ? result.copy : undefined
  }

  readonly #verify = (copy: ContentCopy): ContentCopy => {
    if (!isGenuineContent(this.#parts.crypto, copy)) throw new CodedError('data-corrupt', 'a copy is not what its address says')
    return copy
  }

  async #readElsewhere<T>(
    address: BlockAddress,
    open: (copy: ContentCopy) => Pending<T>,
    signal: AbortSignal,
    absence: Absence,
  ): Promise<T | undefined> {
    const local = await this.copies.find(address)
    const result = await this.#search(address, open, local, signal, { absence })
    return result.kind === 'found' ? result.value : undefined
  }

  /** A copy here counts only where this node is a member: of others a removal may be told without this node. */
  async #search<T>(
    address: BlockAddress,
    open: (copy: ContentCopy) => Pending<T>,
    local: ContentFinding,
    signal: AbortSignal,
    { mending = 'soon', absence = 'enough' }: SearchOptions = {},
  ): Promise<SearchResult<T>> {
    const { placement } = this.#parts
    const counts = local.kind !== 'copy' || this.#isMember(address)
    const search = new ContentSearch({ ...this.#parts, copies: this.copies, times: this.#times }, address, open, absence)
    const either = AbortSignal.any([signal, this.#stopped.signal])
    const result = await search.run(counts ? local : { kind: 'absent' }, either)
    const belongsHere = hasMember(placement.groupOf(address), placement.self)
    if (result.kind !== 'found' || local.kind === 'copy' || !belongsHere) return result
    const { copy, bytes } = result
    const mend = async (): Promise<void> => {
      // It may have been collected here meanwhile, or be about to be elsewhere: whether it stays is judged when the grace is over.
      const due = copy.header.place && this.#writes.dueOf(this.#parts.hybridClock.next())
      await this.copies.put({ copy, bytes, due }, { space: local.kind === 'damaged' ? 'reserve' : 'normal' })
    }
    if (mending === 'now') await mend()
    else if (mending === 'soon' && this.#hasRoom(address)) this.#repair(address, mend)
    return result
  }

  #noteTry(name: string, nowMs: number): void {
    this.#triedMs.delete(name)
    const [oldest] = this.#triedMs.keys()
    if (oldest !== undefined && this.#triedMs.size >= this.#parts.limits.contentTriesKeptMax) this.#triedMs.delete(oldest)
    this.#triedMs.set(name, nowMs)
  }

  #hasRoom(address: BlockAddress): boolean {
    return this.#repairs.size < this.#parts.limits.contentRepairsMax && !this.#repairs.has(nameOf(address))
  }

  #repair(address: BlockAddress, run: () => Promise<void>): void {
    const name = nameOf(address)
    const repairing = run()
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#parts.logger.warn('a copy of a block could not be mended', { error })
      })
      .finally(() => this.#repairs.delete(name))
    this.#repairs.set(name, repairing)
  }

  /** Mostly both are the same as the last time. */
  #isWithin(group: readonly Member[], others: readonly Member[]): boolean {
    const { group: lastGroup, others: lastOthers } = this.#within
    if (group === lastGroup && others === lastOthers) return this.#within.holds
    const holds = group.every((member) => hasMember(others, member))
    this.#within = { group, others, holds }
    return holds
  }

  #isMember(address: BlockAddress): boolean {
    const { placement } = this.#parts
    if (hasMember(membersAt(placement, address), placement.self)) return true
    return placement.differing(address).some((group) => hasMember(group, placement.self))
  }
}

function openRecord<T>(
  address: BlockAddress,
  bytes: Uint8Array | undefined,
  open: (copy: ContentCopy) => Pending<T>,
): Pending<T> | undefined {
  if (bytes === undefined) return undefined
  const copy = decodeContentCopy(address, bytes)
  if (copy === undefined) {
    const details = { address: addressText(address) }
    throw new CodedError('data-corrupt', 'a content block cannot be read', { details })
  }
  return open(copy)
}

/** What was opened, or what is elsewhere where there was nothing or nothing good. */
async function orElse<T>(opening: Promise<T | undefined>, elsewhere: () => Pending<T | undefined>): Promise<T | undefined> {
  try {
    const opened = await opening
    if (opened !== undefined) return opened
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error
  }
  return await elsewhere()
}

const itself = (copy: ContentCopy): ContentCopy => copy

function nameOf(address: BlockAddress): string {
  return Buffer.prototype.latin1Slice.call(address, 0, address.length)
}
