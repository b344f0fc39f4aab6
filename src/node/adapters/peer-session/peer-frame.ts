/** What travels over a link between two nodes, before and after it is made bytes: docs/PROTOCOL.md, "Between nodes". */
import type { ErrorCode, ErrorDetails } from '../../../shared/coded-error.ts'
import type { HelloRefusal } from '../../ports/transport.ts'

export type PeerFrame = GreetingFrame | ExchangeFrame

export type GreetingFrame =
  /** `dial`: how many dials the end that dialled had begun with this one; 0 from the end that was dialled. */
  | { readonly kind: 'hello'; readonly hello: Uint8Array; readonly dial: number }
  /** `dials`: how many dials the answering end had begun when it judged the hello well. */
  | { readonly kind: 'accepted'; readonly joiner: boolean; readonly dials: number }
  | { readonly kind: 'refused'; readonly reason: HelloRefusal }

export type ExchangeFrame =
  | { readonly kind: 'message'; readonly bodies: readonly Uint8Array[] }
  /** `size`: bytes of the whole body, of which pieces follow where `body` is shorter. */
  | { readonly kind: 'request'; readonly id: number; readonly body: Uint8Array; readonly size: number; readonly bulk: boolean }
  | { readonly kind: 'reply'; readonly id: number; readonly body: Uint8Array; readonly size: number }
  /** More of the body of a request, or of the reply to one. */
  | { readonly kind: 'body-piece'; readonly id: number; readonly reply: boolean; readonly bytes: Uint8Array }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: PeerFailure }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'stream-open'; readonly id: number; readonly body: Uint8Array }
  | { readonly kind: 'stream-piece'; readonly id: number; readonly bytes: Uint8Array }
  /** `closed`: the end that served the stream takes nothing more either. */
  | { readonly kind: 'stream-end'; readonly id: number; readonly closed: boolean }
  | { readonly kind: 'stream-failure'; readonly id: number; readonly failure: PeerFailure }
  | { readonly kind: 'credit'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'ping'; readonly count: number }
  | { readonly kind: 'pong'; readonly count: number }

/** A CodedError on its way to the other end. */
export interface PeerFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/** Bytes that a frame counts for beside what it carries, wherever bytes are limited. */
export const frameOverheadBytes = 32

export function frameWeight(frame: ExchangeFrame): number {
  return frameOverheadBytes + carriedBytes(frame)
}

function carriedBytes(frame: ExchangeFrame): number {
  switch (frame.kind) {
    case 'message':
      return frame.bodies.reduce((sum, body) => sum + body.length + frameOverheadBytes, 0)
    case 'request':
    case 'reply':
    case 'stream-open':
      return frame.body.length
    case 'body-piece':
    case 'stream-piece':
      return frame.bytes.length
    case 'failure':
    case 'stream-failure':
      return frame.failure.message.length
    case 'cancel':
    case 'stream-end':
    case 'credit':
    case 'ping':
    case 'pong':
      return 0
  }
}
