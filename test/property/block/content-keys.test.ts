import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Ciphered } from '../../../src/node/core/base/ciphered.ts'
import type { CipherKey } from '../../../src/node/core/base/signing.ts'
import { ContentKeys } from '../../../src/node/engine/payload/content-keys.ts'
import type { NetworkSecret } from '../../../src/node/engine/payload/network-secrets.ts'
import { bytesOf, crypto, someBytes } from './block-arbitraries.ts'

const none = new Uint8Array(0)
const secrets = [1, 2, 3].map((epoch) => ({ epoch, key: new Uint8Array(32).fill(epoch) }))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Random bytes that no two draws share, like the real ones. */
function distinctRandom(): { bytes(count: number): Uint8Array } {
  let draws = 0
  return { bytes: (count) => crypto.sha256(Uint8Array.of(draws >> 8, draws++)).subarray(0, count) }
}

function secretOf(epoch: number): NetworkSecret {
  const secret = secrets[epoch - 1]
  if (secret === undefined) throw new Error('no such epoch')
  return secret
}

/** Keeps what each key is used for: the raw key and every nonce that encrypts under it. */
class RecordingCrypto {
  readonly pairs: string[] = []

  deriveKey(...terms: Parameters<typeof crypto.deriveKey>): Uint8Array {
    return crypto.deriveKey(...terms)
  }

  cipherKey(raw: Uint8Array): CipherKey {
    const name = hex(raw)
    const key = crypto.cipherKey(raw)
    return {
      encrypt: (nonce, plain, associated): Ciphered => {
        this.pairs.push(`${name}:${hex(nonce)}`)
        return key.encrypt(nonce, plain, associated)
      },
      decrypt: (nonce, ciphered, associated) => key.decrypt(nonce, ciphered, associated),
    }
  }
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('seal' as const), blocks: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('epoch' as const), epoch: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const), which: fc.nat() }) },
)

test('no pair of key and nonce is used twice, whatever restarts, rollovers and other epochs come between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (steps, contentBlocksPerKeyMax) => {
      const recording = new RecordingCrypto()
      const parts = { crypto: recording, random: distinctRandom(), limits: { contentKeysMax: 4, contentBlocksPerKeyMax } }
      const sealed: { salt: Uint8Array; epoch: number; ciphered: Ciphered; plain: Uint8Array }[] = []
      let keys = new ContentKeys(parts)
      let epoch = 1
      for (const taken of steps) {
        if (taken.kind === 'restart') keys = new ContentKeys(parts)
        else if (taken.kind === 'epoch') epoch = taken.epoch
        else if (taken.kind === 'open') {
          const block = sealed[taken.which % Math.max(1, sealed.length)]
          if (block === undefined) continue
          const { salt, ciphered, plain } = block
          const opened = keys.of(secretOf(block.epoch), salt).decrypt(salt.subarray(20), ciphered, none)
          expect(hex(opened ?? none)).toBe(hex(plain))
        } else {
          for (let count = 0; count < taken.blocks; count++) {
            const { key, salt } = keys.fresh(secretOf(epoch))
            const plain = crypto.sha256(Uint8Array.of(sealed.length >> 8, sealed.length))
            sealed.push({ salt, epoch, plain, ciphered: key.encrypt(salt.subarray(20), plain, none) })
          }
        }
      }
      expect(new Set(recording.pairs).size).toBe(sealed.length)
      expect(new Set(sealed.map(({ salt }) => hex(salt))).size).toBe(sealed.length)
      const ofPrefix = Map.groupBy(sealed, ({ salt }) => hex(salt.subarray(0, 20)))
      for (const blocks of ofPrefix.values()) {
        expect(blocks.length).toBeLessThanOrEqual(contentBlocksPerKeyMax)
        expect(new Set(blocks.map((block) => block.epoch)).size).toBe(1)
      }
    }),
    { numRuns: 200 },
  )
})

test('another prefix, another nonce or another secret does not open', () => {
  const keys = new ContentKeys({ crypto, random: distinctRandom(), limits: { contentKeysMax: 4, contentBlocksPerKeyMax: 100 } })
  fc.assert(
    fc.property(bytesOf(32), bytesOf(32), someBytes(300), fc.nat({ max: 255 }), (salt, other, plain, bit) => {
      const secret = secretOf(1)
      const ciphered = keys.of(secret, salt).encrypt(salt.subarray(20), plain, none)
      const open = (of: NetworkSecret, under: Uint8Array) => keys.of(of, under).decrypt(under.subarray(20), ciphered, none)
      expect(hex(open(secret, salt) ?? Uint8Array.of(0))).toBe(hex(plain))
      const flipped = Uint8Array.from(salt)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(open(secret, flipped)).toBeUndefined()
      expect(open(secretOf(2), salt)).toBeUndefined()
      fc.pre(hex(other) !== hex(salt))
      expect(open(secret, other)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

test('the counter fills its bytes from the last one on', () => {
  const limits = { contentKeysMax: 4, contentBlocksPerKeyMax: 2 ** 20 }
  const keys = new ContentKeys({ crypto, random: distinctRandom(), limits })
  const nonces = new Set<string>()
  for (let count = 0; count < 70_000; count++) {
    const nonce = hex(keys.fresh(secretOf(1)).salt.subarray(20))
    expect(nonce).toBe(count.toString(16).padStart(24, '0'))
    nonces.add(nonce)
  }
  expect(nonces.size).toBe(70_000)
})
