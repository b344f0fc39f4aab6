import { isIP, isIPv6, SocketAddress } from 'node:net'

/** Where something listens or is reached. Port 0 asks the system for a free one. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

const portMax = 65_535

/** Reads `127.0.0.1:7070`, `localhost:7070` or `[::1]:7070`; undefined for anything else. An IPv6 address gets its usual spelling (RFC 5952). */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  const host = match[1] === undefined ? match[2] : usualSpelling(match[1])
  return host === undefined || port > portMax ? undefined : { host, port }
}

/** Undefined for what is no address of IPv6. A zone tells links apart, and loopback is none of them. */
function usualSpelling(host: string): string | undefined {
  const [address = '', zone] = host.split('%')
  if (!isIPv6(address)) return undefined
  const usual = new SocketAddress({ address, family: 'ipv6' }).address
  return zone === undefined || usual === '::1' ? usual : `${usual}%${zone}`
}

/**
 * Whether of two listeners the second one would surely find the port taken: the same address, or one that stands for it among others.
 * A listener at `::` takes the addresses of IPv4 too. What a name stands for is not asked, but of `localhost`.
 */
export function meets(left: HostPort, right: HostPort): boolean {
  if (left.port === 0 || left.port !== right.port) return false
  const hosts = [left, right].map(({ host }) => plainHost(host.toLowerCase()))
  const [one = '', other = ''] = hosts
  if (one === other || hosts.includes('::')) return hosts.every((host) => isIP(host) !== 0) || one === other
  return hosts.includes('0.0.0.0') && hosts.every((host) => isIP(host) === 4)
}

/** What is said where those of two settings do, which are given by their flags. */
export function meetingText(one: string, other: string): string {
  return `${one} and ${other} name the same address: choose two ports`
}

/** Of two spellings of one address the usual one. */
function plainHost(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host.replace(/^::ffff:(?=\d+\.)/, '')
}

export function hostPortText(address: HostPort): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
