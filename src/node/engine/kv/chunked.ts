import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import { throwIfAborted } from './checked-arguments.ts'

/**
 * The same bytes in chunks of exactly `chunkBytes`, the last one shorter; one empty chunk where there are none. Holds one chunk. A
 * chunk may be a view of a piece, which its giver does not change.
 */
export async function* chunked(
  pieces: AsyncIterable<Uint8Array>,
  limits: Pick<Limits, 'chunkBytes' | 'streamValueBytesMax'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { chunkBytes, streamValueBytesMax } = limits
  let open: Uint8Array | undefined
  let filled = 0
  let total = 0
  for await (const piece of pieces) {
    throwIfAborted(signal)
    total += piece.length
    if (total > streamValueBytesMax) {
      throw new CodedError('limit-exceeded', `the value has more than ${streamValueBytesMax} bytes; nothing was changed`)
    }
    for (let taken = 0; taken < piece.length; ) {
      if (filled === 0 && piece.length - taken >= chunkBytes) {
        yield piece.subarray(taken, taken + chunkBytes)
        taken += chunkBytes
        continue
      }
      open ??= new Uint8Array(chunkBytes)
      const count = Math.min(chunkBytes - filled, piece.length - taken)
      open.set(piece.subarray(taken, taken + count), filled)
      filled += count
      taken += count
      if (filled < chunkBytes) continue
      yield open
      open = undefined
      filled = 0
    }
  }
  throwIfAborted(signal)
  if (filled > 0 || total === 0) yield (open ?? new Uint8Array(0)).slice(0, filled)
}
