import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright'
import { chromium } from 'playwright'
import { chromiumPidFile } from './shim/harness-folder.ts'
import type { HarnessActions } from './shim/remote-control.ts'

const root = join(import.meta.dirname, '../..')
const register = pathToFileURL(join(import.meta.dirname, 'register.ts')).href

export interface DesktopOptions {
  /** Of the app's own files: settings, window state, logs, profile. */
  readonly folder: string
  /** Flags of the node, as behind the first `--` of the app's command line. */
  readonly arguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

type Answer<Name extends keyof HarnessActions> = Awaited<ReturnType<HarnessActions[Name]>>

/** The built app in the harness, in a process of its own. */
export class Desktop implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #folder: string
  #asked = 0
  #output = ''
  #browser: Browser | undefined

  private constructor(child: ChildProcess, folder: string) {
    this.child = child
    this.#folder = folder
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-100_000)
      })
    }
  }

  /** Starts what `npm run build` has built. */
  static start({ folder, arguments: words = [], environment = {} }: DesktopOptions): Desktop {
    const child = fork(join(root, 'out/main/index.js'), ['--', ...words], {
      execArgv: ['--import', register],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment, HARNESS_FOLDER: folder },
    })
    return new Desktop(child, folder)
  }

  /** What main and Chromium wrote. */
  get output(): string {
    return this.#output
  }

  async ask<Name extends keyof HarnessActions>(
    action: Name,
    ...[argument]: Parameters<HarnessActions[Name]>
  ): Promise<Answer<Name>> {
    this.#asked += 1
    const id = this.#asked
    if (!this.child.connected) throw new Error(`the app is gone:\n${this.#output}`)
    const { promise, resolve, reject } = Promise.withResolvers<Answer<Name>>()
    const gone = (): void => reject(new Error(`the app ended before it answered "${action}":\n${this.#output}`))
    const answered = (message: { id: number; value?: unknown; error?: string }): void => {
      if (message.id !== id) return
      this.child.off('message', answered)
      this.child.off('exit', gone)
      if (message.error === undefined) resolve(message.value as Answer<Name>)
      else reject(new Error(message.error))
    }
    this.child.on('message', answered)
    this.child.once('exit', gone)
    this.child.send({ id, action, argument })
    return await promise
  }

  /** The page of the app's window, over a connection of the test's own. */
  async page(): Promise<Page> {
    this.#browser ??= await chromium.connectOverCDP(await this.ask('endpoint'))
    for (let tries = 0; tries < 200; tries += 1) {
      const pages = this.#browser.contexts().flatMap((context) => context.pages())
      const page = pages.findLast((each) => each.url().startsWith('http://memo.localhost/'))
      if (page !== undefined) return page
      await sleep(50)
    }
    throw new Error(`the window did not load its page:\n${this.#output}`)
  }

  /** The app's own way out; resolves to its exit code. */
  async quit(): Promise<number | null> {
    const exited = once(this.child, 'exit')
    await this.ask('quit')
    await this.#browser?.close().catch(() => undefined)
    await exited
    return this.child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser?.close().catch(() => undefined)
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit')
      if (this.child.connected) this.child.disconnect()
      const timer = setTimeout(() => this.child.kill('SIGKILL'), 15_000)
      await exited
      clearTimeout(timer)
    }
    this.#endChromium()
  }

  /** One that a harness which was killed has left behind. */
  #endChromium(): void {
    try {
      const pid = Number(readFileSync(join(this.#folder, chromiumPidFile), 'utf8'))
      // 0 would be the whole group of this process.
      if (pid > 1) process.kill(pid, 'SIGKILL')
    } catch {
      // there is none, as usual
    }
  }
}
