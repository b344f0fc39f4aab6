/** The one request of a node that asks to be admitted, at both ends. The connection ends with its answer. */
import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FrameLink, LinkReceiver } from './frame-link.ts'
import { abortError, errorOf, failureOf, unavailable } from './peer-failure.ts'
import type { PeerFrame } from './peer-frame.ts'

interface JoinServingOptions {
  readonly link: FrameLink
  readonly limits: Limits
  readonly clock: Clock
  readonly join: (body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>
  readonly ended: () => void
}

const joinId = 1

export class JoinServing implements LinkReceiver {
  readonly #options: JoinServingOptions
  readonly #abort = new AbortController()
  #timer: Disposable | undefined
  #asked = false
  #ended = false

  constructor(options: JoinServingOptions) {
    this.#options = options
  }

  begin(): void {
    const { link, clock, limits } = this.#options
    this.#timer = clock.after(limits.peerJoinTimeoutMs, () => {
      this.end()
      return undefined
    })
    link.receive(this)
  }

  frame(frame: PeerFrame): void {
    if (this.#ended) return
    if (frame.kind === 'cancel' && this.#asked) this.end()
    else if (frame.kind === 'request' && !this.#asked && frame.id === joinId && frame.size === frame.body.length) {
      this.#asked = true
      void this.#answer(frame.body)
    } else {
      this.#options.link.slow()
      this.end()
    }
  }

  closed(): void {
    this.end()
  }

  drained(): void {
    // One answer never waits for another.
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer?.[Symbol.dispose]()
    this.#abort.abort(new CodedError('cancelled', 'the node that asks to be admitted waits no more'))
    this.#options.link.close()
    this.#options.ended()
  }

  async #answer(asked: Uint8Array): Promise<void> {
    const { join, link, limits } = this.#options
    let frame: PeerFrame
    try {
      const body = await join(asked, this.#abort.signal)
      if (body.length > limits.peerBodyBytesMax) throw new CodedError('limit-exceeded', 'the answer does not travel')
      frame = { kind: 'reply', id: joinId, body, size: body.length }
    } catch (error) {
      frame = { kind: 'failure', id: joinId, failure: failureOf(error) }
    }
    if (this.#ended) return
    link.write([frame])
    this.end()
  }
}

/** Asks over a link on which this end is a guest. */
export async function askOver(
  link: FrameLink,
  body: Uint8Array,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly limits: Limits },
): Promise<Uint8Array> {
  const { signal, clock, limits } = options
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const abort = () => reject(abortError(signal))
  const timer = clock.after(limits.peerJoinTimeoutMs, () => {
    reject(unavailable('the node did not answer whether this one is admitted'))
    return undefined
  })
  try {
    if (signal.aborted) throw abortError(signal)
    signal.addEventListener('abort', abort, { once: true })
    link.receive({
      frame: (frame) => {
        if (frame.kind === 'reply' && frame.size === frame.body.length) resolve(frame.body)
        else if (frame.kind === 'failure') reject(errorOf(frame.failure))
        else reject(unavailable('the node answered with something else'))
      },
      closed: () => reject(unavailable('the connection ended before the answer')),
      drained: () => undefined,
    })
    link.opened()
    link.write([{ kind: 'request', id: joinId, body, size: body.length, bulk: false }])
    return await promise
  } finally {
    timer[Symbol.dispose]()
    signal.removeEventListener('abort', abort)
    link.close()
  }
}
