import type { BlockAddress } from '../../core/base/address.ts'

/** Lets what looks at an address and then changes it be undisturbed by others. As many wait as callers are admitted. */
export class AddressTurns {
  readonly #last = new Map<string, Promise<void>>()

  async run<Result>(address: BlockAddress, task: () => Promise<Result>): Promise<Result> {
    const name = Buffer.from(address.buffer, address.byteOffset, address.length).toString('latin1')
    const before = this.#last.get(name)
    const ended = Promise.withResolvers<void>()
    this.#last.set(name, ended.promise)
    try {
      await before
      return await task()
    } finally {
      ended.resolve()
      if (this.#last.get(name) === ended.promise) this.#last.delete(name)
    }
  }
}
