import type { OpenFile } from '../files.ts'
import { systemCode } from '../files.ts'
import { isFullCode } from '../store-files.ts'

const pieceBytes = 4096

/**
 * Puts zeros over what a write that found no room may have left of its bytes, synced; false when some of them are still there. The
 * write went from front to back: where zeros find no room, its bytes found none.
 */
export async function takeBack(file: OpenFile, buffers: readonly Uint8Array[], from: number): Promise<boolean> {
  const end = from + buffers.reduce((sum, { length }) => sum + length, 0)
  const zeros = Buffer.alloc(pieceBytes)
  try {
    for (let at = from; at < end; at += pieceBytes) await file.write([zeros.subarray(0, Math.min(pieceBytes, end - at))], at)
  } catch (error) {
    if (!isFullCode(systemCode(error))) throw error
  }
  await file.datasync()
  for (let at = from; at < end; at += pieceBytes) {
    const piece = Buffer.alloc(Math.min(pieceBytes, end - at))
    await file.read(piece, at)
    if (!piece.equals(zeros.subarray(0, piece.length))) return false
  }
  return true
}
