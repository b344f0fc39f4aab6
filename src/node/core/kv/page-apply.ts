/**
 * Applies a batch to a key-value page: a function of the page's record, the touched entries, the kept outcomes and the batch, so that
 * every member arrives at the same state. It writes nothing; it says what is to be written in one store batch.
 *
 * Invariants:
 * - a batch that was seen before, or that is older than what the page remembers of its session, is not applied again;
 * - a request id is decided once, for what was asked then: a repeated one gets the outcome that was recorded, an old one and one
 *   that comes with another request are refused;
 * - a request with a value whose birth stamp is more than half the grace older than the batch is void: it changes nothing;
 * - versions of a key never repeat: a removal raises the version floor, and a key is born one above it;
 * - revisions grow within the page;
 * - whatever stops being named becomes a candidate for collection in the same batch.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { Digest } from '../base/digest.ts'
import type { RequestId } from '../base/request-id.ts'
import type { BlockRecord, MapHead, OriginProgress } from '../consensus/block-record.ts'
import { judgeRequestId } from '../consensus/outcome.ts'
import { askedDigest } from './asked-digest.ts'
import type { BatchName, Entry } from './entry.ts'
import { entryBytes } from './entry.ts'
import type { PageBatch, PageOperation, PagePrecondition, PageRequest } from './page-batch.ts'
import type { KeptOutcomes, OperationOutcome } from './page-outcome.ts'
import type { Candidate } from './record-keys.ts'

/** What the page holds of the things that a batch touches. */
export interface PagePresent {
  /** Entries of the touched keys, by key; a key without an entry is missing. */
  readonly entries: ReadonlyMap<string, Entry>
  /** Outcomes that are kept for the request ids of the batch, by `requestIdText`. */
  readonly outcomes: ReadonlyMap<string, KeptOutcomes>
}

/** Spans are differences of HLCs. */
export interface PageRules {
  readonly graceSpan: bigint
  readonly retentionSpan: bigint
  readonly skewSpan: bigint
  readonly originSessionsMax: number
  readonly digest: Digest
}

export type RequestResult =
  /** `repeated`: an earlier request of the same id decided it, and this one changed nothing. */
  | { readonly kind: 'decided'; readonly outcomes: readonly OperationOutcome[]; readonly repeated: boolean }
  /** The id was used before for another request. */
  | { readonly kind: 'id-reused' }
  | { readonly kind: 'too-old' | 'from-the-future' }
  /** A value was born too long ago: it has to be written again. */
  | { readonly kind: 'void' }
  /** Its batch came too late, behind a later one of its origin, and nothing is known of it: it may be sent in another batch. */
  | { readonly kind: 'replayed' }

export interface AppliedBatch {
  /** Without the batch's signed bytes, which decide nothing: see `withLastBatch`. */
  readonly record: BlockRecord
  /** False when nothing is to be written: every request met a conflict, was repeated or was refused. */
  readonly changed: boolean
  /** Final entries of the keys that changed; undefined: removed. */
  readonly entries: ReadonlyMap<string, { readonly key: Uint8Array; readonly entry: Entry | undefined }>
  readonly candidates: readonly Omit<Candidate, 'page'>[]
  /** Outcomes to keep, by the ids of callers. */
  readonly outcomes: readonly (KeptOutcomes & { readonly requestId: RequestId })[]
  /** One for each request of the batch. */
  readonly results: readonly RequestResult[]
}

/** Names a request id among others, in memory only: digits of a power of two and bytes as they are cost the least. */
export function requestIdText({ issued, sequence, session }: RequestId): string {
  return `${issued.toString(32)}/${sequence.toString(32)}/${String.fromCharCode(...session)}`
}

/** Whether the batch was applied before, or may have been. */
export function isReplay(head: MapHead, batch: PageBatch): boolean {
  const seen = head.origins.find((origin) => equalBytes(origin.session, batch.session))
  return seen === undefined ? batch.hlc <= head.originFloor : batch.sequence <= seen.sequence
}

