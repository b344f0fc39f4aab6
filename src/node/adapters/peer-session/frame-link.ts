/** What a transport is made of below its sessions: links that carry frames, and the way to get them. */
import type { PeerFrame } from './peer-frame.ts'

/** Why a link carries nothing more. */
export type LinkEnd = 'lost' | 'malformed'

/** Called synchronously by a link, never before `receive` was called on it, and not after `closed`. */
export interface LinkReceiver {
  frame(frame: PeerFrame): void
  closed(reason: LinkEnd): void
  /** Room again after a write that was answered with false. */
  drained(): void
}

/** A connection to another node: frames arrive whole, in order, or the link ends. */
export interface FrameLink {
  /** `host:port` of the other end. */
  readonly endpoint: string
  /** The other end without its port: whom limits for strangers count. */
  readonly address: string
  /** What names this end and the other one to a desk of hellos. */
  readonly ownChannel: Uint8Array
  readonly peerChannel: Uint8Array
  /** Who hears of the link from here on. */
  receive(receiver: LinkReceiver): void
  /** The greeting went well: large frames are taken from here on. */
  opened(): void
  /** In one write, together. False: write no more until `drained`. */
  write(frames: readonly PeerFrame[]): boolean
  /** Ends the link when what was written has left. Its receiver hears nothing more. Idempotent. */
  close(): void
  /** The other end did what no node does: its address waits before it is taken again. */
  slow(): void
}

/** Where links come from. */
export interface LinkSource {
  /** Answers with the endpoints that it listens on. Throws CodedError `port-in-use`. */
  listen(accepted: (link: FrameLink) => void): Promise<readonly string[]>
  /** Rejects where nothing is reached, and when the signal aborts. */
  dial(endpoint: string, signal: AbortSignal): Promise<FrameLink>
  /** Listens no more, and ends what was taken and not yet handed over. Idempotent. */
  close(): Promise<void>
  /** Runs the function once everything of this turn is done. */
  afterTurn(run: () => void): void
}
