import { toHex } from '../../core/base/bytes.ts'
import type { Digest } from '../../core/base/digest.ts'

/**
 * Remembers by their digests which encoded versions were found genuine: the same bytes need no second look at their signature, which
 * is most of what reading a small block costs.
 */
export class VerifiedVersions {
  readonly #digest: Digest
  readonly #entriesMax: number
  readonly #digests = new Set<string>()

  constructor(digest: Digest, entriesMax: number) {
    this.#digest = digest
    this.#entriesMax = entriesMax
  }

  /** Whether the bytes were verified before; otherwise asks, and remembers a yes. */
  holds(encoded: Uint8Array, verify: () => boolean): boolean {
    const name = toHex(this.#digest.sha256(encoded))
    if (this.#digests.delete(name)) {
      this.#digests.add(name)
      return true
    }
    if (!verify()) return false
    this.#digests.add(name)
    if (this.#digests.size > this.#entriesMax) {
      for (const oldest of this.#digests) {
        this.#digests.delete(oldest)
        break
      }
    }
    return true
  }
}
