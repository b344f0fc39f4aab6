import type { AnyContractRouter } from '@orpc/contract'
import type { Context, Router } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { CodedError } from '../../shared/coded-error.ts'
import { wireLimits } from '../contract/wire-limits.ts'
import { bytesSerializer } from './bytes-serializer.ts'
import { declaredFailure } from './declared-failure.ts'
import { libraryPort, transferOf } from './library-port.ts'
import type { PortLike } from './port-channel.ts'
import { PortChannel } from './port-channel.ts'
import type { SocketLike } from './socket-channel.ts'
import { SocketChannel } from './socket-channel.ts'
import { isStream } from './translated-stream.ts'
import type { WireChannel } from './wire-channel.ts'
import { callFrame } from './wire-frames.ts'

/** What is served on a connection. */
export interface Served<Shared extends Context> {
  readonly router: Router<AnyContractRouter, Shared>
  readonly context: Shared
  /** Told of each message that was no call and was dropped, and of an answer that could not be sent. */
  readonly wireFailed?: (facts: { readonly reason: 'foreign-frame' | 'unsent-answer' }) => void
}

/** The answering end of a connection. */
export interface WireServer {
  /** Resolves when either side has closed it, or it broke; every handler was told by its signal. */
  readonly closed: Promise<void>
  close(): void
}

export function servePort<Shared extends Context>(port: PortLike, served: Served<Shared>): WireServer {
  return serveChannel(new PortChannel(port), served)
}

/** The socket was accepted by a server that checked who asks; its `maxPayload` is `wireLimits.messageBytesMax`. */
export function serveSocket<Shared extends Context>(socket: SocketLike, served: Served<Shared>): WireServer {
  return serveChannel(new SocketChannel(socket), served)
}

function serveChannel<Shared extends Context>(channel: WireChannel, served: Served<Shared>): WireServer {
  // The context goes with its router: what it holds is nobody's affair here.
  const { router, context, wireFailed = () => undefined } = served as Served<Context>
  const load = new ConnectionLoad(channel)
  const handler = new RPCHandler<Context>(router, {
    experimental_transfer: transferOf(channel),
    ...(channel.carriesBytes ? {} : { customJsonSerializers: [bytesSerializer] }),
    clientInterceptors: [(call) => load.admit(() => call.next())],
  })
  const port = libraryPort({
    channel,
    frameOf: callFrame,
    refused: () => wireFailed({ reason: 'foreign-frame' }),
    unsent() {
      // The caller would wait for ever, and the library has nobody to tell.
      wireFailed({ reason: 'unsent-answer' })
      channel.close()
    },
  })
  handler.upgrade(port, { context })
  return { closed: channel.closed, close: () => channel.close() }
}

/** The calls and streams of one connection, within their limits. */
class ConnectionLoad {
  readonly #channel: WireChannel
  #calls = 0
  #streams = 0

  constructor(channel: WireChannel) {
    this.#channel = channel
  }

  async admit<Output>(call: () => Promise<Output>): Promise<Output> {
    if (this.#calls >= wireLimits.callsMax) throw beyond('callsMax', 'calls')
    this.#calls++
    try {
      const output = await call()
      return isStream(output) ? (this.#counted(output) as Output) : output
    } finally {
      this.#calls--
    }
  }

  #counted(stream: AsyncIterator<unknown>): AsyncIterableIterator<unknown> {
    if (this.#streams >= wireLimits.subscriptionsMax) {
      void Promise.resolve(stream.return?.()).catch(() => undefined) // it has told of its failures itself
      throw beyond('subscriptionsMax', 'streams')
    }
    this.#streams++
    let isOpen = true
    const end = (): void => {
      if (isOpen) this.#streams--
      isOpen = false
    }
    const step = async (taken: Promise<IteratorResult<unknown>> | undefined): Promise<IteratorResult<unknown>> => {
      try {
        const result = (await taken) ?? { done: true, value: undefined }
        if (result.done === true) end()
        return result
      } catch (error) {
        end()
        throw error
      }
    }
    return {
      next: async () => {
        await this.#channel.writable()
        return await step(stream.next())
      },
      return: (value) => step(stream.return?.(value)),
      throw: (error) => step(stream.throw?.(error)),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

function beyond(limit: 'callsMax' | 'subscriptionsMax', what: string): Error {
  const maximum = wireLimits[limit]
  const message = `a connection has at most ${maximum} ${what} at once (${limit})`
  return declaredFailure(new CodedError('limit-exceeded', message, { details: { limit, maximum } }), true)
}
