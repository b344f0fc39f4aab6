import type { Entry } from '../../core/kv/entry.ts'
import type { PageKey } from '../../core/kv/page-change.ts'
import type { ListQuery } from './key-value-service.ts'
import type { ListedKeys } from './page-lister.ts'

/** A page as one read sees it. */
export interface ReadablePage {
  /** Others hold the page too. */
  readonly isShared: boolean
  /** The same page as of now, whatever this one shows. */
  readonly now: ReadablePage
  /** How old what it showed last may be, in milliseconds before the read; 0: as of now. Undefined: nobody knows. */
  readonly ageMs: number | undefined
  /** Throws or rejects with `data-corrupt`. */
  entry(key: PageKey, signal: AbortSignal): Entry | undefined | Promise<Entry | undefined>
  list(query: ListQuery, signal: AbortSignal): Promise<ListedKeys>
}
