import type { SkipReason } from './transfer-report.ts'

/** One thing to import. `open` may be called more than once and gives the bytes from the beginning, unless `once` is set. */
export type ImportItem =
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: SkipReason }
  | { readonly kind: 'failed'; readonly name: string; readonly reason: 'unreadable' }
  | ImportValue

export interface ImportValue {
  readonly kind: 'value'
  /** Name without the prefix. */
  readonly name: string
  readonly contentType: string
  /** Bytes, where they are known before they are read. */
  readonly size: number | undefined
  /** The whole value, for one whose size is known and small. */
  read(): Promise<Uint8Array>
  open(): AsyncIterable<Uint8Array>
  /** The bytes can be read only once and only before the next item is asked for. */
  readonly once: boolean
}
