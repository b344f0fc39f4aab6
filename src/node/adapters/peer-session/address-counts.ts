/** How often each address did something within a while; bounded, the address that was counted first is forgotten first. */
export class AddressCounts {
  readonly #windowMs: number
  readonly #addressesMax: number
  readonly #counts = new Map<string, { readonly sinceMs: number; count: number }>()

  constructor(options: { readonly windowMs: number; readonly addressesMax: number }) {
    this.#windowMs = options.windowMs
    this.#addressesMax = options.addressesMax
  }

  /** How often it was with this one. */
  add(address: string, nowMs: number): number {
    const known = this.#counts.get(address)
    if (known !== undefined && nowMs - known.sinceMs < this.#windowMs) {
      known.count += 1
      return known.count
    }
    this.#counts.delete(address)
    for (const [other, { sinceMs }] of this.#counts) {
      if (this.#counts.size < this.#addressesMax && nowMs - sinceMs < this.#windowMs) break
      this.#counts.delete(other)
    }
    this.#counts.set(address, { sinceMs: nowMs, count: 1 })
    return 1
  }
}
