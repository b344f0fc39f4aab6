import type { IncomingMessage, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pageHeaders } from '../../../shared/page-headers.ts'
import type { HttpAnswer } from './http-answer.ts'

/** How long the other side has to take a last answer; what it still sends is thrown away. */
const lingerMs = 1000

/** What every answer has, whatever it says. */
export function answerHeaders(nonce: string): Readonly<Record<string, string>> {
  return { 'Cache-Control': 'no-store', ...pageHeaders(nonce) }
}

/** Rejects when the connection breaks under the answer. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  nonce: string,
  answer: HttpAnswer,
): Promise<void> {
  const { body } = answer
  response.writeHead(answer.status, {
    ...answerHeaders(nonce),
    ...answer.headers,
    'Content-Type': answer.contentType,
    'Content-Length': typeof body === 'string' ? Buffer.byteLength(body) : body.bytes,
    ...(isUnread(request) && { Connection: 'close' }),
  })
  const headOnly = request.method === 'HEAD'
  if (typeof body === 'string') {
    response.end(headOnly ? undefined : body)
    return
  }
  await using file = body.file
  if (headOnly || body.bytes === 0) response.end()
  else await pipeline(file.createReadStream({ start: 0, end: body.bytes - 1, autoClose: false }), response)
}

/** On a connection that HTTP has left, or never reached. */
export function sendRaw(socket: Duplex, nonce: string, status: number, message: string): void {
  socket.on('error', () => {}) // it may be gone, which is as well
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const headers = Object.entries({
    ...answerHeaders(nonce),
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(message)),
    Connection: 'close',
  })
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => clearTimeout(timer))
  socket.resume()
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`)
}

/** A body that nobody reads: the connection ends after the answer. */
function isUnread(request: IncomingMessage): boolean {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  return hasBody && !request.complete
}
