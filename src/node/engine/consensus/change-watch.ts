import { toHex } from '../../core/base/bytes.ts'
import type { SnapshotFamily } from '../../core/wire/replica-calls.ts'
import type { RecordWrite } from '../../ports/record-store.ts'

interface NotedRecord {
  readonly family: SnapshotFamily
  readonly key: Uint8Array
}

/** The records of a block that entries have changed since somebody began to read them. */
export class ChangeWatch implements Disposable {
  readonly #records = new Map<string, NotedRecord>()
  readonly #end: () => void

  constructor(end: () => void) {
    this.#end = end
  }

  get records(): Iterable<NotedRecord> {
    return this.#records.values()
  }

  note(writes: readonly RecordWrite[]): void {
    for (const { family, key } of writes) {
      if (family === 'entry' || family === 'outcome') this.#records.set(`${family}/${toHex(key)}`, { family, key })
    }
  }

  [Symbol.dispose](): void {
    this.#end()
  }
}
