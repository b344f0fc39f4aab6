import { z } from 'zod'
import type { NodeContract } from '../../ipc/contract/node-contract.ts'
import { nodeContract } from '../../ipc/contract/node-contract.ts'
import type { WireClient } from '../../ipc/wire/wire-client.ts'
import { connectSocket } from '../../ipc/wire/wire-client.ts'
import { backOffMs, seenBackOffMaxMs } from './back-off.ts'
import { browserHost } from './browser-host.ts'
import type { Connection, SignedOutReason } from './connection-store.ts'
import { ConnectionStore } from './connection-store.ts'
import { HeartbeatWatch } from './heartbeat-watch.ts'
import { openSession } from './open-session.ts'

/** Of package.json, put in by the build. */
declare const __APP_VERSION__: string

/** `sinceMs`: of the sign-in, by the clock of the node. */
const sessionSchema = z.object({ sinceMs: z.number() })

/** Names the run of the node in its answers about sessions. */
const runHeader = 'Memo-Run'

/** Tells the other tabs of this node that this browser has signed in, or that a person has left in one of them. */
const channelName = 'memo-session'
const signedIn = 'signed-in'
const left = 'left'

/** A socket that takes longer to open is given up. */
const openTimeoutMs = 10_000

/** The question for the session is asked anew then: a browser may ask it on a connection that is dead, and has several of them. */
const answerTimeoutMs = 4000

const tokenPattern = /#token=([\w-]{1,128})$/

/** The web console: a session by a one-time token of the link's fragment, then one WebSocket after the other. */
export class SocketConnection extends ConnectionStore implements Connection {
  #stopped = false
  #socket: WebSocket | undefined
  #watch: HeartbeatWatch | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #epoch = 0
  /** The newest epoch that is over. */
  #over = 0
  #failures = 0
  /** The run of the node that the session belongs to, once it is known. */
  #run: string | undefined
  /** Where the page was when it had to ask for a link, which takes the place of that in the address. */
  #place = ''
  #channel: BroadcastChannel | undefined
  /** Until the node has heard that the session was left. */
  #leaving: AbortController | undefined

