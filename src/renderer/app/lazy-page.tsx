import type { ComponentType, ReactElement } from 'react'
import { use } from 'react'

/** The code of a page did not come. It comes from the node, or in the desktop from the app. */
export class PageLoadError extends Error {
  /** Fetches it again; false where it did not come. */
  readonly retry: () => Promise<boolean>

  constructor(cause: unknown, retry: () => Promise<boolean>) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'PageLoadError'
    this.retry = retry
  }
}

/** Code that is fetched once. A failure lasts until the next attempt. */
class PageCode {
  readonly #fetchPage: () => Promise<ComponentType>
  #loading: Promise<boolean> | undefined
  page: ComponentType | undefined
  failure: PageLoadError | undefined

  constructor(fetchPage: () => Promise<ComponentType>) {
    this.#fetchPage = fetchPage
  }

  readonly load = (): Promise<boolean> => {
    if (this.page !== undefined) return Promise.resolve(true)
    this.#loading ??= this.#attempt()
    return this.#loading
  }

  async #attempt(): Promise<boolean> {
    this.failure = undefined
    try {
      this.page = await this.#fetchPage()
    } catch (error) {
      this.failure = new PageLoadError(error, this.load)
    }
    this.#loading = undefined
    return this.page !== undefined
  }
}

export interface LazyPage {
  (): ReactElement
  /** Fetches the code where it is not here; false where it did not come. Another call tries again. */
  readonly load: () => Promise<boolean>
  /** What the router calls before it shows the page. */
  readonly preload: () => Promise<void>
}

/**
 * A page whose code is fetched when it is wanted, or ahead of that. One that fails loads the document anew by no means, which would
 * lose what was typed.
 */
export function lazyPage(fetchPage: () => Promise<ComponentType>): LazyPage {
  const code = new PageCode(fetchPage)
  const show = (): ReactElement => <Shown code={code} />
  return Object.assign(show, { load: code.load, preload: async () => void (await code.load()) })
}

function Shown({ code }: { readonly code: PageCode }): ReactElement | null {
  if (code.page === undefined) {
    if (code.failure !== undefined) throw code.failure
    use(code.load())
  }
  const { page: Page } = code
  return Page === undefined ? null : <Page />
}
