import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import type { AnyContractRouter } from '@orpc/contract'
import type { Context } from '@orpc/server'
import { WebSocket, WebSocketServer } from 'ws'
import { wireLimits } from '../../../src/ipc/contract/wire-limits.ts'
import type { PortLike } from '../../../src/ipc/wire/port-channel.ts'
import type { WireClient } from '../../../src/ipc/wire/wire-client.ts'
import { connectPort, connectSocket } from '../../../src/ipc/wire/wire-client.ts'
import type { Served, WireServer } from '../../../src/ipc/wire/wire-server.ts'
import { servePort, serveSocket } from '../../../src/ipc/wire/wire-server.ts'

/** Both ends of one connection, and a way past the client. */
export interface Wire<Contract extends AnyContractRouter> extends AsyncDisposable {
  readonly client: WireClient<Contract>
  readonly server: WireServer
  /** Sends a message as it is, as a foreign program would. */
  readonly inject: (message: unknown) => void
}

export type OpenWire = <Contract extends AnyContractRouter, Shared extends Context>(
  contract: Contract,
  served: Served<Shared>,
) => Promise<Wire<Contract>>

function overPorts(make: () => { readonly port1: PortLike; readonly port2: PortLike }): OpenWire {
  return async (contract, served) => {
    const { port1, port2 } = make()
    const server = servePort(port1, served)
    const client = connectPort(contract, port2)
    return {
      client,
      server,
      inject: (message) => port2.postMessage(message),
      async [Symbol.asyncDispose]() {
        client.close()
        await server.closed
      },
    }
  }
}

const overSocket: OpenWire = async (contract, served) => {
  const host = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: wireLimits.messageBytesMax,
    perMessageDeflate: false,
  })
  await once(host, 'listening')
  const accepted = once(host, 'connection')
  const socket = new WebSocket(`ws://127.0.0.1:${(host.address() as AddressInfo).port}`)
  const client = connectSocket(contract, socket)
  const [peer] = (await accepted) as [WebSocket]
  const server = serveSocket(peer, served)
  return {
    client,
    server,
    inject: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async [Symbol.asyncDispose]() {
      client.close()
      await server.closed
      host.close()
      await once(host, 'close')
    },
  }
}

export const wires: readonly (readonly [name: string, open: OpenWire])[] = [
  ['memory', overPorts(() => new globalThis.MessageChannel())],
  ['message port by its events', overPorts(() => eventPorts(new MessageChannel()))],
  ['web socket', overSocket],
]

/** Ports as Electron has them in its main and utility processes: `on` with events, queued until `start`. */
function eventPorts({ port1, port2 }: MessageChannel): { readonly port1: PortLike; readonly port2: PortLike } {
  return { port1: eventPort(port1), port2: eventPort(port2) }
}

function eventPort(port: MessageChannel['port1']): PortLike {
  const waiting: unknown[] = []
  let listener: ((event: { readonly data?: unknown }) => void) | undefined
  let isStarted = false
  const deliver = (): void => {
    if (isStarted && listener !== undefined) for (const data of waiting.splice(0)) listener({ data })
  }
  port.on('message', (data: unknown) => {
    waiting.push(data)
    deliver()
  })
  return {
    postMessage: (message) => port.postMessage(message),
    close: () => port.close(),
    start() {
      isStarted = true
      deliver()
    },
    on(event, heard) {
      if (event === 'close') port.on('close', () => heard({}))
      else listener = heard
    },
  }
}
