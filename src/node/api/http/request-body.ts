import type { IncomingMessage } from 'node:http'

/** The body of a request as JSON; a number is the status that says why there is none. */
export async function readJson(
  request: IncomingMessage,
  bytesMax: number,
): Promise<{ readonly value: unknown } | 400 | 413 | 415> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return 415
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return 413
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > bytesMax) return 413
      pieces.push(piece)
    }
    return { value: JSON.parse(Buffer.concat(pieces).toString()) }
  } catch {
    return 400 // it broke off, or is no JSON
  }
}
