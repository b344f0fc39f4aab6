import { isIP } from 'node:net'

/** Where something listens or is reached. Port 0 asks the system for a free one. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

const portMax = 65_535

/** Reads `127.0.0.1:7070`, `localhost:7070` or `[::1]:7070`; undefined for anything else. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  const host = match[1] ?? match[2] ?? ''
  return port > portMax ? undefined : { host, port }
}

/** Whether two listeners could not both be had: a name, or an address that stands for all, may be the other one's. */
export function mayMeet(left: HostPort, right: HostPort): boolean {
  if (left.port === 0 || left.port !== right.port) return false
  const standsForOne = ({ host }: HostPort) => isIP(host) !== 0 && !['0.0.0.0', '::'].includes(host)
  return left.host === right.host || !standsForOne(left) || !standsForOne(right)
}

export function hostPortText(address: HostPort): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
