import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import { CodedError } from '../../../shared/coded-error.ts'
import type { NodeObserver } from '../../observe/node-observer.ts'
import { findPortHolder } from '../grpc/port-holder.ts'
import type { HttpAnswer, HttpSources } from './http-routes.ts'
import { answerOf } from './http-routes.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly sources: HttpSources
  readonly observer: Pick<NodeObserver, 'httpAnswered' | 'connectionFailed'>
}

export interface HttpFace extends AsyncDisposable {
  /** Resolves to where it listens; throws CodedError `port-in-use` or `config-invalid` when it cannot. */
  start(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>
  stop(): Promise<void>
}

const connectionsMax = 100
const headerBytesMax = 8 * 1024
const requestTimeoutMs = 10_000
const drainTimeoutMs = 500

const fixedHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const

/** The node's HTTP port: a handful of pages to read, nothing that changes anything. */
export function createHttpServer(options: HttpServerOptions): HttpFace {
  const { host, port, sources, observer } = options
  const server = createServer({ maxHeaderSize: headerBytesMax, requestTimeout: requestTimeoutMs }, (request, response) => {
    void respond(request, host, sources).then((answer) => send(request, response, answer, observer))
  })
  server.maxConnections = connectionsMax
  server.headersTimeout = requestTimeoutMs
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    else socket.destroy()
  })
  const stop = () => closeServer(server)
  return {
    async start() {
      const bound = await listen(server, host, port)
      const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
      return { host: bound.address, port: bound.port, url: `http://${name}:${bound.port}` }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Throws as `start` does where it could not listen; nothing is served. */
export async function probeHttpPort(host: string, port: number): Promise<void> {
  const server = createServer()
  await listen(server, host, port)
  await closeServer(server)
}

async function respond(request: IncomingMessage, ownHost: string, sources: HttpSources): Promise<HttpAnswer> {
  const refuse = (status: number, body: string): HttpAnswer => ({
    route: 'other',
    status,
    contentType: 'text/plain; charset=utf-8',
    body,
  })
  if (!isOwnName(request.headers.host, ownHost)) return refuse(421, 'This node is not served under that name.\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Only GET and HEAD are served here.\n')
  try {
    return await answerOf((request.url ?? '/').split('?', 1)[0] ?? '/', sources)
  } catch {
    return refuse(503, 'The node cannot answer at the moment.\n')
  }
}

/**
 * A page of a stranger can make a browser on this computer ask any name that resolves to it. Such a request carries the stranger's
 * name: only addresses, localhost and the name that was configured are answered.
 */
export function isOwnName(hostHeader: string | undefined, ownHost: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(hostHeader ?? '')
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase()
  return name !== '' && (isIP(name) !== 0 || name === 'localhost' || name === ownHost.toLowerCase())
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: HttpAnswer,
  observer: HttpServerOptions['observer'],
): void {
  const body = Buffer.from(answer.body)
  response.on('error', (error) => observer.connectionFailed({ error }))
  response.writeHead(answer.status, {
    ...fixedHeaders,
    'Content-Type': answer.contentType,
    'Content-Length': body.length,
    ...(answer.status === 405 && { Allow: 'GET, HEAD' }),
    ...(hasBody(request) && { Connection: 'close' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
  observer.httpAnswered({ route: answer.route, status: answer.status })
}

/** A body is not read: the connection ends after the answer. */
function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (error) {
    throw await listenError(error as NodeJS.ErrnoException, host, port)
  }
  return server.address() as AddressInfo
}

async function listenError(error: NodeJS.ErrnoException, host: string, port: number): Promise<CodedError> {
  if (error.code === 'EADDRINUSE') {
    const holder = await findPortHolder(port)
    const who = holder === undefined ? 'another program' : `${holder.command} (process ${holder.pid})`
    const message = `port ${port} of ${host} is taken by ${who}; choose another with --console, port 0 picks a free one`
    return new CodedError('port-in-use', message, { details: { host, port, ...holder }, cause: error })
  }
  return new CodedError('config-invalid', `the HTTP port cannot listen on ${host}:${port}: ${error.message}`, { cause: error })
}

function closeServer(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), drainTimeoutMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
