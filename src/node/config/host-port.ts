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

export function hostPortText(address: HostPort): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
