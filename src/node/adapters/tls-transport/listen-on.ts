import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { isIPv6 } from 'node:net'
import type { Server } from 'node:tls'
import { CodedError } from '../../../shared/coded-error.ts'

/** The parts of `host:port`, with IPv6 in brackets; undefined for anything else. */
export function placeOf(endpoint: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(endpoint) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host === undefined || !(port <= 65_535) ? undefined : { host, port }
}

/** Answers with the endpoint that the server listens on. */
export async function listenOn(server: Server, endpoint: string): Promise<string> {
  const place = placeOf(endpoint)
  if (place === undefined) throw new CodedError('config-invalid', `"${endpoint}" is not host:port`)
  try {
    server.listen(place)
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, endpoint)
  }
  // What fails later, such as a connection that there is no file for, is met by who dialled.
  server.on('error', () => undefined)
  const { port } = server.address() as AddressInfo
  return `${isIPv6(place.host) ? `[${place.host}]` : place.host}:${port}`
}

function listenError(error: NodeJS.ErrnoException, endpoint: string): CodedError {
  const isTaken = error.code === 'EADDRINUSE'
  const message = isTaken
    ? `another program listens on ${endpoint}, where other nodes should reach this one`
    : `other nodes cannot reach this one on ${endpoint}: ${error.message}`
  return new CodedError(isTaken ? 'port-in-use' : 'config-invalid', message, { details: { endpoint }, cause: error })
}
