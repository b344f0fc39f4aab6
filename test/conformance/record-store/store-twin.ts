import { compareBytes } from '../../../src/node/core/base/bytes.ts'
import type { RecordFamily, RecordStore, RecordWrite, ScanOptions, StoredRecord } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'

/** What a record store must hold, kept in the most obvious way. */
export class StoreTwin {
  readonly #records: Map<string, { readonly family: RecordFamily; readonly record: StoredRecord }>

  constructor(from?: StoreTwin) {
    this.#records = new Map(from === undefined ? [] : from.#records)
  }

  apply(batch: readonly RecordWrite[]): this {
    for (const write of batch) {
      const name = nameOf(write.family, write.key)
      if (write.kind === 'delete') this.#records.delete(name)
      else this.#records.set(name, { family: write.family, record: { key: write.key, value: write.value } })
    }
    return this
  }

  with(batches: readonly (readonly RecordWrite[])[]): StoreTwin {
    const next = new StoreTwin(this)
    for (const batch of batches) next.apply(batch)
    return next
  }

  get(family: RecordFamily, key: Uint8Array): Uint8Array | undefined {
    return this.#records.get(nameOf(family, key))?.record.value
  }

  all(family: RecordFamily): readonly StoredRecord[] {
    const records = [...this.#records.values()].filter((each) => each.family === family).map(({ record }) => record)
    return records.sort((left, right) => compareBytes(left.key, right.key))
  }

  scan(family: RecordFamily, options: Omit<ScanOptions, 'signal'>): readonly StoredRecord[] {
    const { from, after, before, limit, bytesMax = Number.POSITIVE_INFINITY, reverse = false, keysOnly = false } = options
    const within = this.all(family).filter(
      ({ key }) =>
        (from === undefined || compareBytes(key, from) >= 0) &&
        (after === undefined || compareBytes(key, after) > 0) &&
        (before === undefined || compareBytes(key, before) < 0),
    )
    const page: StoredRecord[] = []
    let bytes = 0
    for (const record of reverse ? within.reverse() : within) {
      if (page.length >= limit || bytes >= bytesMax) break
      page.push(keysOnly ? { key: record.key, value: new Uint8Array(0) } : record)
      bytes += page.at(-1)!.value.length
    }
    return page
  }

  get liveBytes(): number {
    return [...this.#records.values()].reduce((sum, { record }) => sum + record.key.length + record.value.length, 0)
  }

  get counts(): Record<RecordFamily, { readonly records: number }> {
    const counts = recordFamilies.map((family) => [family, { records: this.all(family).length }])
    return Object.fromEntries(counts) as Record<RecordFamily, { readonly records: number }>
  }

  /** One line for each record, comparable with `dumpOf`. */
  dump(): readonly string[] {
    return recordFamilies.flatMap((family) => this.all(family).map((record) => lineOf(family, record)))
  }
}

function nameOf(family: RecordFamily, key: Uint8Array): string {
  return `${family}/${Buffer.from(key).toString('hex')}`
}

/** Values are told apart by length and their bytes; long ones by a cheap digest that sees every byte. */
function lineOf(family: RecordFamily, { key, value }: StoredRecord): string {
  let sum = 0
  for (const byte of value) sum = (Math.imul(sum, 31) + byte + 1) >>> 0
  return `${nameOf(family, key)} ${value.length} ${sum}`
}

/** Every record that the store shows by scans, one page after the other. */
export async function dumpOf(store: RecordStore, pageRecords = 100): Promise<readonly string[]> {
  const lines: string[] = []
  for (const family of recordFamilies) {
    let after: Uint8Array | undefined
    for (;;) {
      const page = await store.scan(family, { limit: pageRecords, ...(after !== undefined && { after }) })
      lines.push(...page.map((record) => lineOf(family, record)))
      if (page.length < pageRecords) break
      after = page.at(-1)!.key
    }
  }
  return lines
}

/** Copies as plain arrays, so that a Buffer equals a Uint8Array of the same bytes. */
export function plain(records: readonly StoredRecord[]): readonly (readonly [key: string, value: string])[] {
  return records.map(({ key, value }) => [Buffer.from(key).toString('hex'), Buffer.from(value).toString('hex')])
}
