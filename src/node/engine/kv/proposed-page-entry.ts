import type { BlockAddress } from '../../core/base/address.ts'
import type { PageChange } from '../../core/kv/page-change.ts'
import { pageRequestOf } from '../../core/kv/page-change.ts'
import type { PageEntry, PageEntryPart } from '../../core/kv/page-entry.ts'
import { encodePageEntry } from '../../core/kv/page-entry.ts'
import type { BatchOrigin } from './page-signing.ts'
import { signedPageBatch } from './page-signing.ts'

/** What this node sends in a turn. It is signed when somebody needs the signature: a batch that changes nothing never is. */
export class LocalPart implements PageEntryPart {
  readonly session: Uint8Array
  readonly sequence: bigint
  readonly writer: Uint8Array
  readonly changes: readonly PageChange[]
  readonly #sign: () => Uint8Array
  #signed: Uint8Array | undefined

  constructor(part: Omit<PageEntryPart, 'signed'>, page: BlockAddress, hlc: bigint, origin: BatchOrigin) {
    const { session, sequence, writer, changes } = part
    this.session = session
    this.sequence = sequence
    this.writer = writer
    this.changes = changes
    this.#sign = () => {
      const requests = changes.map((change) => pageRequestOf(change, hlc))
      return signedPageBatch(origin, page, { session, sequence, writer, hlc, requests, forget: { floor: 0n, count: 0 } })
    }
  }

  get signed(): Uint8Array {
    this.#signed ??= this.#sign()
    return this.#signed
  }
}

/** An entry for the log of a page. It is encoded when it leaves the node or is written down: a group of one needs neither. */
export class ProposedPageEntry {
  readonly kind = 'change' as const
  readonly #entry: PageEntry
  #body: Uint8Array | undefined

  constructor(entry: PageEntry) {
    this.#entry = entry
  }

  get body(): Uint8Array {
    this.#body ??= encodePageEntry(this.#entry)
    return this.#body
  }
}
