/** Whether an address, as the node words it, reaches no further than its own computer. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|\[?::1\]?|(?:\[?::ffff:)?127(?:\.\d{1,3}){3}\]?)$/.test(host)
}
