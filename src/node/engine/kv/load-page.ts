import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import type { Entry } from '../../core/kv/entry.ts'
import { requestIdText } from '../../core/kv/page-apply.ts'
import type { PageChange, PageKey } from '../../core/kv/page-change.ts'
import type { KeptOutcomes } from '../../core/kv/page-outcome.ts'
import { decodeOutcomes } from '../../core/kv/page-outcome.ts'
import { entryKey } from '../../core/kv/record-keys.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { OutcomeLookup } from '../outcome-lookup.ts'
import { readableEntry } from './readable-entry.ts'

/** Entries and outcomes that changes meet, as the page holds them. */
export interface LoadedPage {
  readonly entries: Map<string, Entry>
  readonly outcomes: Map<string, KeptOutcomes>
}

export interface PageSource {
  readonly store: RecordStore
  readonly outcomes: OutcomeLookup
  readonly page: BlockAddress
}

/** What is present of everything that the changes touch. A change that meets a damaged record fails alone. */
export async function loadPage(
  source: PageSource,
  all: readonly PageChange[],
): Promise<{ changes: readonly PageChange[]; failures: ReadonlyMap<PageChange, CodedError>; present: LoadedPage }> {
  const present: LoadedPage = { entries: new Map(), outcomes: new Map() }
  const failures = new Map<PageChange, CodedError>()
  const pending: Promise<void>[] = []
  for (const change of all) {
    const failed = (error: unknown): void => {
      if (!(error instanceof CodedError)) throw error
      failures.set(change, error)
    }
    try {
      const outcome = loadOutcome(source, change, present)
      if (outcome !== undefined) pending.push(outcome.catch(failed))
      for (const operation of change.operations) {
        const entry = loadEntry(source, operation.key, present)
        if (entry !== undefined) pending.push(entry.catch(failed))
      }
    } catch (error) {
      failed(error)
    }
  }
  if (pending.length > 0) await Promise.all(pending)
  for (const change of failures.keys()) {
    // What became of a repeated request is known without the entries.
    const { requestId } = change
    if (requestId !== undefined && present.outcomes.has(requestIdText(requestId))) failures.delete(change)
  }
  return { changes: failures.size === 0 ? all : all.filter((change) => !failures.has(change)), failures, present }
}

function loadEntry({ store, page }: PageSource, key: PageKey, present: LoadedPage): Promise<void> | undefined {
  if (present.entries.has(key.text)) return undefined
  const take = (bytes: Uint8Array | undefined): void => {
    if (bytes !== undefined) present.entries.set(key.text, readableEntry(bytes))
  }
  const found = store.get('entry', entryKey(page, key.bytes))
  if (found instanceof Promise) return found.then(take)
  take(found)
  return undefined
}

function loadOutcome({ outcomes, page }: PageSource, { requestId }: PageChange, present: LoadedPage): Promise<void> | undefined {
  if (requestId === undefined) return undefined
  const take = (bytes: Uint8Array | undefined): void => {
    if (bytes === undefined) return
    const kept = decodeOutcomes(bytes)
    if (kept === undefined) throw new CodedError('data-corrupt', 'the outcome of this request id cannot be read')
    present.outcomes.set(requestIdText(requestId), kept)
  }
  const found = outcomes.find(outcomeKey(page, requestId), requestId)
  if (found instanceof Promise) return found.then(take)
  take(found)
  return undefined
}
