import type { TLSSocket } from 'node:tls'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FrameLink, LinkEnd, LinkReceiver } from '../peer-session/frame-link.ts'
import type { PeerFrame } from '../peer-session/peer-frame.ts'
import { decodeFrame } from './decode-frame.ts'
import { encodeFrames } from './encode-frames.ts'
import { FrameParser } from './frame-parser.ts'

export interface TlsLinkOptions {
  readonly socket: TLSSocket
  readonly endpoint: string
  readonly address: string
  readonly ownChannel: Uint8Array
  readonly peerChannel: Uint8Array
  readonly limits: Limits
  readonly clock: Clock
  /** The address did what no node does. */
  readonly offended: () => void
}

/** Frames over a TLS connection whose handshake is done. */
export class TlsLink implements FrameLink {
  readonly endpoint: string
  readonly address: string
  readonly ownChannel: Uint8Array
  readonly peerChannel: Uint8Array
  readonly #options: TlsLinkOptions
  readonly #socket: TLSSocket
  readonly #parser: FrameParser
  #receiver: LinkReceiver | undefined
  #isOver = false

  constructor(options: TlsLinkOptions) {
    this.#options = options
    this.#socket = options.socket
    this.endpoint = options.endpoint
    this.address = options.address
    this.ownChannel = options.ownChannel
    this.peerChannel = options.peerChannel
    this.#parser = new FrameParser(options.limits.peerHelloBytesMax)
    this.#socket.setNoDelay(true)
    // An error is always followed by `close`.
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => this.#end('lost'))
    this.#socket.on('drain', () => this.#receiver?.drained())
  }

  receive(receiver: LinkReceiver): void {
    const isFirst = this.#receiver === undefined
    this.#receiver = receiver
    if (this.#isOver || this.#socket.destroyed) this.#end('lost')
    else if (isFirst) this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  opened(): void {
    this.#parser.bytesMax = this.#options.limits.peerFrameBytesMax
  }

  write(frames: readonly PeerFrame[]): boolean {
    if (this.#isOver) return true
    let isTaken = true
    for (const piece of encodeFrames(frames)) isTaken = this.#socket.write(piece)
    return isTaken
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#receiver = undefined
    const { clock, limits } = this.#options
    this.#socket.removeAllListeners('data')
    this.#socket.resume()
    // A peer that takes nothing would keep what was written last.
    const timer = clock.after(limits.peerLingerMs, () => {
      this.#socket.destroy()
      return undefined
    })
    this.#socket.once('close', () => timer[Symbol.dispose]())
    this.#socket.destroySoon()
  }

  slow(): void {
    this.#options.offended()
  }

  #take(chunk: Buffer): void {
    const isSound = this.#parser.push(chunk, (bytes) => {
      if (this.#isOver) return true
      const frame = decodeFrame(bytes)
      if (frame === undefined) return false
      this.#receiver?.frame(frame)
      return true
    })
    if (isSound || this.#isOver) return
    this.#options.offended()
    this.#end('malformed')
    this.#socket.destroy()
  }

  #end(reason: LinkEnd): void {
    if (this.#isOver && this.#receiver === undefined) return
    const receiver = this.#receiver
    this.#isOver = true
    if (receiver === undefined) return
    this.#receiver = undefined
    receiver.closed(reason)
  }
}
