/** What is looked at: so many pieces, spread from the first byte to the last. */
const pieces = 4
const pieceBytes = 256
const sampleBytes = pieces * pieceBytes
const expectedCount = sampleBytes / 256
/** Chance gives 255, and more than this once in millions; what zstd would take a sixteenth from has some thousand. */
const evenChiSquaredMax = 400

const counts = new Uint16Array(256)

/**
 * Whether the bytes are spread as evenly as chance spreads them, which encrypted and packed ones are: then there is nothing to gain from
 * packing them, but for pieces that repeat as a whole. False where there are too few to tell.
 */
export function areEven(bytes: Uint8Array): boolean {
  if (bytes.length < sampleBytes) return false
  counts.fill(0)
  const step = Math.floor((bytes.length - pieceBytes) / (pieces - 1))
  for (let piece = 0; piece < pieces; piece++) {
    const from = piece * step
    for (let at = from; at < from + pieceBytes; at++) {
      const byte = bytes[at] ?? 0
      counts[byte] = (counts[byte] ?? 0) + 1
    }
  }
  let chiSquared = 0
  for (const count of counts) chiSquared += (count - expectedCount) ** 2 / expectedCount
  return chiSquared <= evenChiSquaredMax
}
