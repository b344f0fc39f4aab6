import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import { findPortHolder } from '../grpc/port-holder.ts'

export interface ListenerEvents {
  readonly request: RequestListener
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** What came is no request that can be answered in order, with the status that says so. */
  readonly malformed: (socket: Duplex, status: number) => void
}

/** A server within its limits; nothing is answered but by the events. */
export function makeListener(
  limits: Limits,
  tls: { readonly certificate: string; readonly key: string } | undefined,
  events: ListenerEvents,
): Server {
  const options = {
    maxHeaderSize: limits.httpHeaderBytesMax,
    requestTimeout: limits.httpRequestTimeoutMs,
    headersTimeout: limits.httpRequestTimeoutMs,
    connectionsCheckingInterval: limits.httpRequestTimeoutMs / 2,
    requireHostHeader: false, // is refused with our headers
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  }
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, cert: tls.certificate, key: tls.key })
  server.maxConnections = limits.httpConnectionsMax
  server.on('request', events.request)
  server.on('checkExpectation', events.request)
  server.on('checkContinue', events.request)
  server.on('upgrade', events.upgrade)
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => events.malformed(socket, 405))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    events.malformed(socket, malformedStatus(error.code))
  })
  return server
}

function malformedStatus(code: string | undefined): number {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 431
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408
    default:
      return 400
  }
}

export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (error) {
    throw await listenError(error as NodeJS.ErrnoException, host, port)
  }
  return server.address() as AddressInfo
}

export function closeListener(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
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
