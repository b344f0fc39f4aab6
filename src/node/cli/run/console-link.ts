/** The token is in the fragment, which browsers send to nobody; the page takes it out of the address bar. */
export function consoleLink(browserUrl: string, token: string): string {
  return `${browserUrl}/#token=${token}`
}
