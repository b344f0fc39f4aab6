import type { Socket } from 'node:net'
import type { Clock } from '../../ports/clock.ts'

/** What is known of a program that is connected. */
export interface ConnectedClient {
  readonly id: string
  /** HOST:PORT of the program. */
  readonly peer: string
  /** Unix milliseconds. */
  readonly connectedMs: number
  readonly calls: number
  /** Over the last seconds. */
  readonly callsPerSecond: number
  readonly lastMethod?: string
  readonly lastCallMs?: number
}

/** How a face looks at the clients of the gRPC port. */
export interface ConnectedClients {
  readonly count: number
  /** At most so many, those that called last first. */
  list(most: number): ConnectedClient[]
  /** Ends the connection; true when there was one. Its program is free to connect again. */
  disconnect(id: string): boolean
}

type ClientSocket = Pick<Socket, 'remoteAddress' | 'remotePort' | 'remoteFamily' | 'destroy' | 'once'>

interface Connection {
  readonly id: string
  readonly socket: ClientSocket
  readonly peer: string
  /** These and the next on the monotonic clock. */
  readonly openedMs: number
  calls: number
  lastMethod: string | undefined
  lastCallMs: number
  window: number
  windowCalls: number
  windowBefore: number
}

const windowMs = 5000

/** The connections to the gRPC port, by the names that their calls bring along. Bounded by the connections that the port takes. */
export class ClientConnections implements ConnectedClients {
  readonly #clock: Clock
  readonly #changed: () => void
  readonly #connections = new Map<string, Connection>()
  #opened = 0

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  get count(): number {
    return this.#connections.size
  }

  opened(socket: ClientSocket): void {
    const name = `${socket.remoteAddress}:${socket.remotePort}`
    this.#opened += 1
    const openedMs = this.#clock.monotonicMs()
    const host = socket.remoteFamily === 'IPv6' ? `[${socket.remoteAddress}]` : socket.remoteAddress
    const connection: Connection = {
      ...{ id: `c${this.#opened}`, socket, openedMs, peer: `${host}:${socket.remotePort}` },
      ...{ calls: 0, lastMethod: undefined, lastCallMs: openedMs },
      ...{ window: windowOf(openedMs), windowCalls: 0, windowBefore: 0 },
    }
    this.#connections.set(name, connection)
    socket.once('close', () => {
      // Its name may belong to another connection by then.
      if (this.#connections.get(name) === connection) this.#connections.delete(name)
      this.#changed()
    })
    this.#changed()
  }

  /** A call came over the connection of this name, at a time on the monotonic clock. */
  called(name: string, method: string, atMs: number): void {
    const connection = this.#connections.get(name)
    if (connection === undefined) return
    turnWindow(connection, atMs)
    connection.calls += 1
    connection.windowCalls += 1
    connection.lastMethod = method
    connection.lastCallMs = atMs
  }

  list(most: number): ConnectedClient[] {
    const nowMs = this.#clock.monotonicMs()
    const unixMs = this.#clock.nowMs() - nowMs
    const latest = [...this.#connections.values()].sort((left, right) => right.lastCallMs - left.lastCallMs)
    return latest.slice(0, most).map((connection) => {
      const { id, peer, openedMs, calls, lastMethod, lastCallMs } = connection
      turnWindow(connection, nowMs)
      const share = (nowMs % windowMs) / windowMs
      const callsPerSecond = (connection.windowBefore * (1 - share) + connection.windowCalls) / (windowMs / 1000)
      const known = { id, peer, connectedMs: unixMs + openedMs, calls, callsPerSecond }
      return lastMethod === undefined ? known : { ...known, lastMethod, lastCallMs: unixMs + lastCallMs }
    })
  }

  disconnect(id: string): boolean {
    const connection = [...this.#connections.values()].find((each) => each.id === id)
    connection?.socket.destroy()
    return connection !== undefined
  }
}

function windowOf(atMs: number): number {
  return Math.floor(atMs / windowMs)
}

function turnWindow(connection: Connection, atMs: number): void {
  const window = windowOf(atMs)
  if (window === connection.window) return
  connection.windowBefore = window === connection.window + 1 ? connection.windowCalls : 0
  connection.windowCalls = 0
  connection.window = window
}
