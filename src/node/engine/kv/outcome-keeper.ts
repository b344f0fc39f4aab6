import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { issuedOfOutcomeKey } from '../../core/consensus/outcome.ts'
import type { PageRules } from '../../core/kv/page-apply.ts'
import { requestIdText } from '../../core/kv/page-apply.ts'
import type { PageBatch } from '../../core/kv/page-batch.ts'
import type { PageChange } from '../../core/kv/page-change.ts'
import type { RecordStore } from '../../ports/record-store.ts'

/** Outcomes looked at beside those that the turn's own ids ask for, so that a backlog shrinks. */
const extraRecords = 64

/**
 * Chooses which outcomes of a page are forgotten: those past their retention, and the oldest where there are too many. It looks
 * only in turns that keep new outcomes, and only when the oldest one known may be due.
 */
export class OutcomeKeeper {
  readonly #page: BlockAddress
  readonly #store: RecordStore
  readonly #limits: Limits
  readonly #rules: PageRules
  /** No outcome of the page was issued before this one; undefined: not known. */
  #oldest: bigint | undefined
  #forgotten: readonly Uint8Array[] = []
  #oldestAfter: bigint | undefined

  constructor(page: BlockAddress, store: RecordStore, limits: Limits, rules: PageRules) {
    this.#page = page
    this.#store = store
    this.#limits = limits
    this.#rules = rules
  }

  /** Keys of the records that the last answer of `toForget` counted. */
  get forgotten(): readonly Uint8Array[] {
    return this.#forgotten
  }

  /** `kept`: outcomes of repeated ids, which need no room. */
  async toForget(
    record: BlockRecord,
    changes: readonly PageChange[],
    kept: ReadonlyMap<string, unknown>,
    hlc: bigint,
  ): Promise<PageBatch['forget']> {
    this.#forgotten = []
    this.#oldestAfter = this.#oldest
    const expired = hlc - this.#rules.retentionSpan
    const fresh = countFresh(changes, kept, record.outcomeFloor < expired ? expired - 1n : record.outcomeFloor)
    const excess = record.outcomeCount + fresh - this.#limits.outcomesMax
    const none = { floor: 0n, count: 0 }
    if (fresh === 0 || record.outcomeCount === 0) return none
    if (excess <= 0 && this.#oldest !== undefined && this.#oldest >= expired) return none
    return await this.#choose(fresh, excess, expired)
  }

  /** The turn is durable. */
  committed(changes: readonly PageChange[]): void {
    this.#oldest = this.#oldestAfter
    for (const { requestId } of changes) {
      if (requestId !== undefined && this.#oldest !== undefined && requestId.issued < this.#oldest)
        this.#oldest = requestId.issued
    }
  }

  async #choose(fresh: number, excess: number, expired: bigint): Promise<PageBatch['forget']> {
    const limit = Math.min(Math.max(2 * fresh, excess) + extraRecords, this.#limits.scanRecordsMax)
    const before = prefixEnd(this.#page)
    const bounds = before === undefined ? { from: this.#page } : { from: this.#page, before }
    let damaged = false
    const incomplete = () => {
      damaged = true
    }
    const damage = { unreadable: () => undefined, incomplete }
    const found = await this.#store.scan('outcome', { ...bounds, limit, keysOnly: true, damage })
    // Those that it hides would be counted for ever.
    if (damaged) return { floor: 0n, count: 0 }
    let floor = 0n
    let count = 0
    this.#oldestAfter = undefined
    for (const { key } of found) {
      const issued = issuedOfOutcomeKey(key)
      assert(issued !== undefined, 'the family holds outcomes only')
      // Outcomes of the same time go together: at or below the floor none could be found again.
      if (issued >= expired && count >= excess && issued !== floor) {
        this.#oldestAfter = issued
        break
      }
      floor = issued
      count++
    }
    this.#forgotten = found.slice(0, count).map(({ key }) => key)
    return { floor, count }
  }
}

/** How many ids will have their outcome recorded: those that are not too old, each once. */
function countFresh(changes: readonly PageChange[], kept: ReadonlyMap<string, unknown>, floor: bigint): number {
  let names: Set<string> | undefined
  for (const { requestId } of changes) {
    if (requestId === undefined || requestId.issued <= floor) continue
    const name = requestIdText(requestId)
    if (!kept.has(name)) names = (names ?? new Set<string>()).add(name)
  }
  return names?.size ?? 0
}
