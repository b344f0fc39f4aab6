import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { heartbeatText } from '../../../ipc/wire/heartbeat.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { ConsoleObserver, SocketEnd } from '../../observe/console-observer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsoleSession } from './console-sessions.ts'

/** How a socket is closed, in the words of RFC 6455; from 4000 on they are the console's own. */
const closeCodes = { stopping: 1001, sessionEnded: 4401 } as const

export interface ConsoleSocketsParts {
  readonly limits: Limits
  readonly clock: Pick<Clock, 'after'>
  readonly observer: ConsoleObserver
  /** Serves the calls of a screen; its listeners are in place when it returns. The end of the socket is the end of its calls. */
  readonly serve: (socket: WebSocket, session: ConsoleSession) => void
  /** What every answer has, the one that begins a socket too. */
  readonly headers: () => Readonly<Record<string, string>>
}

interface Live {
  readonly session: ConsoleSession
  answered: boolean
  /** The node has ended it, once. */
  ended: boolean
}

/** The sockets of screens: bounded in number and in what waits for them, looked after, and ended with their session. */
export class ConsoleSockets {
  readonly #parts: ConsoleSocketsParts
  readonly #server: WebSocketServer
  readonly #live = new Map<WebSocket, Live>()
  #timer: Disposable | undefined
  #beat: Disposable | undefined
  #stopping = false

  /** `refuse` answers a handshake that is none. */
  constructor(parts: ConsoleSocketsParts, refuse: (socket: Duplex, status: number) => void) {
    this.#parts = parts
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: wireLimits.messageBytesMax,
      perMessageDeflate: false,
      clientTracking: false,
    })
    this.#server.on('headers', (lines) => {
      for (const [name, value] of Object.entries(parts.headers())) lines.push(`${name}: ${value}`)
    })
    this.#server.on('wsClientError', (_error, socket) => refuse(socket, 400))
  }

  hasRoomFor(session: ConsoleSession): boolean {
    const own = [...this.#live.values()].filter((live) => live.session === session).length
    const { consoleSocketsMax, consoleSessionSocketsMax } = this.#parts.limits
    return !this.#stopping && this.#live.size < consoleSocketsMax && own < consoleSessionSocketsMax
  }

  /** The request has passed every check. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: ConsoleSession): void {
    this.#server.handleUpgrade(request, socket, head, (screen) => this.#begin(screen, session))
  }

  /** Asks every screen to go, and lets those go that do not within the grace. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#beat?.[Symbol.dispose]()
    this.#beat = undefined
    const closed = [...this.#live.keys()].map((screen) => new Promise<void>((resolve) => screen.once('close', () => resolve())))
    for (const screen of this.#live.keys()) screen.close(closeCodes.stopping, 'the node stops')
    using _grace = this.#parts.clock.after(this.#parts.limits.httpStopGraceMs, () => {
      for (const screen of this.#live.keys()) screen.terminate()
      return undefined
    })
    await Promise.all(closed)
  }

  #begin(screen: WebSocket, session: ConsoleSession): void {
    const live: Live = { session, answered: true, ended: false }
    this.#live.set(screen, live)
    const sessionEnded = (): void => screen.close(closeCodes.sessionEnded, 'the session has ended')
    session.ended.addEventListener('abort', sessionEnded, { once: true })
    screen.on('pong', () => {
      live.answered = true
    })
    screen.on('message', () => {
      live.answered = true
      this.#endIfUnread(screen, live)
    })
    screen.on('error', () => this.#end(screen, live, 'protocol'))
    screen.on('close', () => {
      session.ended.removeEventListener('abort', sessionEnded)
      this.#live.delete(screen)
    })
    this.#parts.observer.consoleSocketOpened({ session: session.number })
    this.#parts.serve(screen, session)
    if (session.ended.aborted) sessionEnded()
    this.#timer ??= this.#lookLater()
    this.#beat ??= this.#beatLater()
  }

  #beatLater(): Disposable {
    return this.#parts.clock.after(wireLimits.heartbeatMs, () => {
      for (const screen of this.#live.keys()) if (screen.readyState === screen.OPEN) screen.send(heartbeatText)
      this.#beat = this.#live.size === 0 ? undefined : this.#beatLater()
      return undefined
    })
  }

  #lookLater(): Disposable {
    return this.#parts.clock.after(this.#parts.limits.consolePingMs, () => {
      for (const [screen, live] of this.#live) this.#look(screen, live)
      this.#timer = this.#live.size === 0 ? undefined : this.#lookLater()
      return undefined
    })
  }

  #look(screen: WebSocket, live: Live): void {
    if (!live.answered) {
      this.#end(screen, live, 'silent')
      return
    }
    live.answered = false
    if (screen.readyState === screen.OPEN) screen.ping()
    this.#endIfUnread(screen, live)
  }

  #endIfUnread(screen: WebSocket, live: Live): void {
    if (screen.bufferedAmount > this.#parts.limits.consoleUnreadBytesMax) this.#end(screen, live, 'unread')
  }

  #end(screen: WebSocket, live: Live, cause: SocketEnd): void {
    if (live.ended) return
    live.ended = true
    this.#parts.observer.consoleSocketEnded({ session: live.session.number, cause })
    // After a breach of the protocol the library says goodbye by itself, with the code that tells why.
    if (cause !== 'protocol') screen.terminate()
  }
}
