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
import { firstKeptOutcome } from '../outcomes-up-to.ts'

/** Outcomes looked at beside those that the turn's own ids ask for, so that a backlog shrinks. */
const extraRecords = 256
/** Of room and retention, which is what is waited for beyond them or made at once: a look at each turn would cost more than the turn. */
const slackShare = 64

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
  #oldestAfter: bigint | undefined

  constructor(page: BlockAddress, store: RecordStore, limits: Limits, rules: PageRules) {
    this.#page = page
    this.#store = store
    this.#limits = limits
    this.#rules = rules
  }

  /** `kept`: outcomes of repeated ids, which need no room. */
  async toForget(
    record: BlockRecord,
    changes: readonly PageChange[],
    kept: ReadonlyMap<string, unknown>,
    hlc: bigint,
  ): Promise<PageBatch['forget']> {
    this.#oldestAfter = this.#oldest
    const expired = hlc - this.#rules.retentionSpan
    const fresh = countFresh(changes, kept, record.outcomeFloor < expired ? expired - 1n : record.outcomeFloor)
    const excess = record.outcomeCount + fresh - this.#limits.outcomesMax
    const none = { floor: 0n, count: 0 }
    if (fresh === 0 || record.outcomeCount === 0) return none
    const isDue = this.#oldest === undefined || this.#oldest < expired - this.#rules.retentionSpan / BigInt(slackShare)
    if (excess <= 0 && !isDue) return none
    const wanted = excess > 0 ? excess + Math.floor(this.#limits.outcomesMax / slackShare) : 0
    const looked = isDue ? Math.max(2 * fresh + extraRecords, wanted) : wanted
    return await this.#choose(record, { wanted, looked, expired })
  }

  /** The turn is durable. */
  committed(changes: readonly PageChange[]): void {
    this.#oldest = this.#oldestAfter
    for (const { requestId } of changes) {
      if (requestId !== undefined && this.#oldest !== undefined && requestId.issued < this.#oldest)
        this.#oldest = requestId.issued
    }
  }

  /** At least so many as are wanted, and all that are past their retention, as far as one look sees. */
  async #choose(
    record: BlockRecord,
    { wanted, looked, expired }: { readonly wanted: number; readonly looked: number; readonly expired: bigint },
  ): Promise<PageBatch['forget']> {
    // One more, which is the oldest of those that stay.
    const limit = Math.min(looked + 1, this.#limits.scanRecordsMax)
    const before = prefixEnd(this.#page)
    const bounds = { from: firstKeptOutcome(record), ...(before && { before }) }
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
      if (issued >= expired && count >= wanted && issued !== floor) {
        this.#oldestAfter = issued
        break
      }
      floor = issued
      count++
    }
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
