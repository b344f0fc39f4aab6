import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Desktop } from '../../harness/desktop.ts'
import { AppFolder } from '../../integration/desktop/desktop-bed.ts'
import type { MemoProcess } from '../../support/memo-process.ts'
import { startMemo } from '../../support/memo-process.ts'
import { consoleLink, isIn, launchChromium, viewport } from './console-pages.ts'
import { WatchedPage } from './watched-page.ts'

/** The two programs around the screens. Specs that need neither in particular run in both. */
export const hosts = ['browser', 'desktop'] as const
export type HostName = (typeof hosts)[number]

export interface Forgiven {
  /** The spec takes the node away. */
  readonly lostNode?: boolean
  /** The page is opened, or goes on, without a session. */
  readonly noSession?: boolean
  /** The code of a page does not come. */
  readonly lostPages?: boolean
}

/** Screens of a node in one of the hosts. */
export interface Screens {
  readonly host: HostName
  readonly page: Page
  readonly watched: WatchedPage
  /** HOST:PORT of the node's gRPC port. */
  readonly grpc: string
  /** SIGKILL of the process of the node. */
  killNode(): Promise<void>
}

export interface BrowserScreens extends Screens {
  readonly context: BrowserContext
  readonly node: MemoProcess
}

export interface DesktopScreens extends Screens {
  readonly app: Desktop
  readonly folder: AppFolder
}

/**
 * Nodes, browsers and apps of a spec file, closed behind it. After each test every page that it opened must have kept its security
 * policy and left its console clean.
 */
export class ScreensBed {
  readonly #folders: string[] = []
  readonly #nodes = new Map<MemoProcess, string>()
  readonly #endings: (() => Promise<unknown>)[] = []
  readonly #watched = new Set<WatchedPage>()
  #browser: Browser | undefined
  #forgiven: Forgiven = {}

  constructor() {
    beforeAll(async () => {
      this.#browser = await launchChromium()
    })
    afterEach(async ({ task }) => {
      const pages = [...this.#watched]
      if (task.result?.state === 'fail') await keepPictures(task.name, pages)
      const forgiven = this.#forgiven
      this.#watched.clear()
      this.#forgiven = {}
      for (const end of this.#endings.splice(0).reverse()) await end()
      expect(pages.flatMap(({ violations }) => violations)).toEqual([])
      expect(pages.flatMap((page) => page.errors(forgiven))).toEqual([])
    })
    afterAll(async () => {
      await this.#browser?.close()
      await Promise.all([...this.#nodes.keys()].map((node) => node.kill()))
      for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
    })
  }

  /** What the pages of this test may complain about. */
  forgive(forgiven: Forgiven): void {
    this.#forgiven = { ...this.#forgiven, ...forgiven }
  }

  /** Lives until the end of the file. */
  async startNode(words: readonly string[] = [], data = this.emptyFolder()): Promise<MemoProcess> {
    const node = await startMemo(data, { arguments: words })
    this.#nodes.set(node, data)
    return node
  }

  /** For a data directory, gone at the end. */
  emptyFolder(): string {
    return join(this.#folder(), 'data')
  }

  dataOf(node: MemoProcess): string {
    const data = this.#nodes.get(node)
    if (data === undefined) throw new Error('a node of another file')
    return data
  }

  link(node: MemoProcess): Promise<string> {
    return consoleLink(this.dataOf(node))
  }

  /** A browser of its own, with no session. */
  async newPage(
    options: BrowserContextOptions = {},
  ): Promise<{ readonly context: BrowserContext; readonly watched: WatchedPage }> {
    if (this.#browser === undefined) throw new Error('the browser is started before the tests')
    const context = await this.#browser.newContext({ viewport, ...options })
    this.#endings.push(() => context.close())
    const watched = await WatchedPage.watch(await context.newPage())
    this.#watched.add(watched)
    return { context, watched }
  }

  /** Signed in at a node, which is started when none is given, on the page that the hash names. */
  async openBrowser(given?: MemoProcess, { hash = '#/overview', ...options }: BrowserContextOptions & { hash?: string } = {}) {
    const node = given ?? (await this.startNode())
    const { context, watched } = await this.newPage(options)
    const { page } = watched
    await page.goto(await this.link(node))
    await isIn(page)
    if (hash !== '#/overview') await page.evaluate((to) => location.assign(to), hash)
    const screens: BrowserScreens = {
      ...{ host: 'browser', page, watched, context, node, grpc: node.ready.grpc },
      killNode: () => node.kill(),
    }
    return screens
  }

  /** The built app in the harness, with a node of its own. */
  async openDesktop(): Promise<DesktopScreens> {
    const { app, folder, watched } = await this.startDesktop()
    const { page } = watched
    await isIn(page)
    const bar = await page
      .getByRole('contentinfo')
      .filter({ hasText: /gRPC 127/ })
      .textContent()
    const [, grpc = ''] = /gRPC (127\.0\.0\.1:\d+)/.exec(bar ?? '') ?? []
    return {
      ...{ host: 'desktop', page, watched, app, folder, grpc },
      killNode: async () => {
        const pid = (await app.ask('facts')).nodePids.at(-1)
        if (pid === undefined) throw new Error('the app has no node')
        process.kill(pid, 'SIGKILL')
      },
    }
  }

  /** The app, whether or not its node starts. */
  async startDesktop(words?: readonly string[], folder = new AppFolder()) {
    this.#endings.push(async () => folder[Symbol.dispose]())
    const app = folder.start(words)
    this.#endings.push(() => app[Symbol.asyncDispose]())
    const watched = await WatchedPage.watch(await app.page())
    this.#watched.add(watched)
    return { app, folder, watched }
  }

  open(host: HostName): Promise<Screens> {
    return host === 'browser' ? this.openBrowser() : this.openDesktop()
  }

  #folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'memo-e2e-'))
    this.#folders.push(folder)
    return folder
  }
}

/** How the pages of a test that failed looked. */
async function keepPictures(test: string, pages: readonly WatchedPage[]): Promise<void> {
  const folder = join(import.meta.dirname, '../../../test-results/e2e')
  const name = test.replaceAll(/[^\w]+/g, '-').slice(0, 80)
  for (const [index, { page }] of pages.entries()) {
    await page.screenshot({ path: join(folder, `${name}-${index}.png`), timeout: 5_000 }).catch(() => undefined)
  }
}
