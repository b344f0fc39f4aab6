import type { KeyObject } from 'node:crypto'
import { assert } from '../../../shared/assert.ts'
import { GenerationCache } from '../../core/base/generation-cache.ts'

/** Public keys as key objects, those unused for long forgotten: importing a key costs a third of a verification. */
export class PublicKeys {
  readonly #load: (raw: Uint8Array) => KeyObject | undefined
  readonly #keys: GenerationCache<KeyObject>

  constructor(keysMax: number, load: (raw: Uint8Array) => KeyObject | undefined) {
    assert(keysMax >= 2, 'at least one key is kept in each generation')
    this.#keys = new GenerationCache(keysMax)
    this.#load = load
  }

  get size(): number {
    return this.#keys.weight
  }

  /** Undefined when the bytes are no key. */
  get(raw: Uint8Array): KeyObject | undefined {
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1')
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const loaded = this.#load(raw)
    if (loaded === undefined) return undefined
    this.#keys.set(name, loaded)
    return loaded
  }
}
