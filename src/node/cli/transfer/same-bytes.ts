/** Whether two streams give the same bytes, however they are cut into pieces. Stops at the first difference. */
export async function sameBytes(left: AsyncIterable<Uint8Array>, right: AsyncIterable<Uint8Array>): Promise<boolean> {
  const lefts = pieceReader(left)
  const rights = pieceReader(right)
  try {
    let one = await lefts.next()
    let other = await rights.next()
    while (one !== undefined && other !== undefined) {
      const length = Math.min(one.length, other.length)
      if (Buffer.compare(one.subarray(0, length), other.subarray(0, length)) !== 0) return false
      one = one.length > length ? one.subarray(length) : await lefts.next()
      other = other.length > length ? other.subarray(length) : await rights.next()
    }
    return one === undefined && other === undefined
  } finally {
    await lefts.close()
    await rights.close()
  }
}

interface PieceReader {
  /** The next piece that is not empty; undefined at the end. */
  next(): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

function pieceReader(pieces: AsyncIterable<Uint8Array>): PieceReader {
  const iterator = pieces[Symbol.asyncIterator]()
  let done = false
  return {
    async next() {
      while (!done) {
        const next = await iterator.next()
        if (next.done === true) done = true
        else if (next.value.length > 0) return next.value
      }
      return undefined
    },
    async close() {
      if (!done) await iterator.return?.()
    },
  }
}
