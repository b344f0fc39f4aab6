import type { App } from 'electron'
import type { AppLog } from './app-log.ts'

/**
 * One way out for everything that ends the app: quit, log-out, SIGTERM, an update. Electron does not wait for promises, so the first
 * request is held back, the node is stopped, and the app quits again.
 */
export class OrderlyQuit {
  readonly #app: Pick<App, 'quit'>
  readonly #stop: () => Promise<void>
  readonly #log: Pick<AppLog, 'quitting' | 'failed'>
  #state: 'open' | 'stopping' | 'done' = 'open'

  constructor(app: Pick<App, 'quit'>, stop: () => Promise<void>, log: Pick<AppLog, 'quitting' | 'failed'>) {
    this.#app = app
    this.#stop = stop
    this.#log = log
  }

  get begun(): boolean {
    return this.#state !== 'open'
  }

  /** For `before-quit`. */
  readonly beforeQuit = (event: { preventDefault(): void }): void => {
    if (this.#state === 'done') return
    event.preventDefault()
    if (this.#state === 'stopping') return
    this.#state = 'stopping'
    void this.#finish()
  }

  async #finish(): Promise<void> {
    this.#log.quitting()
    try {
      await this.#stop()
    } catch (error) {
      this.#log.failed({ what: 'stopping the node', error })
    }
    this.#state = 'done'
    this.#app.quit()
  }
}
