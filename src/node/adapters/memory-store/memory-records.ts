/** Records of one family in bytewise key order, and the checksums by which damage in them is found. */
import { crc32 } from 'node:zlib'
import type { RecordFamily, ScanOptions, StoredRecord } from '../../ports/record-store.ts'

export interface MemoryRecord {
  readonly key: Uint8Array
  /** Replaced when a bit of it is flipped; the checksum stays. */
  value: Uint8Array
  readonly checksum: number
}

/** Latin-1 text compares by code unit, which is the order of the bytes. */
export function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

function checksumOf(family: RecordFamily, key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key, crc32(family)))
}

export function recordOf(family: RecordFamily, key: Uint8Array, value: Uint8Array): MemoryRecord {
  return { key, value, checksum: checksumOf(family, key, value) }
}

export function verifies(family: RecordFamily, record: MemoryRecord): boolean {
  return checksumOf(family, record.key, record.value) === record.checksum
}

export function bytesOf(record: MemoryRecord): number {
  return record.key.length + record.value.length
}

const emptyValue = new Uint8Array(0)

/** Up to so many keys are put in their places one by one. */
const fewKeys = 64

export class OrderedRecords {
  readonly #records = new Map<string, MemoryRecord>()
  /** Sorted. Keys that were deleted stay until it is made anew. */
  #order: string[] = []
  /** Keys that are not in the order yet: putting each in its place at once would make loading many of them quadratic. */
  #added: string[] = []
  #deleted = 0

  get size(): number {
    return this.#records.size
  }

  get(key: string): MemoryRecord | undefined {
    return this.#records.get(key)
  }

  set(key: string, record: MemoryRecord): void {
    if (!this.#records.has(key)) this.#added.push(key)
    this.#records.set(key, record)
  }

  delete(key: string): void {
    if (this.#records.delete(key)) this.#deleted++
  }

  *entries(): Generator<readonly [key: string, record: MemoryRecord]> {
    this.#putInOrder()
    for (const key of this.#order) {
      const record = this.#records.get(key)
      if (record !== undefined) yield [key, record]
    }
  }

  /** One page; what `check` says of a record whose value is asked for, or throws, decides whether it is returned or told as unreadable. */
  scan(options: ScanOptions, check: (record: MemoryRecord) => boolean): StoredRecord[] {
    this.#putInOrder()
    const [begin, end] = this.#bounds(options)
    const page: StoredRecord[] = []
    let valueBytes = 0
    let unreadable = 0
    for (let step = 0; step < end - begin && page.length + unreadable < options.limit; step++) {
      if (page.length > 0 && options.bytesMax !== undefined && valueBytes >= options.bytesMax) break
      const record = this.#records.get(this.#order[options.reverse === true ? end - 1 - step : begin + step] ?? '')
      if (record === undefined) continue
      if (options.keysOnly !== true && !check(record)) {
        options.damage?.unreadable(record.key)
        unreadable++
        continue
      }
      page.push({ key: record.key, value: options.keysOnly === true ? emptyValue : record.value })
      valueBytes += options.keysOnly === true ? 0 : record.value.length
    }
    return page
  }

  #putInOrder(): void {
    if (this.#added.length > fewKeys || this.#deleted > this.#records.size) {
      this.#order = [...this.#records.keys()].sort()
      this.#deleted = 0
    } else {
      for (const key of this.#added) {
        const place = this.#firstFrom(key)
        if (this.#order[place] !== key) this.#order.splice(place, 0, key)
      }
    }
    this.#added = []
  }

  #bounds({ from, after, before }: ScanOptions): readonly [begin: number, end: number] {
    let begin = 0
    if (after !== undefined) {
      const text = textOf(after)
      begin = this.#firstFrom(text)
      if (this.#order[begin] === text) begin++
    } else if (from !== undefined) begin = this.#firstFrom(textOf(from))
    return [begin, before === undefined ? this.#order.length : this.#firstFrom(textOf(before))]
  }

  /** Index of the first key that is not below the one given. */
  #firstFrom(key: string): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#order[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Records of every family with their sizes, and the count and additive fingerprint by which a vanished record is noticed. */
export class RecordImage {
  readonly #families = new Map<RecordFamily, OrderedRecords>()
  readonly #expected = new Map<RecordFamily, { records: number; fingerprint: number }>()
  liveBytes = 0

  family(family: RecordFamily): OrderedRecords {
    let records = this.#families.get(family)
    if (records === undefined) {
      records = new OrderedRecords()
      this.#families.set(family, records)
    }
    return records
  }

  /** Puts the record, or deletes the key where none is given. */
  apply(family: RecordFamily, key: string, record: MemoryRecord | undefined): void {
    const records = this.family(family)
    const expected = this.#expectedOf(family)
    const old = records.get(key)
    if (old !== undefined) {
      this.liveBytes -= bytesOf(old)
      expected.records--
      expected.fingerprint = (expected.fingerprint - old.checksum) >>> 0
    }
    if (record === undefined) {
      records.delete(key)
      return
    }
    records.set(key, record)
    this.liveBytes += bytesOf(record)
    expected.records++
    expected.fingerprint = (expected.fingerprint + record.checksum) >>> 0
  }

  /** A fault: the record is gone, and nobody counted it. */
  vanish(family: RecordFamily, key: string): void {
    const old = this.family(family).get(key)
    if (old !== undefined) this.liveBytes -= bytesOf(old)
    this.family(family).delete(key)
  }

  /** True when the family holds exactly the records that were put into it. */
  isWhole(family: RecordFamily): boolean {
    const expected = this.#expectedOf(family)
    let records = 0
    let fingerprint = 0
    for (const [, record] of this.family(family).entries()) {
      records++
      fingerprint = (fingerprint + record.checksum) >>> 0
    }
    return records === expected.records && fingerprint === expected.fingerprint
  }

  /** The same records (shared, so that a flipped bit shows in both) and the same expectations. */
  copy(): RecordImage {
    const copy = new RecordImage()
    for (const [family, records] of this.#families) {
      for (const [key, record] of records.entries()) copy.family(family).set(key, record)
    }
    for (const [family, expected] of this.#expected) copy.#expected.set(family, { ...expected })
    copy.liveBytes = this.liveBytes
    return copy
  }

  /** Accepts what is there as all there is. */
  settle(): void {
    for (const [family, records] of this.#families) {
      const expected = this.#expectedOf(family)
      expected.records = 0
      expected.fingerprint = 0
      for (const [, record] of records.entries()) {
        expected.records++
        expected.fingerprint = (expected.fingerprint + record.checksum) >>> 0
      }
    }
  }

  #expectedOf(family: RecordFamily): { records: number; fingerprint: number } {
    let expected = this.#expected.get(family)
    if (expected === undefined) {
      expected = { records: 0, fingerprint: 0 }
      this.#expected.set(family, expected)
    }
    return expected
  }
}