export function applyBatch(record: BlockRecord, batch: PageBatch, present: PagePresent, rules: PageRules): AppliedBatch {
  assert(record.state.kind === 'map', 'a batch is applied to a page')
  const { head } = record.state
  assert(!isReplay(head, batch), 'a batch is applied once')
  assert(batch.hlc > head.revisionFloor, 'a batch is younger than what its page holds')
  const turn = new PageTurn(record, head, batch, present, rules)
  const results = batch.requests.map((request) => turn.decide(request))
  return turn.finish(results)
}

/** The record with the bytes of the batch that led to it. */
export function withLastBatch(record: BlockRecord, lastBatch: Uint8Array): BlockRecord {
  assert(record.state.kind === 'map', 'only pages keep batches')
  return { ...record, state: { kind: 'map', head: { ...record.state.head, lastBatch } } }
}

class PageTurn {
  readonly #record: BlockRecord
  readonly #head: MapHead
  readonly #batch: PageBatch
  readonly #batchName: BatchName
  readonly #present: PagePresent
  readonly #rules: PageRules
  readonly #outcomeFloor: bigint
  readonly #entries = new Map<string, { key: Uint8Array; entry: Entry | undefined }>()
  readonly #outcomes: (KeptOutcomes & { readonly requestId: RequestId })[] = []
  readonly #decided = new Map<string, KeptOutcomes>()
  readonly #candidates: { due: bigint; address: Candidate['address']; key: Uint8Array }[] = []
  #nextRevision: bigint
  #versionFloor: bigint
  #recordCount: number
  #recordBytes: number

  constructor(record: BlockRecord, head: MapHead, batch: PageBatch, present: PagePresent, rules: PageRules) {
    this.#record = record
    this.#head = head
    this.#batch = batch
    this.#batchName = { session: batch.session, sequence: batch.sequence }
    this.#present = present
    this.#rules = rules
    this.#nextRevision = batch.hlc
    this.#outcomeFloor = later(batch.forget.floor, record.outcomeFloor)
    this.#versionFloor = head.versionFloor
    this.#recordCount = head.recordCount
    this.#recordBytes = head.recordBytes
  }

