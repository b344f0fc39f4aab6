import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { equalBytes, uint64Bytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Manifest } from '../../core/block/manifest.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { Candidate } from '../../core/kv/record-keys.ts'
import { candidateKey, decodeCandidate } from '../../core/kv/record-keys.ts'
import type { CollectCandidate } from '../../core/wire/content-calls.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import type { Page } from './page.ts'
import type { FoundEntry } from './page-keeper.ts'
import type { ValueBlocks } from './value-blocks.ts'

export interface CollectorParts {
  readonly store: RecordStore
  readonly clock: Clock
  readonly hybridClock: NodeClock
  readonly limits: Limits
  readonly logger: Logger
  /** Told of each value that was removed. */
  readonly valuesCollected?: ((facts: { readonly values: number }) => void) | undefined
  /** Told of each damaged record that keeps a value from being judged. */
  readonly damageRead?: ((facts: { readonly code: string }) => void) | undefined
  readonly blocks: ValueBlocks
  readonly content: ContentReplicas
  /** Undefined where no store of this network has such a page. */
  readonly pageAt: (address: BlockAddress) => Page | undefined
}

/** Whether the key's entry names a block: `unknown` where that cannot be read. */
type Verdict = 'named' | 'unnamed' | 'unknown'

/** Damaged values that are told of once each; more of them are kept without a word. */
const damagesToldMax = 1024

/**
 * Removes the values that nothing names any more, once their candidates are due. The page is asked between its turns; what it does
 * not name then it never names again, because an entry whose value was born more than half the grace before its stamp is void, and the
 * page's stamps are beyond that for each candidate before it is asked. What cannot be
 * judged, because the entry or a list of its chunks is damaged, stays with its candidate: it is judged again when its key names
 * something else. A candidate that is damaged itself stays for good; a recovery gives it up.
 */
export class Collector {
  readonly #parts: CollectorParts
  /** By address of the candidate, or by its key where its record is damaged. */
  readonly #damagesTold = new Set<string>()
  readonly #graceSpan: bigint
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined

  constructor(parts: CollectorParts) {
    this.#parts = parts
    this.#graceSpan = hlcFromMs(parts.limits.collectGraceMs)
  }

