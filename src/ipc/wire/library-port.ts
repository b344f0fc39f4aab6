import type { MessagePortMainLike } from '@orpc/client/message-port'
import { carriesBytes } from './carried-bytes.ts'
import type { WireChannel } from './wire-channel.ts'

export interface LibraryPortOptions {
  readonly channel: WireChannel
  /** The frame that a message is; undefined for a foreign one. */
  readonly frameOf: (message: unknown) => object | undefined
  /** Told of each message that was no frame and was dropped. */
  readonly refused: () => void
  /** Told of a message that could not be sent; throws where its sender is to hear of it. */
  readonly unsent: (error: unknown) => void
}

/** A channel as the library takes a port: it hears of known frames only, and of the end, whoever brought it. */
export function libraryPort({ channel, frameOf, refused, unsent }: LibraryPortOptions): MessagePortMainLike {
  return {
    on(event, listener) {
      if (event === 'close') void channel.closed.then(() => listener())
      if (event !== 'message') return
      channel.receive((message) => {
        const data = frameOf(message)
        if (data === undefined) refused()
        else listener({ data })
      })
    },
    postMessage(message: unknown) {
      try {
        channel.send(message)
      } catch (error) {
        unsent(error)
      }
    },
  }
}

/** Of a message of the library: nothing to transfer, but as it is, where it holds bytes and the channel takes them. */
export function transferOf(channel: WireChannel): (message: readonly [unknown, unknown, unknown]) => object[] | undefined {
  return ([, , payload]) => {
    if (!channel.carriesBytes || typeof payload !== 'object' || payload === null || !('body' in payload)) return undefined
    return carriesBytes(payload.body) ? [] : undefined
  }
}
