import { once } from 'node:events'
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** By lower-case name; the last of several. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface RawRequest {
  readonly method?: string
  /** Sent as it is: no library makes it harmless. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Without it the own name is sent; null sends none. */
  readonly host?: string | null
}

/** One request on a connection of its own, byte for byte as given. */
export async function rawRequest(port: number, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', path, headers = {}, body, host = `127.0.0.1:${port}` } = request
  const all = {
    ...(host !== null && { Host: host }),
    ...(headers.Upgrade === undefined && { Connection: 'close' }),
    ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return await rawExchange(port, `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
}

export async function rawExchange(port: number, text: string): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece)
    if (Buffer.concat(pieces).includes('HTTP/1.1 101')) socket.destroy() // it would stay open
  })
  socket.on('error', () => {}) // the other side may end it before all was sent
  socket.write(text, 'latin1')
  await once(socket, 'close')
  return parse(Buffer.concat(pieces).toString('latin1'))
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])
  return { status: Number(first.split(' ')[1] ?? 0), headers: Object.fromEntries(headers), body: rest.join('\r\n\r\n') }
}
