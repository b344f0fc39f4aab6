import type { Page } from 'playwright'

export interface Violation {
  readonly directive: string
  readonly blocked: string
  readonly sample: string
}

/** Losing its node is no fault of a page: Chromium reports each attempt that met nobody as an error, and each that its death cut off. */
const ofLostNodes = [/net::ERR_CONNECTION_(REFUSED|RESET)/, /WebSocket connection to .* failed: .*ERR_CONNECTION_REFUSED/]
/** The page asks whether it has a session, and Chromium reports the answers to one that has none. */
const ofNoSession = [/status of 401/, /WebSocket connection to .* failed: HTTP Authentication failed/]
/** The test lets the code of a page not come. */
const ofLostPages = [/net::ERR_FAILED/, /PageLoadError/]

/** Whatever a page complains about: violations of its security policy, errors on the console, exceptions that nobody caught. */
export class WatchedPage {
  readonly page: Page
  readonly violations: Violation[] = []
  readonly #errors: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('console', (message) => {
      if (message.type() === 'error') this.#errors.push(message.text())
    })
    page.on('pageerror', (error) => this.#errors.push(String(error)))
  }

  /** From the next load of the page on it is watched from its first moment. */
  static async watch(page: Page): Promise<WatchedPage> {
    const watched = new WatchedPage(page)
    await page.exposeBinding('tellViolation', (_source, violation: Violation) => void watched.violations.push(violation))
    const content = `addEventListener('securitypolicyviolation', (event) => globalThis.tellViolation?.({
      directive: event.effectiveDirective, blocked: event.blockedURI, sample: event.sample }))`
    await page.addInitScript({ content })
    return watched
  }

  /** Errors that nothing explains. */
  errors({ lostNode = false, noSession = false, lostPages = false } = {}): readonly string[] {
    const explained = [...(lostNode ? ofLostNodes : []), ...(noSession ? ofNoSession : []), ...(lostPages ? ofLostPages : [])]
    return this.#errors.filter((error) => !explained.some((pattern) => pattern.test(error)))
  }
}
