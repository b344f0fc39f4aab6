/** Where a node is reached: `host:port`, an IPv6 address in brackets. Names are ASCII, international ones in Punycode. */

export const endpointBytesMax = 255
const portMax = 65_535
/** Endpoints that one node may name. */
export const endpointsMax = 8

const form = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,249}):([1-9][0-9]{0,4})$/

export function isEndpoint(text: string): boolean {
  if (text.length > endpointBytesMax) return false
  const port = form.exec(text)?.[1]
  return port !== undefined && Number(port) <= portMax
}
