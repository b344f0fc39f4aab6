import type { Entry } from '../../core/kv/entry.ts'
import type { CalledEntry } from '../../core/kv/page-calls.ts'
import { decodeCalledPage, decodeEntries, encodeCalledList, encodePageKeys } from '../../core/kv/page-calls.ts'
import type { PageKey } from '../../core/kv/page-change.ts'
import type { ReadConsistency } from '../call-context.ts'
import type { CopyCall, CopyReads } from '../cluster/copy-reads.ts'
import { calledEntry } from './called-entry.ts'
import type { ListQuery } from './key-value-service.ts'
import type { PageKeeper } from './page-keeper.ts'
import type { ListedKeys, PageLister } from './page-lister.ts'
import { readableCalledEntry } from './readable-entry.ts'
import type { ReadablePage } from './readable-page.ts'

export interface PageCopyParts {
  /** The page as of now. */
  readonly page: ReadablePage
  readonly keeper: PageKeeper
  readonly lister: PageLister
  readonly copies: CopyReads
}

/** A page as a copy of it says, which may be older than now. Of one read. */
export class PageCopy implements ReadablePage {
  readonly #parts: PageCopyParts
  readonly #consistency: ReadConsistency
  #ageMs: number | undefined

  constructor(parts: PageCopyParts, consistency: ReadConsistency) {
    this.#parts = parts
    this.#consistency = consistency
  }

  get isShared(): boolean {
    return this.#parts.page.isShared
  }

  get now(): ReadablePage {
    return this.#parts.page
  }

  get ageMs(): number | undefined {
    return this.#ageMs
  }

  async entry(key: PageKey, signal: AbortSignal): Promise<Entry | undefined> {
    const { page, keeper, copies } = this.#parts
    const call: CopyCall<FoundInCopy> = {
      kind: 'page-read',
      local: async () => ({ entry: await calledEntry(keeper, key.bytes) }),
      body: () => encodePageKeys([key.bytes]),
      decode: onlyEntry,
      now: async (within) => ({ entry: await page.entry(key, within) }),
    }
    const { answer, ageMs } = await copies.read(keeper.address, this.#consistency, call, signal)
    this.#ageMs = ageMs
    return readableCalledEntry(answer.entry)
  }

  async list(query: ListQuery, signal: AbortSignal): Promise<ListedKeys> {
    const { page, keeper, lister, copies } = this.#parts
    const call: CopyCall<ListedKeys> = {
      kind: 'page-list',
      local: () => lister.list(keeper.address, query, signal),
      body: () => encodeCalledList(query),
      decode: decodeCalledPage,
      now: (within) => page.list(query, within),
    }
    const { answer, ageMs } = await copies.read(keeper.address, this.#consistency, call, signal)
    this.#ageMs = ageMs
    return answer
  }
}

/** An absent entry is an answer too. */
interface FoundInCopy {
  readonly entry: CalledEntry
}

function onlyEntry(bytes: Uint8Array): FoundInCopy | undefined {
  const entries = decodeEntries(bytes)
  return entries?.length === 1 ? { entry: entries[0] } : undefined
}
