/** A number for all that happened in a world, equal for equal runs, at next to no cost (after FNV-1a; not for secrets). */
export class Fingerprint {
  #low = 0x811c9dc5
  #high = 0x01000193

  mix(number: number): void {
    this.#low = Math.imul(this.#low ^ number, 0x01000193)
    this.#high = Math.imul(this.#high ^ (number >>> 8) ^ this.#low, 0x85ebca6b)
  }

  digest(): string {
    return [this.#low, this.#high].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
