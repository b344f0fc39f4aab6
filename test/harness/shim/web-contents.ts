import { EventEmitter } from 'node:events'
import type { Frame, Page, Request as PageRequest, Route } from 'playwright'
import { fromCarrier, toCarrier } from './addresses.ts'
import { openChromium } from './chromium.ts'
import { deliverToMain } from './ipc-main.ts'
import type { MessagePortMain } from './message-port-main.ts'
import { PageBridge } from './page-bridge.ts'
import { Preventable } from './preventable.ts'
import { handlers, isRequestAllowed } from './session.ts'

let contentsMade = 0
const byPage = new Map<Page, WebContents>()

/** The main frame, as `event.senderFrame` names it: of one document, so that a later one is another. */
export class ShimFrame {
  readonly origin: string
  readonly parent: unknown
  #bridge: PageBridge | undefined

  constructor(origin: string, bridge: PageBridge | undefined, parent: unknown = null) {
    this.origin = origin
    this.parent = parent
    this.#bridge = bridge
  }

  get detached(): boolean {
    return this.#bridge === undefined
  }

  isDestroyed(): boolean {
    return this.#bridge === undefined
  }

  postMessage(channel: string, message: unknown, transfer: readonly MessagePortMain[] = []): void {
    this.#bridge?.post(channel, message, transfer)
  }

  left(): void {
    this.#bridge = undefined
  }
}

type OpenHandler = (details: { readonly url: string }) => { readonly action: 'allow' | 'deny' }

export class WebContents extends EventEmitter {
  readonly id: number
  readonly #preload: string
  readonly #viewport: { readonly width: number; readonly height: number }
  #page: Promise<Page> | undefined
  #bridge: PageBridge | undefined
  #frame: ShimFrame | undefined
  #openHandler: OpenHandler = () => ({ action: 'allow' })
  /** The address that the app itself goes to: not a navigation of the page. */
  #ownNavigation: string | undefined
  #address = 'about:blank'
  #turn: symbol | undefined
  #destroyed = false

  constructor(options: { readonly preload: string; readonly width: number; readonly height: number }) {
    super()
    contentsMade += 1
    this.id = contentsMade
    this.#preload = options.preload
    this.#viewport = { width: options.width, height: options.height }
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  async loadURL(address: string): Promise<void> {
    this.#address = address
    const page = await this.#open()
    await this.#navigate(page, () => page.goto(toCarrier(address), { waitUntil: 'load' }))
  }

  reload(): void {
    void (async () => {
      const page = await this.#open()
      // A page whose process is gone cannot be reloaded: the new one goes where the old one was.
      const fresh = page.url() === 'about:blank'
      await this.#navigate(page, () => (fresh ? page.goto(toCarrier(this.#address)) : page.reload()))
    })().catch(() => undefined)
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#leave()
    const page = await this.#page?.catch(() => undefined)
    await page?.close().catch(() => undefined)
    this.emit('destroyed')
  }

  async #navigate(page: Page, go: () => Promise<unknown>): Promise<void> {
    const turn = Symbol('navigation')
    this.#turn = turn
    this.#ownNavigation = toCarrier(this.#address)
    try {
      await go()
      this.emit('did-finish-load')
    } catch (error) {
      // One that another replaced, or whose page is gone, is told of by what came instead.
      if (this.#destroyed || this.#turn !== turn || page !== (await this.#page)) return
      this.emit('did-fail-load', {}, -6, String(error), this.#address, true)
      throw error
    } finally {
      if (this.#turn === turn) this.#ownNavigation = undefined
    }
  }

  #open(): Promise<Page> {
    this.#page ??= this.#make()
    return this.#page
  }

  async #make(): Promise<Page> {
    const { context } = await openChromium()
    await routeOnce(context)
    const page = await context.newPage()
    byPage.set(page, this)
    await page.setViewportSize(this.#viewport)
    const bridge = await PageBridge.attach(page, this.#preload, {
      sent: (channel, args) => deliverToMain(channel, { sender: this, senderFrame: this.#frame ?? null }, args),
    })
    this.#bridge = bridge
    page.on('crash', () => {
      byPage.delete(page)
      this.#page = undefined
      this.#leave()
      void page.close().catch(() => undefined)
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
    })
    page.on('popup', (popup) => {
      const { action } = this.#openHandler({ url: fromCarrier(popup.url()) })
      if (action === 'deny') void popup.close().catch(() => undefined)
    })
    page.on('framenavigated', (frame) => this.#navigated(page, frame))
    return page
  }

  /** A document replaced another; a change of the fragment only does not come here with a request. */
  #navigated(page: Page, frame: Frame): void {
    if (frame !== page.mainFrame()) return
    this.emit('did-navigate')
  }

  /** A request for the main frame's document is about to be made. */
  documentAsked(url: string): void {
    this.#leave()
    this.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false, url: fromCarrier(url) })
    const address = URL.parse(fromCarrier(url))
    this.#frame = new ShimFrame(address === null ? 'null' : `${address.protocol}//${address.host}`, this.#bridge)
  }

  /** Whether the page may go there; the app's own way is not asked about. */
  mayNavigate(request: PageRequest): boolean {
    if (request.url().split('#')[0] === this.#ownNavigation?.split('#')[0]) return true
    const mainFrame = request.frame().parentFrame() === null
    const url = fromCarrier(request.url())
    const event = Object.assign(new Preventable(), { url, isMainFrame: mainFrame })
    this.emit('will-frame-navigate', event)
    if (mainFrame) this.emit('will-navigate', event, url)
    return !event.prevented
  }

  #leave(): void {
    this.#frame?.left()
    this.#frame = undefined
    this.#bridge?.left()
  }
}

const routed = new WeakSet<object>()

/** Every request of every page goes through the app's own filter, guards and protocol. */
async function routeOnce(context: {
  route(url: string, handler: (route: Route) => Promise<void>): Promise<unknown>
}): Promise<void> {
  if (routed.has(context)) return
  routed.add(context)
  await context.route('**/*', answer)
}

async function answer(route: Route): Promise<void> {
  const request = route.request()
  const url = fromCarrier(request.url())
  const page = pageOf(request)
  const contents = page === undefined ? undefined : byPage.get(page)
  if (request.isNavigationRequest() && contents !== undefined) {
    // Before the filter of requests, as in Electron. An answer without content leaves the page where it is.
    if (!contents.mayNavigate(request)) return await route.fulfill({ status: 204 })
    if (request.frame().parentFrame() === null) contents.documentAsked(request.url())
  }
  if (!isRequestAllowed(url)) return await route.abort('blockedbyclient')
  const handler = handlers.schemes.get(URL.parse(url)?.protocol.replace(':', '') ?? '')
  if (handler === undefined) return await route.abort('addressunreachable')
  const response = await handler(new Request(url, { method: request.method(), headers: request.headers() }))
  await route.fulfill({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  })
}

function pageOf(request: PageRequest): Page | undefined {
  try {
    return request.frame().page()
  } catch {
    return undefined // of a page that is just opening
  }
}
