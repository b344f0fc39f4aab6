import { nodeContract } from '../../ipc/contract/node-contract.ts'
import { connectSocket } from '../../ipc/wire/wire-client.ts'
import { backOffMs } from './back-off.ts'
import { browserHost } from './browser-host.ts'
import type { Connection, NodeLink } from './connection-store.ts'
import { ConnectionStore } from './connection-store.ts'
import { openSession } from './open-session.ts'

/** Of package.json, put in by the build. */
declare const __APP_VERSION__: string

const tokenPattern = /^#token=([\w.~-]{8,512})$/

/** The web console: a session by a one-time token of the link's fragment, then one WebSocket after the other. */
export class SocketConnection extends ConnectionStore implements Connection {
  #stopped = false
  #socket: WebSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #epoch = 0
  #failures = 0

  readonly start = (): void => {
    this.#stopped = false
    this.update({ host: browserHost(__APP_VERSION__, () => this.#signOut()) })
    document.addEventListener('visibilitychange', this.#look)
    void this.#begin()
  }

  readonly stop = (): void => {
    this.#stopped = true
    document.removeEventListener('visibilitychange', this.#look)
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  readonly retry = (): void => {
    clearTimeout(this.#timer)
    this.#failures = 0
    void this.#dial()
  }

  readonly #look = (): void => this.update({ visible: document.visibilityState === 'visible' })

  async #begin(): Promise<void> {
    const token = takeToken()
    if (token !== undefined && !(await this.#spend(token))) return
    await this.#dial()
  }

  /** A token that was refused may still meet a session of an earlier visit. */
  async #spend(token: string): Promise<boolean> {
    try {
      const response = await fetch('/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      })
      if (response.ok || (await sessionHolds())) return true
      this.#signedOut('refused')
      return false
    } catch {
      return true
    }
  }

  async #dial(): Promise<void> {
    if (this.#stopped) return
    const epoch = this.#epoch + 1
    this.#epoch = epoch
    const address = new URL('/rpc', location.href)
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address)
    this.#socket = socket
    socket.addEventListener('close', () => void this.#closed(epoch))
    socket.addEventListener('open', () => void this.#opened(socket, epoch))
  }

  async #opened(socket: WebSocket, epoch: number): Promise<void> {
    try {
      const opened = await openSession(connectSocket(nodeContract, socket).call, epoch)
      if (this.#epoch !== epoch) return
      this.#failures = 0
      this.update(opened)
    } catch {
      socket.close()
    }
  }

  async #closed(epoch: number): Promise<void> {
    if (this.#stopped || this.#epoch !== epoch) return
    const { link, session } = this.snapshot()
    if (link.state === 'signed-out' || link.state === 'mismatch') return
    if ((await sessionHolds()) === false) return this.#signedOut(session === undefined ? 'none' : 'ended')
    const waitMs = backOffMs(this.#failures)
    this.#failures += 1
    const sinceMs = link.state === 'lost' ? link.sinceMs : Date.now()
    this.update({ link: { state: 'lost', sinceMs, retryAtMs: Date.now() + waitMs } })
    this.#timer = setTimeout(() => void this.#dial(), waitMs)
  }

  #signedOut(reason: Extract<NodeLink, { state: 'signed-out' }>['reason']): void {
    this.update({ link: { state: 'signed-out', reason } })
  }

  async #signOut(): Promise<void> {
    await fetch('/session/end', { method: 'POST' })
    this.#signedOut('ended')
    this.#socket?.close()
  }
}

/** Taken out of the address bar before anything else, so that it stays in no history and no copied link. */
function takeToken(): string | undefined {
  const token = tokenPattern.exec(location.hash)?.[1]
  if (token !== undefined) history.replaceState(null, '', `${location.pathname}${location.search}`)
  return token
}

/** Undefined where the node does not answer at all. */
async function sessionHolds(): Promise<boolean | undefined> {
  try {
    const response = await fetch('/session', { headers: { accept: 'application/json' } })
    if (response.ok) return true
    return response.status === 401 ? false : undefined
  } catch {
    return undefined
  }
}