  readonly start = (): void => {
    this.#stopped = false
    this.update({ host: browserHost(__APP_VERSION__, () => this.#leave()) })
    document.addEventListener('visibilitychange', this.#look)
    window.addEventListener('popstate', this.#takeLink)
    window.addEventListener('focus', this.#signInAgain)
    this.#channel = new BroadcastChannel(channelName)
    this.#channel.addEventListener('message', this.#heardElsewhere)
    void this.#begin()
  }

  readonly stop = (): void => {
    this.#stopped = true
    document.removeEventListener('visibilitychange', this.#look)
    window.removeEventListener('popstate', this.#takeLink)
    window.removeEventListener('focus', this.#signInAgain)
    this.#channel?.close()
    this.#stay()
    clearTimeout(this.#timer)
    this.#watch?.stop()
    this.#socket?.close()
  }

  readonly retry = (): void => {
    clearTimeout(this.#timer)
    this.#failures = 0
    void this.#dial()
  }

  readonly signIn = async (link: string): Promise<boolean> => {
    const token = tokenOf(link)
    if (token === undefined || !(await this.#spend(token))) return false
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
    if (visible) this.#signInAgain()
    if (visible && link.state === 'lost' && (link.retryAtMs ?? 0) > Date.now() + seenBackOffMaxMs) this.retry()
  }

  /** Another tab may have signed in meanwhile: all tabs of a browser have one session. */
  readonly #signInAgain = (): void => {
    if (this.snapshot().link.state === 'signed-out' && this.#leaving === undefined) void this.#takeUpSession()
  }

  readonly #heardElsewhere = ({ data }: MessageEvent<unknown>): void => {
    if (data === left) {
      if (this.snapshot().link.state !== 'signed-out') void this.#signOut()
      return
    }
    this.#stay()
    this.#signInAgain()
  }

  async #takeUpSession(): Promise<void> {
    const answer = await askSession()
    if (answer?.held !== true || this.#stopped || this.snapshot().link.state !== 'signed-out') return
    this.update({ link: { state: 'connecting' } })
    this.retry()
  }

  /** Changes a token, which works once, for the cookie of a session; false where it is refused. */
  async #spend(token: string): Promise<boolean> {
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    if (response.ok) {
      this.#stay()
      this.#channel?.postMessage(signedIn)
    }
    return response.ok
  }

  /** A token that was refused may still meet a session of an earlier visit. */
  async #begin(): Promise<void> {
    const token = takeToken(this.#place)
    const refused = token !== undefined && !(await this.#spend(token).catch(() => true))
    if (refused && (await askSession())?.held === false) this.#signedOut('refused')
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
    const late = setTimeout(() => socket.readyState === WebSocket.CONNECTING && socket.close(), openTimeoutMs)
    socket.addEventListener('close', () => {
      clearTimeout(late)
      this.#end(epoch)
    })
    socket.addEventListener('open', () => {
      clearTimeout(late)
      void this.#opened(socket, epoch)
    })
  }

  async #opened(socket: WebSocket, epoch: number): Promise<void> {
    const wire = connectSocket(nodeContract, socket)
    try {
      const opened = await openSession(wire.call, epoch)
      if (this.#epoch !== epoch) return
      this.#failures = 0
      if (opened.link.state === 'open') this.#listen(socket, wire, epoch)
      this.update(opened)
      void this.#learnSession()
    } catch {
      socket.close()
    }
  }

  #listen(socket: WebSocket, wire: WireClient<NodeContract>, epoch: number): void {
    let heardMs = Date.now()
    this.#watch?.stop()
    const watch = new HeartbeatWatch({
      silent: () => this.snapshot().link.state === 'open' && this.update({ link: { state: 'silent', sinceMs: heardMs } }),
      back: () => this.snapshot().link.state === 'silent' && this.update({ link: { state: 'open' } }),
      ask: async () => (await askSession()) !== undefined,
      // Such a socket closes only after a while: its calls fail at once, and nobody waits for it.
      dead: () => {
        wire.close()
        this.#end(epoch)
      },
    })
    this.#watch = watch
    socket.addEventListener('message', () => {
      heardMs = Date.now()
      watch.heard()
    })
  }

  async #learnSession(): Promise<void> {
    const answer = await askSession()
    if (answer?.held !== true) return
    this.#run = answer.run
    this.update({ signedInMs: answer.sinceMs })
  }

  #end(epoch: number): void {
    if (this.#stopped || this.#epoch !== epoch || this.#over === epoch) return
    this.#over = epoch
    this.#watch?.stop()
    void this.#closed(epoch)
  }

  async #closed(epoch: number): Promise<void> {
    const { link, session, visible } = this.snapshot()
    if (link.state === 'signed-out' || link.state === 'mismatch') return
    const answer = await askSession()
    if (this.#stopped || this.#epoch !== epoch || this.snapshot().link.state === 'signed-out') return
    if (answer?.held === false) return this.#signedOut(session === undefined ? 'none' : this.#endOf(answer.run))
    const waitMs = backOffMs(this.#failures, Math.random, visible ? seenBackOffMaxMs : undefined)
    this.#failures += 1
    const sinceMs = link.state === 'lost' || link.state === 'silent' ? link.sinceMs : Date.now()
    this.update({ link: { state: 'lost', sinceMs, retryAtMs: Date.now() + waitMs } })
    this.#timer = setTimeout(() => void this.#dial(), waitMs)
  }

  #endOf(run: string | undefined): SignedOutReason {
    return run !== undefined && this.#run !== undefined && run !== this.#run ? 'restarted' : 'ended'
  }

  #signedOut(reason: SignedOutReason): void {
    this.#place = location.hash
    this.update({ link: { state: 'signed-out', reason } })
  }

  /** All tabs of a browser have one session, and none may go on showing what it read. */
  #leave(): Promise<void> {
    this.#channel?.postMessage(left)
    return this.#signOut()
  }

  /** Leaves at once. A node that does not answer holds the session until it hears of this: it is told as long as the page is open. */
  async #signOut(): Promise<void> {
    if (this.#leaving !== undefined) return
    const leaving = new AbortController()
    this.#leaving = leaving
    // What comes of the present socket is no news.
    this.#epoch += 1
    clearTimeout(this.#timer)
    this.#watch?.stop()
    this.update({ link: { state: 'signed-out', reason: 'leaving' }, session: undefined })
    this.#socket?.close()
    for (let failures = 0; !leaving.signal.aborted; failures += 1) {
      if (await endSession()) {
        if (!leaving.signal.aborted) this.#signedOut('left')
        break
      }
      await new Promise((resolve) => setTimeout(resolve, backOffMs(failures, Math.random, seenBackOffMaxMs)))
    }
    if (this.#leaving === leaving) this.#leaving = undefined
  }

  /** There is another session, which is not the one that was left. */
  #stay(): void {
    this.#leaving?.abort()
    this.#leaving = undefined
  }
}

function tokenOf(link: string): string | undefined {
  return tokenPattern.exec(link.trim())?.[1]
}

/** Taken out of the address bar before anything else, so that it stays in no history and no copied link. */
function takeToken(place: string): string | undefined {
  const token = tokenOf(location.hash)
  if (token !== undefined) history.replaceState(null, '', `${location.pathname}${location.search}${place}`)
  return token
}

type SessionAnswer = { readonly run: string | undefined } & (
  | { readonly held: true; readonly sinceMs: number }
  | { readonly held: false }
)

/** Whether the node has answered, which ends the session where there was one. The question outlives the page, if need be. */
async function endSession(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs)
    const { ok, status } = await fetch('/session/end', { method: 'POST', keepalive: true, signal })
    return ok || status === 401
  } catch {
    return false
  }
}

/** The session of this browser, by what the node says; undefined where it does not answer. */
async function askSession(): Promise<SessionAnswer | undefined> {
  try {
    const response = await fetch('/session', {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(answerTimeoutMs),
    })
    const run = response.headers.get(runHeader) ?? undefined
    if (response.status === 401) return { held: false, run }
    return response.ok ? { held: true, run, ...sessionSchema.parse(await response.json()) } : undefined
  } catch {
    return undefined
  }
}
