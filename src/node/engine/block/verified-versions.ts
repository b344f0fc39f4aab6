import { toHex } from '../../core/base/bytes.ts'
import type { Digest } from '../../core/base/digest.ts'
import { GenerationCache } from '../../core/base/generation-cache.ts'

/**
 * Remembers by their digests which encoded versions were found genuine: the same bytes need no second look at their signature, which
 * is most of what reading a small block costs.
 */
export class VerifiedVersions {
  readonly #digest: Digest
  readonly #genuine: GenerationCache<true>

  constructor(digest: Digest, entriesMax: number) {
    this.#digest = digest
    this.#genuine = new GenerationCache(entriesMax)
  }

  /** Whether the bytes were verified before; otherwise asks, and remembers a yes. */
  holds(encoded: Uint8Array, verify: () => boolean): boolean {
    const name = toHex(this.#digest.sha256(encoded))
    if (this.#genuine.get(name) === true) return true
    if (!verify()) return false
    this.#genuine.set(name, true)
    return true
  }
}
