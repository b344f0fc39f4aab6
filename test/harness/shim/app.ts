import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { App } from 'electron'
import manifest from '../../../package.json' with { type: 'json' }
import { closeChromium } from './chromium.ts'
import { harnessFolder } from './harness-folder.ts'
import { Preventable } from './preventable.ts'
import { strictObject } from './strict-object.ts'

type AppMembers = Pick<
  App,
  | 'enableSandbox'
  | 'requestSingleInstanceLock'
  | 'quit'
  | 'exit'
  | 'whenReady'
  | 'isReady'
  | 'getPath'
  | 'getVersion'
  | 'isPackaged'
>

class ShimApp extends EventEmitter implements AppMembers {
  readonly isPackaged = false
  /** What a test wants to know of the start. */
  readonly facts = { sandboxed: false, locked: false }
  /** Windows that are open: the app asks them to close before it quits. */
  readonly closeWindows = new Set<() => Promise<void>>()
  readonly #readiness = Promise.withResolvers<void>()
  #ready = false
  #quitting = false

  enableSandbox(): void {
    if (this.#ready) throw new Error('enableSandbox is for the time before the app is ready')
    this.facts.sandboxed = true
  }

  requestSingleInstanceLock(): boolean {
    this.facts.locked = true
    return true
  }

  isReady(): boolean {
    return this.#ready
  }

  whenReady(): Promise<void> {
    return this.#readiness.promise
  }

  getPath(name: Parameters<App['getPath']>[0]): string {
    if (name !== 'userData' && name !== 'logs') throw new Error(`the harness knows no path ${name}`)
    return name === 'logs' ? join(harnessFolder(), 'logs') : harnessFolder()
  }

  getVersion(): string {
    return manifest.version
  }

  /** As the real one: `before-quit` may prevent it, then windows close, then `will-quit` and the end. */
  quit(): void {
    if (this.#quitting) return
    const event = new Preventable()
    this.emit('before-quit', event)
    if (event.prevented) return
    this.#quitting = true
    void this.#end()
  }

  exit(exitCode = 0): void {
    void closeChromium().finally(() => process.exit(exitCode))
  }

  becomeReady(): void {
    this.#ready = true
    this.emit('ready')
    this.#readiness.resolve()
  }

  get quitting(): boolean {
    return this.#quitting
  }

  async #end(): Promise<void> {
    await Promise.all([...this.closeWindows].map((close) => close()))
    this.emit('will-quit', { preventDefault: () => {} })
    this.emit('quit', {}, 0)
    await closeChromium()
    process.exit(0)
  }
}

export const app = strictObject('app', new ShimApp())
setImmediate(() => app.becomeReady())
