import { z } from 'zod'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
import { connectSocket } from '../../ipc/wire/wire-client.ts'
import { backOffMs, seenBackOffMaxMs } from './back-off.ts'
import { browserHost } from './browser-host.ts'
import type { Connection, NodeLink } from './connection-store.ts'
import { ConnectionStore } from './connection-store.ts'
import { openSession } from './open-session.ts'

/** Of package.json, put in by the build. */
declare const __APP_VERSION__: string

/** `sinceMs`: of the sign-in, by the clock of the node. */
const sessionSchema = z.object({ sinceMs: z.number() })

const tokenPattern = /#token=([\w-]{1,128})$/

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
    window.addEventListener('popstate', this.#takeLink)
    void this.#begin()
  }

  readonly stop = (): void => {
    this.#stopped = true
    document.removeEventListener('visibilitychange', this.#look)
    window.removeEventListener('popstate', this.#takeLink)
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  readonly retry = (): void => {
    clearTimeout(this.#timer)
    this.#failures = 0
    void this.#dial()
  }

  readonly signIn = async (link: string): Promise<boolean> => {
    const token = tokenOf(link)
    if (token === undefined || !(await spend(token))) return false
    this.update({ link: { state: 'connecting' } })
    this.retry()
    return true
  }

  /** Somebody opened another link of the console in this very tab. It is taken before the router looks at the address. */
  readonly #takeLink = (): void => {
    if (tokenOf(location.hash) !== undefined) void this.#begin()
  }

  /** Whoever comes back to the window does not wait as long as nobody did. */
  readonly #look = (): void => {
    const visible = document.visibilityState === 'visible'
    this.update({ visible })
    const { link } = this.snapshot()
    if (visible && link.state === 'lost' && (link.retryAtMs ?? 0) > Date.now() + seenBackOffMaxMs) this.retry()
  }

  /** A token that was refused may still meet a session of an earlier visit. */
  async #begin(): Promise<void> {
    const token = takeToken()
    const refused = token !== undefined && !(await spend(token).catch(() => true))
    if (refused && (await askSession()) === 'none') this.#signedOut('refused')
    else await this.#dial()
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
      void this.#learnSession()
    } catch {
      socket.close()
    }
  }

  async #learnSession(): Promise<void> {
    const session = await askSession()
    if (typeof session === 'object') this.update({ signedInMs: session.sinceMs })
  }

  async #closed(epoch: number): Promise<void> {
    if (this.#stopped || this.#epoch !== epoch) return
    const { link, session, visible } = this.snapshot()
    if (link.state === 'signed-out' || link.state === 'mismatch') return
    if ((await askSession()) === 'none') return this.#signedOut(session === undefined ? 'none' : 'ended')
    const waitMs = backOffMs(this.#failures, Math.random, visible ? seenBackOffMaxMs : undefined)
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

function tokenOf(link: string): string | undefined {
  return tokenPattern.exec(link.trim())?.[1]
}

/** Taken out of the address bar before anything else, so that it stays in no history and no copied link. */
function takeToken(): string | undefined {
  const token = tokenOf(location.hash)
  if (token !== undefined) history.replaceState(null, '', `${location.pathname}${location.search}`)
  return token
}

/** Changes a token, which works once, for the cookie of a session; false where it is refused. */
async function spend(token: string): Promise<boolean> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  return response.ok
}

/** The session of this browser, by what the node says; undefined where it does not answer. */
async function askSession(): Promise<z.infer<typeof sessionSchema> | 'none' | undefined> {
  try {
    const response = await fetch('/session', { headers: { accept: 'application/json' } })
    if (response.status === 401) return 'none'
    return response.ok ? sessionSchema.parse(await response.json()) : undefined
  } catch {
    return undefined
  }
}
