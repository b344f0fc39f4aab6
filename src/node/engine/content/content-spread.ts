import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromBytes } from '../../core/base/address.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { ContentCopy } from '../../core/block/content-block.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'
import type { ContentSight } from '../../core/wire/content-calls.ts'
import {
  decodeContentFinding,
  decodeContentSights,
  decodeStoredOutcomes,
  encodeContentGet,
  encodeContentLook,
  encodeContentPut,
  lookAddressesMax,
} from '../../core/wire/content-calls.ts'
import { requestBody } from '../../core/wire/peer-body.ts'
import { Deadline } from '../deadline.ts'
import { storeRefusal } from '../store-refusal.ts'
import type { ContentParts } from './content-parts.ts'
import { hasMember, isAlone, memberName, membersOf } from './content-place.ts'
import type { ContentReplicas } from './content-replicas.ts'
import { ContentSights } from './content-sights.ts'
import type { SpreadCursor } from './spread-cursor.ts'
import { readSpreadCursor, writeSpreadCursor } from './spread-cursor.ts'

export type ContentSpreadParts = Pick<
  ContentParts,
  'store' | 'clock' | 'limits' | 'logger' | 'placement' | 'request' | 'liveness'
>

export interface SpreadStatus {
  /** Of the placement map that this node hands its blocks on for. */
  readonly epoch: number
  readonly state: 'walking' | 'resting' | 'done'
  /** Blocks of this node, and those that this walk has not looked at yet. */
  readonly blocks: number
  readonly blocksLeft: number
  /** Blocks that could not be handed on in this walk; another one follows. */
  readonly failures: number
  /** Since the start of the node. */
  readonly copiesMade: number
  readonly bytesCopied: number
  /** Copies of this node that went because the block was removed while it was away. */
  readonly removalsLearned: number
  /** Copies of this node that went because other nodes are the block's members. */
  readonly copiesDropped: number
}

const notAbout: ReadonlySet<string> = new Set(['permission-denied', 'signature-invalid', 'invalid-argument'])

/** What is known of one block of a step. */
interface LookedAt {
  readonly address: BlockAddress
  readonly newest: readonly Member[]
  readonly older: readonly Member[]
}

/**
 * Hands on the blocks of this node to members of their groups that lack them. Each node walks its own blocks once for each placement map,
 * in bounded steps, and goes on where it was after a restart. Of those that have a copy the first live one in the order of the group hands
 * it on, so that no two do. A walk that left something undone is followed by another one.
 *
 * Between members that miss messages of each other copies drift apart. So the blocks are reviewed, in steps alike, after each start, when a
 * node is back that was gone, and now and then: what others know to be removed goes here too, what they lack is handed on, and copies that
 * belong to other nodes by now go when all of these have theirs.
 */
export class ContentSpread implements AsyncDisposable {
  readonly #parts: ContentSpreadParts
  readonly #replicas: ContentReplicas
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  /** Ends the rest between two walks. */
  #wake = Promise.withResolvers<void>()
  #state: SpreadStatus['state'] = 'resting'
  #epoch = 0
  #restMs = 0
  #looked = 0
  #failures = 0
  #copiesMade = 0
  #bytesCopied = 0
  #removalsLearned = 0
  #copiesDropped = 0
  /** When the next review begins, on the monotonic clock. */
  #reviewAtMs = 0

  constructor(parts: ContentSpreadParts, replicas: ContentReplicas) {
    this.#parts = parts
    this.#replicas = replicas
  }

