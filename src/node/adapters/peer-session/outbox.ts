/**
 * What waits to leave over one link. Everything of a turn leaves in one write; control frames and messages go before bulk, of which one
 * piece leaves with a turn, and the next when the link has taken it. So a message waits for one piece at most.
 */
import type { Limits } from '../../core/base/limits.ts'
import type { ExchangeFrame } from './peer-frame.ts'
import { frameOverheadBytes, frameWeight } from './peer-frame.ts'

/** Gives its frames one by one; undefined when it has none at the moment, after which it is asked again only when it is added. */
export interface BulkSource {
  next(): ExchangeFrame | undefined
}

interface OutboxOptions {
  readonly limits: Limits
  readonly write: (frames: readonly ExchangeFrame[]) => boolean
  readonly afterTurn: (run: () => void) => void
}

/** Bytes of what is gathered into one write. */
const writeBytesMax = 256 * 1024

export class Outbox {
  readonly #options: OutboxOptions
  readonly #frames: ExchangeFrame[] = []
  #bodies: Uint8Array[] = []
  #bodyBytes = 0
  readonly #bulk: BulkSource[] = []
  #waitingBytes = 0
  #scheduled = false
  #writable = true
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Bytes that have not been given to the link. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Whether the link does not take what it was given. */
  get isHeld(): boolean {
    return !this.#writable
  }

  post(frame: ExchangeFrame): void {
    if (this.#closed) return
    this.#sealBodies()
    this.#push(frame)
  }

  /** False where it was dropped, because too much waits. */
  message(body: Uint8Array): boolean {
    const weight = body.length + frameOverheadBytes
    if (this.#closed || this.#waitingBytes + weight > this.#options.limits.peerQueueBytesMax) return false
    if (this.#bodyBytes + weight > writeBytesMax) this.#sealBodies()
    this.#bodies.push(body)
    this.#bodyBytes += weight
    this.#waitingBytes += weight
    this.#schedule()
    return true
  }

  bulk(source: BulkSource): void {
    if (this.#closed || this.#bulk.includes(source)) return
    this.#bulk.push(source)
    this.#schedule()
  }

  drained(): void {
    this.#writable = true
    this.#flush()
  }

  close(): void {
    this.#closed = true
    this.#frames.length = 0
    this.#bodies = []
    this.#bulk.length = 0
    this.#waitingBytes = 0
  }

  #push(frame: ExchangeFrame): void {
    this.#frames.push(frame)
    this.#waitingBytes += frameWeight(frame)
    this.#schedule()
  }

  /** Messages keep their place among the other frames. */
  #sealBodies(): void {
    if (this.#bodies.length === 0) return
    const frame: ExchangeFrame = { kind: 'message', bodies: this.#bodies }
    this.#waitingBytes -= this.#bodyBytes
    this.#bodies = []
    this.#bodyBytes = 0
    this.#push(frame)
  }

  #schedule(): void {
    if (this.#scheduled || !this.#writable) return
    this.#scheduled = true
    this.#options.afterTurn(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    this.#sealBodies()
    while (this.#writable && !this.#closed) {
      const frames = this.#gather()
      const urgentLeft = this.#frames.length > 0
      const piece = urgentLeft ? undefined : this.#nextPiece()
      if (piece !== undefined) frames.push(piece)
      if (frames.length === 0) return
      this.#writable = this.#options.write(frames)
      if (!urgentLeft) break
    }
    if (this.#bulk.length > 0) this.#schedule()
  }

  #gather(): ExchangeFrame[] {
    let bytes = 0
    let count = 0
    for (const frame of this.#frames) {
      const weight = frameWeight(frame)
      if (count > 0 && bytes + weight > writeBytesMax) break
      bytes += weight
      count += 1
    }
    this.#waitingBytes -= bytes
    return this.#frames.splice(0, count)
  }

  /** Sources take turns. */
  #nextPiece(): ExchangeFrame | undefined {
    for (;;) {
      const source = this.#bulk.shift()
      if (source === undefined) return undefined
      const frame = source.next()
      if (frame === undefined) continue
      this.#bulk.push(source)
      return frame
    }
  }
}