  start(): void {
    if (this.#running !== undefined) return
    const controller = new AbortController()
    this.#running = { controller, ended: this.#run(controller.signal) }
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.controller.abort()
    await running?.ended
  }

  /**
   * Judges everything that is due, in steps of limits.collectStepMax. Nothing while the index is known to be damaged: no space would
   * come back, and what is left of the journal is for the removals of callers.
   */
  async collect(signal: AbortSignal): Promise<void> {
    let after: Uint8Array | undefined = new Uint8Array(0)
    while (after !== undefined && !signal.aborted && this.#parts.store.indexDamage === undefined)
      after = await this.#step(after, signal)
  }

  /** Judges the candidates that are due first behind a key; answers the last of them, undefined when nothing follows. */
  async #step(after: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { store, hybridClock, limits } = this.#parts
    // A stamp, so that whoever asks the clock later knows that this moment has passed.
    const before = uint64Bytes(hybridClock.next() + 1n)
    const limit = Math.min(limits.collectStepMax, limits.scanRecordsMax)
    // Keys only, and the records one by one, so that a damaged one hides no other.
    const due = await store.scan('collect', { after, before, limit, keysOnly: true, signal })
    const byPage = new Map<string, Candidate[]>()
    const unreadable: RecordWrite[] = []
    for (const { key } of due) {
      const value = await this.#recordAt(key)
      if (value === undefined) continue
      const candidate = decodeCandidate(key, value)
      if (candidate === undefined) {
        unreadable.push({ kind: 'delete', family: 'collect', key })
        continue
      }
      const name = candidate.page.join()
      const candidates = byPage.get(name)
      if (candidates === undefined) byPage.set(name, [candidate])
      else candidates.push(candidate)
    }
    if (unreadable.length > 0) await store.commit(unreadable, { space: 'reserve' })
    for (const candidates of byPage.values()) await this.#judge(candidates, signal)
    return due.length < limit ? undefined : due.at(-1)?.key
  }

  /** Undefined for a damaged record, which stays and is not read again, and for one that is gone. */
  async #recordAt(key: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#damagesTold.has(key.join())) return undefined
    try {
      return await this.#parts.store.get('collect', key)
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
      this.#tellDamage(key, 'a replaced value is kept: the record that tells of it is damaged', error)
      return undefined
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, limits, logger } = this.#parts
    while (!signal.aborted) {
      try {
        await this.collect(signal)
        await clock.sleep(limits.collectIntervalMs, signal)
      } catch (error) {
        if (signal.aborted) return
        // A store that takes no changes is said elsewhere, as is a damaged index; whatever it was, the candidates are still there next time.
        if (!isCoded(error, 'store-read-only') && this.#parts.store.indexDamage === undefined)
          logger.warn('collecting replaced values failed and will be tried again', { error })
        try {
          await clock.sleep(limits.collectIntervalMs, signal)
        } catch {
          return
        }
      }
    }
  }

  /** Candidates of one page, in the order in which they are due. */
  async #judge(candidates: readonly Candidate[], signal: AbortSignal): Promise<void> {
    const page = candidates[0]?.page
    const known = page === undefined ? undefined : this.#parts.pageAt(page)
    // Candidates of a page that no store has any more cannot be judged.
    if (known === undefined) return
    // What names one of them and is not chosen yet is void from here on, whenever it was proposed.
    const lastDue = candidates.at(-1)?.due ?? 0n
    await known.settle(lastDue - this.#graceSpan / 2n, signal)
    const entries = await known.entries(
      candidates.map(({ key }) => key),
      signal,
    )
    let writes: RecordWrite[] = []
    let removed: CollectCandidate[] = []
    for (const [index, candidate] of candidates.entries()) {
      const verdict = await this.#verdict(candidate, entries[index], signal)
      if (verdict === 'unknown') continue
      if (verdict === 'unnamed') {
        if (!(await this.#removePartsIfKnown(candidate, signal))) continue
        writes.push({ kind: 'delete', family: 'content', key: candidate.address })
        removed.push(collectOf(candidate, candidate.address))
        this.#parts.valuesCollected?.({ values: 1 })
      }
      writes.push({ kind: 'delete', family: 'collect', key: candidateKey(candidate.due, candidate.address) })
      if (writes.length < this.#parts.limits.collectStepMax) continue
      await this.#commit(writes, removed)
      writes = []
      removed = []
    }
    if (writes.length > 0) await this.#commit(writes, removed)
  }

  /** What is removed here is for the others to judge that have copies. */
  async #commit(writes: readonly RecordWrite[], removed: readonly CollectCandidate[]): Promise<void> {
    await this.#parts.store.commit(writes, { space: 'reserve' })
    if (removed.length > 0) await this.#parts.content.collect(removed)
  }

  async #verdict({ address }: Candidate, entry: FoundEntry, signal: AbortSignal): Promise<Verdict> {
    try {
      if (entry instanceof CodedError) throw entry
      return entry !== undefined && (await this.#isNamed(address, entry, signal)) ? 'named' : 'unnamed'
    } catch (error) {
      if (isCoded(error, 'unavailable')) return 'unknown'
      if (!isCoded(error, 'data-corrupt')) throw error
      this.#tellDamage(address, 'a replaced value is kept: whether its key still names it cannot be read', error)
      return 'unknown'
    }
  }

  /** `at` is a candidate's key or address, which differ in length. */
  #tellDamage(at: Uint8Array, what: string, error: CodedError): void {
    const name = at.join()
    if (this.#damagesTold.has(name) || this.#damagesTold.size >= damagesToldMax) return
    this.#damagesTold.add(name)
    this.#parts.damageRead?.({ code: error.code })
    this.#parts.logger.warn(what, { error })
  }

  async #isNamed(address: BlockAddress, entry: Entry, signal: AbortSignal): Promise<boolean> {
    if (equalBytes(entry.address, address)) return true
    return entry.chunks > 0 && (await this.#lists(entry.address, address, signal))
  }

  /** Whether a manifest or one below it names the block. */
  async #lists(manifestAddress: BlockAddress, wanted: BlockAddress, signal: AbortSignal): Promise<boolean> {
    const manifest = await this.#parts.blocks.openManifest(manifestAddress, signal)
    if (manifest === undefined) return false
    for (const { address } of manifest.parts) {
      if (equalBytes(address, wanted)) return true
      if (manifest.level > 0 && (await this.#lists(address, wanted, signal))) return true
    }
    return false
  }

  /** False where it cannot be told at present whether the block lists others: then it is left for later. */
  async #removePartsIfKnown(candidate: Candidate, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#removeParts(candidate, candidate.address, signal)
      return true
    } catch (error) {
      if (!isCoded(error, 'unavailable')) throw error
      return false
    }
  }

  /** Removes what a manifest names, in bounded steps and before the manifest itself, so that a crash in between loses nothing. */
  async #removeParts(candidate: Candidate, address: BlockAddress, signal: AbortSignal): Promise<void> {
    const manifest = await this.#manifestAt(address, signal)
    if (manifest === undefined) return
    const { limits } = this.#parts
    for (let from = 0; from < manifest.parts.length; from += limits.collectStepMax) {
      const step = manifest.parts.slice(from, from + limits.collectStepMax)
      if (manifest.level > 0) for (const part of step) await this.#removeParts(candidate, part.address, signal)
      await this.#commit(
        step.map((part) => ({ kind: 'delete', family: 'content', key: part.address })),
        step.map((part) => collectOf(candidate, part.address)),
      )
    }
  }

  /** The manifest that is stored at an address; undefined when there is none, or one that cannot be read. */
  async #manifestAt(address: BlockAddress, signal: AbortSignal): Promise<Manifest | undefined> {
    try {
      const copy = await this.#parts.content.inspect(address, signal)
      return copy?.header.role === 'manifest' ? await this.#parts.blocks.manifestOf(copy) : undefined
    } catch (error) {
      // What a damaged index hides may list blocks, which would stay for good.
      if (!isCoded(error, 'data-corrupt') || this.#parts.store.indexDamage !== undefined) throw error
      this.#parts.logger.warn('a damaged block is removed; blocks that it listed, if any, stay', { error })
      return undefined
    }
  }
}

function collectOf({ due, page, key }: Candidate, address: BlockAddress): CollectCandidate {
  return { due, address, place: { page, key } }
}
