/** Of one request; a browser sends fewer. */
const cookiesReadMax = 8

/**
 * The cookie of a session. Cookies know no ports, so each node has a name of its own for it. Under TLS the name demands of the
 * browser that nobody else set it (RFC 6265bis, `__Host-`).
 */
export class SessionCookie {
  readonly #name: string
  readonly #attributes: string

  constructor(nodeId: string, secure: boolean) {
    this.#name = `${secure ? '__Host-' : ''}memo-${nodeId.slice(0, 16)}`
    this.#attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  }

  /** Every value under the name. */
  valuesIn(header: string | undefined): readonly string[] {
    const pairs = (header ?? '').split(';').map((pair) => pair.trim())
    const prefix = `${this.#name}=`
    return pairs
      .filter((pair) => pair.startsWith(prefix))
      .slice(0, cookiesReadMax)
      .map((pair) => pair.slice(prefix.length))
  }

  set(value: string): Readonly<Record<string, string>> {
    return { 'Set-Cookie': `${this.#name}=${value}; ${this.#attributes}` }
  }

  clear(): Readonly<Record<string, string>> {
    return { 'Set-Cookie': `${this.#name}=; Max-Age=0; ${this.#attributes}` }
  }
}
