/** The transport of nodes that share a memory network: the same sessions as over TLS, with no host in it. */
import { CodedError } from '../../../shared/coded-error.ts'
import type { Random } from '../../ports/random.ts'
import type { FrameLink, LinkSource } from '../peer-session/frame-link.ts'
import type { PeerTransportOptions } from '../peer-session/peer-transport.ts'
import { PeerTransport } from '../peer-session/peer-transport.ts'
import type { MemoryNetwork } from './memory-network.ts'

export interface MemoryTransportOptions extends PeerTransportOptions {
  readonly network: MemoryNetwork
  /** `host:port` of this end in its network. */
  readonly endpoint: string
}

export class MemoryTransport extends PeerTransport {
  constructor(options: MemoryTransportOptions) {
    super(options, new MemoryLinks(options.network, options.endpoint, options.random))
  }
}

class MemoryLinks implements LinkSource {
  readonly #network: MemoryNetwork
  readonly #endpoint: string
  readonly #random: Random
  #accepted: ((link: FrameLink) => void) | undefined

  constructor(network: MemoryNetwork, endpoint: string, random: Random) {
    this.#network = network
    this.#endpoint = endpoint
    this.#random = random
  }

  async listen(accepted: (link: FrameLink) => void): Promise<readonly string[]> {
    if (!this.#network.listen(this.#endpoint, accepted)) {
      throw new CodedError('port-in-use', 'another node listens on this endpoint', { details: { endpoint: this.#endpoint } })
    }
    this.#accepted = accepted
    return [this.#endpoint]
  }

  dial(endpoint: string, signal: AbortSignal): Promise<FrameLink> {
    return this.#network.dial(this.#endpoint, endpoint, this.#random, signal)
  }

  async close(): Promise<void> {
    if (this.#accepted !== undefined) this.#network.unlisten(this.#endpoint, this.#accepted)
  }

  afterTurn(run: () => void): void {
    queueMicrotask(run)
  }
}
