import fc from 'fast-check'
import { expect } from 'vitest'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import { mutation } from '../block/block-arbitraries.ts'

/** What is encoded comes back; bytes that were changed or cut off are refused or are the one encoding of something else. */
export function encodesOneToOne<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array, value: T) => T | undefined,
  numRuns = 500,
): void {
  fc.assert(
    fc.property(values, mutation, (value, mutate) => {
      const bytes = encode(value)
      const decoded = decode(bytes, value)
      expect(decoded).toEqual(value)
      const changed = mutate(bytes)
      fc.pre(!equalBytes(changed, bytes))
      const other = decode(changed, value)
      if (other !== undefined) expect(Buffer.from(encode(other))).toEqual(Buffer.from(changed))
    }),
    { numRuns },
  )
  // Whatever a stranger sends: nothing is thrown.
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), values, fc.nat(400), (noise, value, at) => {
      const whole = encode(value)
      expect(decode(noise, value)).toBeUndefined()
      decode(Uint8Array.from([...whole.subarray(0, at), ...noise]), value)
    }),
    { numRuns },
  )
}
