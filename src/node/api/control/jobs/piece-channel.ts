type Step = IteratorResult<Uint8Array, undefined>

/** Pieces that come by calls, as a stream for one reader. One piece waits at most: who feeds waits for who reads. */
export class PieceChannel implements AsyncIterable<Uint8Array> {
  #piece: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined
  #reader: PromiseWithResolvers<Step> | undefined
  #end: { readonly error?: unknown } | undefined
  #closed = false

  /** Resolves when the piece was taken, or nobody reads any more. */
  push(bytes: Uint8Array): Promise<void> {
    if (this.#closed || this.#end !== undefined) return Promise.resolve()
    if (this.#reader !== undefined) {
      this.#reader.resolve({ done: false, value: bytes })
      this.#reader = undefined
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#piece = { bytes, taken: resolve }
    })
  }

  /** The reader ends behind what was pushed: with this error, if there is one. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error }
    const reader = this.#reader
    this.#reader = undefined
    if (reader === undefined) return
    if (error === undefined) reader.resolve({ done: true, value: undefined })
    else reader.reject(error)
  }

  /** Nobody reads any more: what comes is let go. */
  close(): void {
    this.#closed = true
    this.#piece?.taken()
    this.#piece = undefined
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  #next(): Promise<Step> {
    const piece = this.#piece
    if (piece !== undefined) {
      this.#piece = undefined
      piece.taken()
      return Promise.resolve({ done: false, value: piece.bytes })
    }
    if (this.#end !== undefined) {
      if ('error' in this.#end) return Promise.reject(this.#end.error)
      return Promise.resolve({ done: true, value: undefined })
    }
    this.#reader = Promise.withResolvers<Step>()
    return this.#reader.promise
  }
}
