import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { CodedError } from '../../../shared/coded-error.ts'
import { findPortHolder } from './port-holder.ts'
import { codeOf, reasonOf } from './secret-file.ts'

export interface BoundAddress {
  readonly host: string
  readonly port: number
}

export interface PortListenerOptions extends BoundAddress {
  readonly connectionsMax: number
  readonly onConnection: (socket: Socket) => void
  readonly onError: (error: unknown) => void
}

/** A listening port and its sockets. The gRPC library gets them from here: its own listener hides why it cannot listen. */
export class PortListener {
  readonly #options: PortListenerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(options: PortListenerOptions) {
    this.#options = options
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    this.#server.maxConnections = options.connectionsMax
  }

  async listen(): Promise<BoundAddress> {
    const { host, port, onError } = this.#options
    try {
      this.#server.listen({ host, port })
      await once(this.#server, 'listening')
    } catch (error) {
      throw await bindError(error, host, port)
    }
    this.#server.on('error', onError)
    const address = this.#server.address() as AddressInfo
    return { host: address.address, port: address.port }
  }

  /** Takes no further connections; resolves when those that exist have ended. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The connections by their peers, "address:port". */
  connections(): ReadonlyMap<string, Pick<Socket, 'bytesWritten' | 'destroy'>> {
    return new Map([...this.#sockets].map((socket) => [`${socket.remoteAddress}:${socket.remotePort}`, socket]))
  }

  #accept(socket: Socket): void {
    socket.on('error', this.#options.onError)
    socket.once('close', () => this.#sockets.delete(socket))
    this.#sockets.add(socket)
    this.#options.onConnection(socket)
  }
}

async function bindError(error: unknown, host: string, port: number): Promise<CodedError> {
  const details = { host, port }
  if (codeOf(error) === 'EADDRINUSE') {
    const holder = await findPortHolder(port)
    const who = holder === undefined ? 'another program' : `${holder.command} (process ${holder.pid})`
    const message = `port ${port} of ${host} is taken by ${who}; choose another with --grpc, port 0 picks a free one`
    return new CodedError('port-in-use', message, { cause: error, details: { ...details, ...holder } })
  }
  return new CodedError('config-invalid', `cannot listen at ${host} port ${port}: ${reasonOf(error)}`, { cause: error, details })
}
