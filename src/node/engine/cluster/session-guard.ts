import type { PassportChain } from '../../core/access/passport.ts'
import { isCutOff } from '../../core/access/revocation.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Digest } from '../../core/base/digest.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Transport } from '../../ports/transport.ts'
import type { NetworkView } from '../network/network-view.ts'

/** What a node showed when it was let in. */
interface Shown {
  readonly nodeId: Uint8Array
  readonly chain: PassportChain
}

/**
 * Ends the sessions of nodes whose passport, or a link of its chain, was revoked since they were let in. What a node showed outlives its
 * session: another one may have been let in before that ended, and stands in its place. Of nodes without a session the ones that were let
 * in last are kept.
 */
export class SessionGuard {
  readonly #digest: Digest
  readonly #transport: Transport
  readonly #view: NetworkView
  readonly #limits: Pick<Limits, 'directoryNodesMax'>
  /** What each node showed last, by its id in hex, in the order of that. */
  readonly #shown = new Map<string, Shown>()

  constructor(digest: Digest, transport: Transport, view: NetworkView, limits: Pick<Limits, 'directoryNodesMax'>) {
    this.#digest = digest
    this.#transport = transport
    this.#view = view
    this.#limits = limits
    view.onChange(() => this.#look())
  }

  /** A node showed its passport, which was good. */
  letIn(nodeId: Uint8Array, chain: PassportChain): void {
    const name = toHex(nodeId)
    this.#shown.delete(name)
    this.#shown.set(name, { nodeId, chain })
    if (this.#shown.size > this.#limits.directoryNodesMax) this.#forgetOne(name)
  }

  #forgetOne(last: string): void {
    const here = new Set(this.#transport.peers.map(({ nodeId }) => toHex(nodeId)))
    for (const name of this.#shown.keys()) {
      if (name === last || here.has(name)) continue
      this.#shown.delete(name)
      return
    }
  }

  #look(): void {
    const { revocations } = this.#view.facts.admission
    const isPlaced = (id: Uint8Array): boolean => this.#view.isOfNetwork(id)
    for (const [name, { nodeId, chain }] of [...this.#shown]) {
      if (!isCutOff(this.#digest, chain, revocations, isPlaced)) continue
      this.#shown.delete(name)
      this.#transport.endSession(nodeId, 'revoked')
    }
  }
}