  decide(request: PageRequest): RequestResult {
    const { requestId } = request
    if (requestId === undefined) {
      if (this.#isVoid(request)) return { kind: 'void' }
      return { kind: 'decided', outcomes: this.#carryOut(request), repeated: false }
    }
    const { retentionSpan: retention, skewSpan: skewMax } = this.#rules
    const verdict = judgeRequestId(requestId, { floor: this.#outcomeFloor, now: this.#batch.hlc, retention, skewMax })
    if (verdict !== 'fresh') return { kind: verdict }
    const name = requestIdText(requestId)
    const asked = askedDigest(this.#rules.digest, this.#record.address, request.operations)
    const recorded = this.#decided.get(name) ?? this.#present.outcomes.get(name)
    if (recorded !== undefined) {
      if (!equalBytes(recorded.asked, asked)) return { kind: 'id-reused' }
      return { kind: 'decided', outcomes: recorded.outcomes, repeated: true }
    }
    if (this.#isVoid(request)) return { kind: 'void' }
    const outcomes = this.#carryOut(request)
    const kept = { requestId, asked, outcomes }
    this.#decided.set(name, kept)
    this.#outcomes.push(kept)
    return { kind: 'decided', outcomes, repeated: false }
  }

  finish(results: readonly RequestResult[]): AppliedBatch {
    const { forget } = this.#batch
    assert(forget.count <= this.#record.outcomeCount, 'no more outcomes are forgotten than are kept')
    const head: MapHead = {
      ...this.#head,
      recordCount: this.#recordCount,
      recordBytes: this.#recordBytes,
      revisionFloor: this.#nextRevision > this.#batch.hlc ? this.#nextRevision - 1n : this.#head.revisionFloor,
      versionFloor: this.#versionFloor,
      ...advanceOrigins(this.#head, this.#batch, this.#rules.originSessionsMax),
    }
    return {
      record: {
        ...this.#record,
        committedIndex: this.#record.committedIndex + 1n,
        version: this.#record.version + 1n,
        outcomeFloor: this.#outcomeFloor,
        outcomeCount: this.#record.outcomeCount - forget.count + this.#outcomes.length,
        state: { kind: 'map', head },
      },
      changed: this.#entries.size > 0 || this.#outcomes.length > 0 || forget.count > 0,
      entries: this.#entries,
      candidates: this.#candidates,
      outcomes: this.#outcomes,
      results,
    }
  }

  #isVoid(request: PageRequest): boolean {
    const oldest = this.#batch.hlc - this.#rules.graceSpan / 2n
    for (const operation of request.operations) if (operation.kind === 'put' && operation.value.birth < oldest) return true
    return false
  }

  #carryOut(request: PageRequest): readonly OperationOutcome[] {
    const outcomes: OperationOutcome[] = []
    for (const operation of request.operations) outcomes.push(this.#apply(operation))
    return outcomes
  }

  #apply(operation: PageOperation): OperationOutcome {
    const current = this.#currentOf(operation.keyText)
    const absenceKept = operation.kind === 'delete' && current === undefined
    if (!holds(operation.precondition, current) || (absenceKept && operation.precondition.kind !== 'absent')) {
      return { kind: 'conflict', entry: current }
    }
    if (absenceKept) return { kind: 'done', entry: undefined }
    const revision = this.#nextRevision++
    if (current !== undefined) this.#drop(operation.key, current, revision)
    if (operation.kind === 'delete') {
      assert(current !== undefined, 'only what exists is removed')
      if (current.version > this.#versionFloor) this.#versionFloor = current.version
      this.#entries.set(operation.keyText, { key: operation.key, entry: undefined })
      return { kind: 'done', entry: current }
    }
    const entry: Entry = {
      version: (current?.version ?? this.#versionFloor) + 1n,
      revision,
      address: operation.value.address,
      size: operation.value.size,
      chunks: operation.value.chunks,
      contentType: operation.value.contentType,
      birth: operation.value.birth,
      expiryMs: 0,
      writer: this.#batch.writer,
      batch: this.#batchName,
    }
    this.#recordCount++
    this.#recordBytes += operation.key.length + entryBytes(entry)
    this.#entries.set(operation.keyText, { key: operation.key, entry })
    return { kind: 'done', entry }
  }

  #currentOf(keyText: string): Entry | undefined {
    const changed = this.#entries.get(keyText)
    return changed === undefined ? this.#present.entries.get(keyText) : changed.entry
  }

  #drop(key: Uint8Array, entry: Entry, revision: bigint): void {
    this.#recordCount--
    this.#recordBytes -= key.length + entryBytes(entry)
    this.#candidates.push({ due: revision + this.#rules.graceSpan, address: entry.address, key })
  }
}

function holds(precondition: PagePrecondition, current: Entry | undefined): boolean {
  switch (precondition.kind) {
    case 'any':
      return true
    case 'absent':
      return current === undefined
    case 'present':
      return current !== undefined
    case 'version':
      return current?.version === precondition.version
  }
}

/** Remembers the batch of its session, and forgets the session that was silent longest when there are too many. */
function advanceOrigins(head: MapHead, batch: PageBatch, sessionsMax: number): Pick<MapHead, 'origins' | 'originFloor'> {
  const progress: OriginProgress = { session: batch.session, sequence: batch.sequence, issued: batch.hlc }
  const others = head.origins.filter((origin) => !equalBytes(origin.session, batch.session))
  const bySession = (left: OriginProgress, right: OriginProgress): number => compareBytes(left.session, right.session)
  if (others.length < sessionsMax) return { origins: [...others, progress].sort(bySession), originFloor: head.originFloor }
  const oldest = others.reduce((left, right) => (right.issued < left.issued ? right : left))
  const origins = [...others.filter((origin) => origin !== oldest), progress].sort(bySession)
  return { origins, originFloor: later(oldest.issued, head.originFloor) }
}

function later(left: bigint, right: bigint): bigint {
  if (left > right) return left
  return right
}