  start(): void {
    if (storeRefusal(this.#parts.store) === undefined) this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new CodedError('not-running', 'the node is not running'))
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** The placement map is another one than before, or an older one counts no more. */
  placementChanged(): void {
    this.reviewSoon()
  }

  /** A node is back that may have missed something, or this node may. */
  reviewSoon(): void {
    const { clock, limits } = this.#parts
    this.#reviewAtMs = Math.min(this.#reviewAtMs, clock.monotonicMs() + limits.spreadReviewDelayMs)
    this.#wake.resolve()
  }

  status(): SpreadStatus {
    const blocks = this.#parts.store.usage().families.content.records
    const blocksLeft = this.#state === 'done' ? 0 : Math.max(0, blocks - this.#looked)
    return {
      epoch: this.#epoch,
      state: this.#state,
      blocks,
      blocksLeft,
      failures: this.#failures,
      copiesMade: this.#copiesMade,
      bytesCopied: this.#bytesCopied,
      removalsLearned: this.#removalsLearned,
      copiesDropped: this.#copiesDropped,
    }
  }

  async #run(): Promise<void> {
    const { logger, limits, placement, clock } = this.#parts
    const { signal } = this.#stopped
    this.#reviewAtMs = clock.monotonicMs() + limits.spreadReviewDelayMs
    while (!signal.aborted) {
      // Whoever changes the map from here on wakes the next rest.
      this.#wake = Promise.withResolvers<void>()
      try {
        await this.#walk(signal)
        if (this.#state === 'done' && clock.monotonicMs() >= this.#reviewAtMs) await this.#review(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#state = 'resting'
        if (!isCoded(error, 'store-read-only')) logger.warn('handing on blocks failed and will be tried again', { error })
      }
      if (placement.epoch !== this.#epoch) continue
      if (this.#state === 'done') await this.#rest(this.#reviewAtMs - clock.monotonicMs())
      else {
        await this.#rest(this.#restMs)
        this.#restMs = Math.min(this.#restMs * 2, limits.spreadRetryMaxMs)
      }
    }
  }

  /** Looks at all blocks once more, from the first; what cannot be done is left to the next review. */
  async #review(signal: AbortSignal): Promise<void> {
    const { placement, clock, limits, logger } = this.#parts
    const { epoch } = placement
    this.#reviewAtMs = clock.monotonicMs() + limits.spreadReviewMs
    const before = { removalsLearned: this.#removalsLearned, copiesDropped: this.#copiesDropped }
    let after: BlockAddress | undefined
    do {
      const { addresses, isLast } = await this.#next(after, signal)
      await this.#step(addresses, signal)
      after = isLast ? undefined : addresses.at(-1)
    } while (after !== undefined && placement.epoch === epoch)
    const removalsLearned = this.#removalsLearned - before.removalsLearned
    const copiesDropped = this.#copiesDropped - before.copiesDropped
    if (removalsLearned + copiesDropped > 0)
      logger.info('a review of the blocks let copies go', { removalsLearned, copiesDropped })
  }

  /** The blocks of the next step. */
  async #next(after: BlockAddress | undefined, signal: AbortSignal) {
    const { store, limits } = this.#parts
    const limit = Math.min(limits.spreadBlocksAtOnce, lookAddressesMax, limits.scanRecordsMax)
    const found = await store.scan('content', { after: after ?? emptyBytes, limit, keysOnly: true, signal })
    const addresses = found.map(({ key }) => addressFromBytes(key)).filter((address) => address !== undefined)
    return { addresses, isLast: found.length < limit }
  }

  /** One walk for the newest map, from where it was left; nothing where it is done. */
  async #walk(signal: AbortSignal): Promise<void> {
    const { store, placement, limits } = this.#parts
    const { epoch } = placement
    if (epoch !== this.#epoch) this.#restMs = limits.spreadRetryMs
    this.#epoch = epoch
    const kept = await readSpreadCursor(store)
    let cursor: SpreadCursor = kept?.epoch === epoch ? kept : { epoch, after: undefined, failures: 0, isDone: false }
    this.#failures = cursor.failures
    this.#looked = 0
    this.#state = cursor.isDone ? 'done' : 'walking'
    while (!cursor.isDone && placement.epoch === epoch) {
      const { addresses, isLast } = await this.#next(cursor.after, signal)
      this.#failures += await this.#step(addresses, signal)
      this.#looked += addresses.length
      cursor = {
        epoch,
        after: addresses.at(-1) ?? cursor.after,
        failures: this.#failures,
        isDone: isLast && this.#failures === 0,
      }
      if (isLast && !cursor.isDone) {
        // The next walk looks at everything once more.
        await writeSpreadCursor(store, { epoch, after: undefined, failures: 0, isDone: false })
        this.#state = 'resting'
        return
      }
      await writeSpreadCursor(store, cursor)
    }
    if (cursor.isDone) this.#state = 'done'
  }

  /** Looks where these blocks of this node are, and hands on what is this node's to hand on; answers what could not be done. */
  async #step(addresses: readonly BlockAddress[], signal: AbortSignal): Promise<number> {
    const { placement } = this.#parts
    const blocks: LookedAt[] = []
    for (const address of addresses) {
      if (isAlone(placement, address)) continue
      const newest = placement.groupOf(address)
      const older = membersOf(placement.differing(address)).filter((member) => !hasMember(newest, member))
      blocks.push({ address, newest, older })
    }
    const sights = new ContentSights(placement.self)
    await this.#look(blocks, ({ newest }) => newest, sights, signal)
    // Where no present member has a copy, one of the former ones hands it on.
    const orphaned = blocks.filter(({ address, newest }) => !newest.some((member) => sights.has(address, member)))
    await this.#look(orphaned, ({ older }) => older, sights, signal)
    let failures = 0
    for (const block of blocks) {
      const { address, newest, older } = block
      if (await this.#goes(block, sights, signal)) continue
      const order = newest.some((member) => sights.has(address, member)) ? newest : older
      const lacking = newest.filter((member) => sights.lacks(address, member))
      const unknown = newest.filter((member) => !sights.isKnown(address, member))
      failures += unknown.length > 0 ? 1 : 0
      const owner = order.find((member) => sights.has(address, member))
      if (lacking.length === 0 || owner === undefined || compareMembers(owner, placement.self) !== 0) continue
      if (!(await this.#handOn(address, lacking, signal))) failures++
    }
    return failures
  }

  /** Whether this node keeps its copy no longer: another one knows of a removal, or all members have theirs and this node is none. */
  async #goes({ address, newest, older }: LookedAt, sights: ContentSights, signal: AbortSignal): Promise<boolean> {
    const { placement } = this.#parts
    const { self } = placement
    const teller = [...newest, ...older].find((member) => sights.isRemoved(address, member))
    if (teller !== undefined && (await this.#learnRemoval(address, teller, signal))) {
      this.#removalsLearned++
      return true
    }
    if (hasMember(newest, self) || hasMember(older, self) || !newest.every((member) => sights.has(address, member))) return false
    await this.#replicas.copies.drop(address)
    this.#copiesDropped++
    return true
  }

  async #learnRemoval(address: BlockAddress, teller: Member, signal: AbortSignal): Promise<boolean> {
    const { epoch } = this.#parts.placement
    const body = requestBody('content-get', encodeContentGet({ epoch, storeId: teller.storeId, address }))
    const bytes = await this.#ask(teller, body, signal)
    const finding = bytes && decodeContentFinding(address, bytes)
    if (finding?.kind !== 'removed') return false
    try {
      const { kind } = await this.#replicas.takeRemoval(finding.tombstone)
      return kind === 'done'
    } catch (error) {
      // A removal that says nothing about this copy.
      if (error instanceof CodedError && notAbout.has(error.code)) return false
      throw error
    }
  }

  /** Asks each member about all blocks that are its own. One that does not answer stays unknown. */
  async #look(
    blocks: readonly LookedAt[],
    membersOfBlock: (block: LookedAt) => readonly Member[],
    sights: ContentSights,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = new Map<string, { readonly member: Member; readonly addresses: BlockAddress[] }>()
    for (const block of blocks) {
      for (const member of membersOfBlock(block)) {
        if (compareMembers(member, this.#parts.placement.self) === 0) continue
        const name = memberName(member)
        const known = wanted.get(name)
        if (known === undefined) wanted.set(name, { member, addresses: [block.address] })
        else known.addresses.push(block.address)
      }
    }
    await Promise.all(
      [...wanted.values()].map(async ({ member, addresses }) => {
        const answer = await this.#sightsAt(member, addresses, signal)
        if (answer !== undefined) sights.add(member, addresses, answer)
      }),
    )
  }

  async #sightsAt(
    member: Member,
    addresses: readonly BlockAddress[],
    signal: AbortSignal,
  ): Promise<readonly ContentSight[] | undefined> {
    const { placement, liveness } = this.#parts
    if (!liveness.mayAnswer(member.nodeId)) return undefined
    const body = encodeContentLook({ epoch: placement.epoch, storeId: member.storeId, addresses })
    const bytes = await this.#ask(member, requestBody('content-look', body), signal)
    return bytes && decodeContentSights(bytes, addresses.length)
  }

  /** Whether all of them have it afterwards, or know of its removal, or nobody has it. */
  async #handOn(address: BlockAddress, lacking: readonly Member[], signal: AbortSignal): Promise<boolean> {
    const { placement, clock, limits } = this.#parts
    const found = await this.#replicas.copies.find(address)
    // What was removed meanwhile is not handed on.
    if (found.kind === 'absent' || found.kind === 'removed') return true
    // What nobody has a good copy of is lost, and waits for nothing: whoever reads it is told. Mended, it is handed on by the next walk.
    if (found.kind === 'damaged') return (await this.#replicas.mend(address, signal)) === 'lost'
    const { copy, bytes } = found
    let isWhole = true
    for (const member of lacking) {
      const { epoch } = placement
      const body = encodeContentPut({ epoch, storeId: member.storeId, kind: 'copy', copy, bytes, due: undefined })
      const startMs = clock.monotonicMs()
      const answer = await this.#ask(member, requestBody('content-put', body), signal)
      const [outcome] = (answer && decodeStoredOutcomes(answer, 1)) ?? []
      if (outcome === undefined) {
        isWhole = false
        continue
      }
      if (outcome.kind === 'done') {
        this.#copiesMade++
        this.#bytesCopied += bytes.length
      }
      const restMs = (bytes.length * 1000) / limits.spreadBytesPerSecond - (clock.monotonicMs() - startMs)
      if (restMs > 0) await clock.sleep(restMs, signal)
    }
    await this.#tellIfCollected(copy)
    return isWhole
  }

  /** What was collected here while it was handed on is for those who took it to judge. */
  async #tellIfCollected({ address, birth, header }: ContentCopy): Promise<void> {
    if (header.place === undefined || (await this.#replicas.copies.see(address)) === 'copy') return
    await this.#replicas.collect([{ due: birth, address, place: header.place }])
  }

  /** Undefined where there is no answer. */
  async #ask(member: Member, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { clock, limits, request } = this.#parts
    using deadline = new Deadline(clock, limits.contentTimeoutMs, signal)
    try {
      return await request(member.nodeId, body, { signal: deadline.signal, bulk: true })
    } catch (error) {
      if (signal.aborted || !(error instanceof CodedError)) throw error
      return undefined
    }
  }

  async #rest(durationMs: number): Promise<void> {
    const { clock } = this.#parts
    const { signal } = this.#stopped
    const wake = this.#wake
    const stop = (): void => wake.resolve()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    using _timer = clock.after(Math.max(0, durationMs), () => wake.resolve() as undefined)
    await wake.promise
    signal.removeEventListener('abort', stop)
  }
}
