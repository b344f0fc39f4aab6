/**
 * One end of a stream. What this end may write is limited by the credit that the other end gives as its reader takes pieces, so each end
 * holds one window of unread bytes at most.
 */
import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { PeerStream } from '../../ports/transport.ts'
import type { FrameVerdict } from './frame-verdict.ts'
import type { BulkSource } from './outbox.ts'
import type { ExchangeFrame } from './peer-frame.ts'

interface StreamOptions {
  readonly id: number
  readonly windowBytes: number
  readonly pieceBytes: number
  /** Whether a reader that stops early ends the stream: true at the end that opened it. */
  readonly endsWithReader: boolean
  readonly post: (frame: ExchangeFrame) => void
  /** There is something for `next`. */
  readonly ready: (stream: CreditStream) => void
  /** The reader stopped before the other end had ended. */
  readonly abandoned: (error: CodedError) => void
}

interface PendingWrite {
  readonly piece: Uint8Array
  offset: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class CreditStream implements PeerStream, BulkSource {
  readonly #options: StreamOptions
  #credit: number
  #write: PendingWrite | undefined
  #endAsked = false
  #endSent = false
  #failure: { readonly error: unknown } | undefined
  /** What the other end may send before it gets more credit. */
  #allowance: number
  #uncredited = 0
  #buffer: Uint8Array[] = []
  #remoteEnded = false
  #discards = false
  #iterated = false
  #wakeReader: (() => void) | undefined

  constructor(options: StreamOptions) {
    this.#options = options
    this.#credit = options.windowBytes
    this.#allowance = options.windowBytes
  }

  get id(): number {
    return this.#options.id
  }

  write(piece: Uint8Array): Promise<void> {
    assert(this.#write === undefined, 'a writer waits for one piece before it writes the next')
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    assert(!this.#endAsked, 'nothing is written behind the end of a stream')
    if (piece.length === 0) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#write = { piece, offset: 0, resolve, reject }
    this.#options.ready(this)
    return promise
  }

  end(): void {
    if (this.#endAsked || this.#failure !== undefined) return
    this.#endAsked = true
    this.#options.ready(this)
  }

  get pieces(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#read() }
  }

  next(): ExchangeFrame | undefined {
    const { id, pieceBytes } = this.#options
    if (this.#failure !== undefined) return undefined
    const write = this.#write
    if (write === undefined) {
      if (!this.#endAsked || this.#endSent) return undefined
      this.#endSent = true
      return { kind: 'stream-end', id, closed: false }
    }
    const count = Math.min(pieceBytes, this.#credit, write.piece.length - write.offset)
    if (count === 0) return undefined
    const bytes = write.piece.subarray(write.offset, write.offset + count)
    write.offset += count
    this.#credit -= count
    if (write.offset === write.piece.length) {
      this.#write = undefined
      write.resolve()
    }
    return { kind: 'stream-piece', id, bytes }
  }

  takePiece(bytes: Uint8Array): FrameVerdict {
    if (this.#remoteEnded || bytes.length === 0) return 'malformed'
    this.#allowance -= bytes.length
    if (this.#allowance < 0) return 'flood'
    if (this.#discards || this.#failure !== undefined) return 'taken'
    this.#buffer.push(bytes)
    this.#wake()
    return 'taken'
  }

  /** `closed`: the other end takes nothing more either. */
  takeEnd(closed: boolean): FrameVerdict {
    if (this.#remoteEnded && !closed) return 'malformed'
    this.#remoteEnded = true
    if (closed) this.#refuseWrites(new CodedError('cancelled', 'the other end takes nothing more of the stream'))
    this.#wake()
    return 'taken'
  }

  takeCredit(bytes: number): FrameVerdict {
    if (this.#credit + bytes > this.#options.windowBytes) return 'flood'
    this.#credit += bytes
    if (this.#write !== undefined) this.#options.ready(this)
    return 'taken'
  }

  get isFailed(): boolean {
    return this.#failure !== undefined
  }

  /** Whoever writes or reads at this end meets the error; what is here whole may be read to its end. */
  fail(error: unknown): void {
    if (this.#failure === undefined) this.#refuseWrites(error)
    if (!this.#remoteEnded) this.#buffer = []
    this.#wake()
  }

  #refuseWrites(error: unknown): void {
    this.#failure = { error }
    const write = this.#write
    this.#write = undefined
    write?.reject(error)
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    assert(!this.#iterated, 'the pieces of a stream are read once')
    this.#iterated = true
    try {
      for (;;) {
        const piece = this.#buffer.shift()
        if (piece !== undefined) {
          this.#giveCredit(piece.length)
          yield piece
        } else if (this.#remoteEnded) {
          return
        } else if (this.#failure !== undefined) {
          throw this.#failure.error
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve
          })
        }
      }
    } finally {
      this.#stopReading()
    }
  }

  #stopReading(): void {
    this.#buffer = []
    this.#discards = true
    if (this.#remoteEnded || this.#failure !== undefined || !this.#options.endsWithReader) return
    this.#options.abandoned(new CodedError('cancelled', 'whoever read the stream stopped'))
  }

  #giveCredit(bytes: number): void {
    this.#uncredited += bytes
    if (this.#remoteEnded || this.#uncredited < this.#options.windowBytes / 4) return
    this.#options.post({ kind: 'credit', id: this.#options.id, bytes: this.#uncredited })
    this.#allowance += this.#uncredited
    this.#uncredited = 0
  }

  #wake(): void {
    const wake = this.#wakeReader
    this.#wakeReader = undefined
    wake?.()
  }
}
