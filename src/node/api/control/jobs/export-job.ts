import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import type { KeyValueService } from '../../../engine/kv/key-value-service.ts'
import { exportLines } from './export-lines.ts'
import type { JobRecord } from './job-record.ts'

export interface TakenPiece {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly done: boolean
}

const nothing = new Uint8Array(0)

/** Gives the lines of an export away in pieces, and reads no further than the one that is asked for. */
export class ExportJob {
  readonly #record: JobRecord
  readonly #lines: AsyncGenerator<Uint8Array, void>
  /** Read and not yet given away. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #exhausted = false
  #lastCall: Promise<unknown> = Promise.resolve()

  constructor(record: JobRecord, keyValues: KeyValueService) {
    this.#record = record
    this.#lines = exportLines(keyValues, record)
  }

  /** The next piece; `done` with the last one, which may be empty. One that its caller no longer waits for is kept for the next. */
  take(signal: AbortSignal): Promise<TakenPiece> {
    const piece = this.#lastCall.then(() => this.#take(signal))
    this.#lastCall = piece.catch(() => undefined)
    return piece
  }

  async #take(signal: AbortSignal): Promise<TakenPiece> {
    try {
      while (!this.#exhausted && this.#waitingBytes < wireLimits.jobPieceBytesMax) {
        const step = await this.#lines.next()
        if (step.done === true) this.#exhausted = true
        else {
          this.#waiting.push(step.value)
          this.#waitingBytes += step.value.length
        }
      }
    } catch (error) {
      this.#record.end('failed', error instanceof Error ? error.message : String(error))
    }
    signal.throwIfAborted()
    if (!this.#record.running) return { bytes: nothing, done: true }
    const all = Buffer.concat(this.#waiting)
    const bytes = all.subarray(0, wireLimits.jobPieceBytesMax)
    const rest = all.subarray(bytes.length)
    this.#waiting = rest.length === 0 ? [] : [rest]
    this.#waitingBytes = rest.length
    const done = this.#exhausted && rest.length === 0
    if (done) this.#record.end('done')
    return { bytes: new Uint8Array(bytes), done }
  }
}
