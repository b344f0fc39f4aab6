/**
 * Keys of records that a scan met and that do not verify. Such a key may have been misread itself, so it counts only where it lies
 * between its neighbours that verify, and is told in their order.
 */

import type { ScanDamage } from '../../ports/record-store.ts'
import { keyText } from './overlay.ts'

export class UnreadableKeys {
  readonly #damage: ScanDamage
  readonly #before: (left: string, right: string) => boolean
  #met: Uint8Array[] = []
  #told = 0
  #last: string | undefined

  constructor(damage: ScanDamage, reverse: boolean) {
    this.#damage = damage
    this.#before = (left, right) => (reverse ? left > right : left < right)
  }

  /** How many count for the limit of the page. */
  get count(): number {
    return this.#told + this.#met.length
  }

  meet(key: Uint8Array): void {
    this.#met.push(key)
  }

  /** A record that verifies; undefined: the end of the page. */
  pass(key: Uint8Array | undefined): void {
    const text = key === undefined ? undefined : keyText(key)
    if (this.#met.length > 0) this.#tell(text)
    if (text !== undefined) this.#last = text
  }

  #tell(until: string | undefined): void {
    const met = this.#met.map((key) => ({ key, text: keyText(key) }))
    this.#met = []
    met.sort((left, right) => (left.text === right.text ? 0 : this.#before(left.text, right.text) ? -1 : 1))
    for (const { key, text } of met) {
      const fits =
        (this.#last === undefined || this.#before(this.#last, text)) && (until === undefined || this.#before(text, until))
      if (!fits) this.#damage.incomplete()
      else {
        this.#last = text
        this.#told++
        this.#damage.unreadable(key)
      }
    }
  }
}
