import fc from 'fast-check'
import { expect, test } from 'vitest'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import { openSealed, sealedOverheadBytesMax, sealTo } from '../../../src/node/core/block/sealing.ts'
import { bytesOf, crypto, mutation, someBytes } from './block-arbitraries.ts'

const recipient = crypto.agreementKey(new Uint8Array(32).fill(7))
const somebodyElse = crypto.agreementKey(new Uint8Array(32).fill(8))

function seal(ephemeralSeed: Uint8Array, context: Uint8Array, plain: Uint8Array): Uint8Array {
  const box = sealTo(crypto, recipient.publicKey, crypto.agreementKey(ephemeralSeed), context, plain)
  if (box === undefined) throw new Error('the recipient has a sound key')
  return box
}

test('a box opens for its recipient and its context, and for nothing else', () => {
  fc.assert(
    fc.property(bytesOf(32), someBytes(), someBytes(), someBytes(300), (seed, context, otherContext, plain) => {
      const box = seal(seed, context, plain)
      expect(box.length - plain.length).toBeLessThanOrEqual(sealedOverheadBytesMax)
      expect(Buffer.from(openSealed(crypto, recipient, context, box) ?? 'closed')).toEqual(Buffer.from(plain))
      expect(openSealed(crypto, somebodyElse, context, box)).toBeUndefined()
      fc.pre(!equalBytes(context, otherContext))
      expect(openSealed(crypto, recipient, otherContext, box)).toBeUndefined()
    }),
    { numRuns: 200 },
  )
})

test('a box that was changed does not open', () => {
  fc.assert(
    fc.property(bytesOf(32), someBytes(), someBytes(100), mutation, (seed, context, plain, mutate) => {
      const box = seal(seed, context, plain)
      const changed = mutate(box)
      fc.pre(!equalBytes(changed, box))
      expect(openSealed(crypto, recipient, context, changed)).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test('equal payloads under different ephemeral keys share no bytes of ciphertext', () => {
  const plain = new Uint8Array(64)
  const boxes = [1, 2].map((fill) => seal(new Uint8Array(32).fill(fill), plain, plain))
  expect(equalBytes(boxes[0]!.subarray(-80), boxes[1]!.subarray(-80))).toBe(false)
})

test('nothing is sealed to a key of low order', () => {
  const lowOrder = [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]
  for (const key of [...lowOrder, new Uint8Array(31)]) {
    expect(sealTo(crypto, key, somebodyElse, new Uint8Array(0), new Uint8Array(1))).toBeUndefined()
  }
})
