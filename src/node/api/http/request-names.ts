import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../grpc/bind-safety.ts'

/**
 * A page of a stranger can make a browser on this computer ask any name that resolves to it. Such a request carries the stranger's
 * name: only addresses, localhost and the names that this node is served under are answered. Tunnels change the port, so any is taken.
 */
export function isOwnName(hostHeader: string | undefined, isServed: (name: string) => boolean): boolean {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::\d{1,5})?$/.exec(hostHeader ?? '')
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase()
  return name !== '' && (isIP(name) !== 0 || name === 'localhost' || isServed(name))
}

/**
 * The origin of the own pages, as the browser that asks sees it: what it calls us is in `Host`, which was found to be our own name,
 * with the port that it used. A page of another port of this computer has another origin.
 */
export function isOwnOrigin({ headers }: IncomingMessage, scheme: 'http' | 'https'): boolean {
  return headers.origin !== undefined && headers.origin.toLowerCase() === `${scheme}://${headers.host?.toLowerCase()}`
}

/** The address of the caller, in the shortest form. */
export function callerOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/i, '')
}

export function isOnThisComputer(request: IncomingMessage): boolean {
  return isLoopback(callerOf(request))
}
