import type { PassportChain } from '../../core/access/passport.ts'
import { isRevoked } from '../../core/access/revocation.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Transport } from '../../ports/transport.ts'
import type { NetworkView } from '../network/network-view.ts'

/** Ends the sessions of nodes whose passport, or a link of its chain, was revoked since they were let in. */
export class SessionGuard {
  readonly #transport: Transport
  readonly #view: NetworkView
  /** What the node of a session showed last, by its id in hex; those of nodes without a session are forgotten. */
  readonly #chains = new Map<string, PassportChain>()

  constructor(transport: Transport, view: NetworkView) {
    this.#transport = transport
    this.#view = view
    view.onChange(() => this.#look())
  }

  /** A node showed its passport, which was good. */
  letIn(nodeId: Uint8Array, chain: PassportChain): void {
    this.#chains.set(toHex(nodeId), chain)
  }

  left(nodeId: Uint8Array): void {
    this.#chains.delete(toHex(nodeId))
  }

  #look(): void {
    const { revocations } = this.#view.facts.admission
    if (revocations.length === 0) return
    for (const { nodeId } of this.#transport.peers) {
      const chain = this.#chains.get(toHex(nodeId))
      if (chain?.some((passport) => isRevoked(passport, revocations)) === true) this.#transport.endSession(nodeId, 'revoked')
    }
  }
}
