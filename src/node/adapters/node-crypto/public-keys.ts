import type { KeyObject } from 'node:crypto'
import { assert } from '../../../shared/assert.ts'

/** Public keys as key objects, the least recently used ones forgotten: importing a key costs a third of a verification. */
export class PublicKeys {
  readonly #keysMax: number
  readonly #load: (raw: Uint8Array) => KeyObject | undefined
  readonly #keys = new Map<string, KeyObject>()

  constructor(keysMax: number, load: (raw: Uint8Array) => KeyObject | undefined) {
    assert(keysMax >= 1, 'at least one key is kept')
    this.#keysMax = keysMax
    this.#load = load
  }

  get size(): number {
    return this.#keys.size
  }

  /** Undefined when the bytes are no key. */
  get(raw: Uint8Array): KeyObject | undefined {
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1')
    const known = this.#keys.get(name)
    if (known !== undefined) {
      this.#keys.delete(name)
      this.#keys.set(name, known)
      return known
    }
    const loaded = this.#load(raw)
    if (loaded === undefined) return undefined
    const oldest = this.#keys.size >= this.#keysMax ? this.#keys.keys().next().value : undefined
    if (oldest !== undefined) this.#keys.delete(oldest)
    this.#keys.set(name, loaded)
    return loaded
  }
}
