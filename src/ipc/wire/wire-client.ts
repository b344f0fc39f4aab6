import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { AnyContractRouter, ContractRouterClient } from '@orpc/contract'
import { isContractProcedure, ValidationError } from '@orpc/contract'
import { ResponseValidationPlugin } from '@orpc/contract/plugins'
import { CodedError } from '../../shared/coded-error.ts'
import { bytesSerializer } from './bytes-serializer.ts'
import { declaredFailure } from './declared-failure.ts'
import { libraryPort, transferOf } from './library-port.ts'
import type { PortLike } from './port-channel.ts'
import { PortChannel } from './port-channel.ts'
import type { SocketLike } from './socket-channel.ts'
import { SocketChannel } from './socket-channel.ts'
import { isStream, translatedStream } from './translated-stream.ts'
import type { WireChannel } from './wire-channel.ts'
import { answerFrame } from './wire-frames.ts'

/** The calling end of a connection. Every failure has the declared shape but for cancellations. It never reconnects: a new connection is a new client. */
export interface WireClient<Contract extends AnyContractRouter> {
  readonly call: ContractRouterClient<Contract>
  /** Resolves when either side has closed the connection, or it broke. Every call and stream has failed by then. */
  readonly closed: Promise<void>
  readonly isClosed: boolean
  close(): void
}

export function connectPort<Contract extends AnyContractRouter>(contract: Contract, port: PortLike): WireClient<Contract> {
  return connectChannel(contract, new PortChannel(port))
}

/** The socket may still be opening: calls wait for it. */
export function connectSocket<Contract extends AnyContractRouter>(contract: Contract, socket: SocketLike): WireClient<Contract> {
  return connectChannel(contract, new SocketChannel(socket))
}

function connectChannel<Contract extends AnyContractRouter>(contract: Contract, channel: WireChannel): WireClient<Contract> {
  const port = libraryPort({
    channel,
    frameOf: answerFrame,
    refused: () => undefined,
    unsent(error) {
      throw error
    },
  })
  const link = new RPCLink({
    port,
    experimental_transfer: transferOf(channel),
    ...(channel.carriesBytes ? {} : { customJsonSerializers: [bytesSerializer] }),
    interceptors: [
      async ({ path, next }) => {
        if (channel.isClosed)
          throw declaredFailure(new CodedError('not-running', 'the connection is closed; nothing was sent'), true)
        const translate = (error: unknown): unknown =>
          channel.isClosed ? declaredFailure(brokenCall(contract, path), true) : failureOfWire(error)
        try {
          const output = await next()
          return isStream(output) ? translatedStream(output, translate) : output
        } catch (error) {
          throw translate(error)
        }
      },
    ],
    plugins: [new ResponseValidationPlugin(contract)],
  })
  return {
    call: createORPCClient(link),
    closed: channel.closed,
    get isClosed() {
      return channel.isClosed
    },
    close: () => channel.close(),
  }
}

/** What the wire itself refuses gets the shape of all failures; cancellations and answers stay as they are. */
function failureOfWire(error: unknown): unknown {
  if (error instanceof CodedError) return declaredFailure(error, false)
  if (!(error instanceof ValidationError)) return error
  return declaredFailure(new CodedError('internal', 'the answer does not fit the contract of this screen'), false)
}

/** What the caller hears of a call that was in flight when the connection ended. */
function brokenCall(contract: AnyContractRouter, path: readonly string[]): CodedError {
  let part: unknown = contract
  for (const step of path) part = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[step] : undefined
  const changes = isContractProcedure(part) && part['~orpc'].meta.mutates === true
  return changes
    ? new CodedError('outcome-unknown', 'the connection ended before the answer came; the change may have been made')
    : new CodedError('not-running', 'the connection ended before the answer came')
}
