import { createHash, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { PublicKeys } from '../../../src/node/adapters/node-crypto/public-keys.ts'
import { fromHex, toHex } from '../../../src/node/core/base/bytes.ts'
import { joinCiphered, splitCiphered } from '../../../src/node/core/base/ciphered.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const none = new Uint8Array(0)

function bytes(hex: string): Uint8Array {
  const parsed = fromHex(hex.replaceAll(' ', ''))
  if (parsed === undefined) throw new Error('not hex')
  return parsed
}

function range(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: to - from }, (_, index) => from + index)
}

describe('SHA-256', () => {
  test('of "abc" (FIPS 180-4)', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(toHex(crypto.sha256(bytes('616263')))).toBe(expected)
    expect(toHex(crypto.sha256(bytes('61'), none, bytes('6263')))).toBe(expected)
  })

  test.each([0, 1, 8191, 8192, 8193, 100_000])('of %i bytes is the same in one part, in two and elsewhere', (length) => {
    const input = new Uint8Array(length).fill(7)
    const expected = createHash('sha256').update(input).digest('hex')
    expect(toHex(crypto.sha256(input))).toBe(expected)
    expect(toHex(crypto.sha256(input.subarray(0, length >> 1), input.subarray(length >> 1)))).toBe(expected)
  })
})

describe('HKDF-SHA-256', () => {
  // RFC 5869, appendix A, test cases 1 to 3.
  test.each([
    [
      '0b'.repeat(22),
      toHex(range(0, 13)),
      'f0f1f2f3f4f5f6f7f8f9',
      42,
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      toHex(range(0, 80)),
      toHex(range(0x60, 0xb0)),
      toHex(range(0xb0, 0x100)),
      82,
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    ['0b'.repeat(22), '', '', 42, '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'],
  ])('meets RFC 5869', (secret, salt, info, length, expected) => {
    expect(toHex(crypto.deriveKey(bytes(secret), bytes(salt), bytes(info), length))).toBe(expected)
  })

  test.each([1, 31, 32, 33, 64, 255 * 32])('makes %i bytes like the platform', (length) => {
    const expected = Buffer.from(hkdfSync('sha256', range(0, 32), range(5, 9), range(1, 7), length)).toString('hex')
    expect(toHex(crypto.deriveKey(range(0, 32), range(5, 9), range(1, 7), length))).toBe(expected)
  })
})

describe('Ed25519', () => {
  // RFC 8032, section 7.1, test 3.
  const seed = bytes('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7')
  const publicKey = bytes('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025')
  const signature = bytes(
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  )

  test('meets RFC 8032', () => {
    const key = crypto.signingKey(seed)
    expect(toHex(key.publicKey)).toBe(toHex(publicKey))
    expect(toHex(key.sign(bytes('af82')))).toBe(toHex(signature))
    expect(crypto.verify(publicKey, bytes('af82'), signature)).toBe(true)
  })

  test('refuses other bytes, signatures and keys, malformed ones without an error', () => {
    expect(crypto.verify(publicKey, bytes('af83'), signature)).toBe(false)
    expect(crypto.verify(publicKey, bytes('af82'), new Uint8Array(64))).toBe(false)
    expect(crypto.verify(publicKey, bytes('af82'), signature.subarray(1))).toBe(false)
    expect(crypto.verify(publicKey.subarray(1), bytes('af82'), signature)).toBe(false)
    expect(crypto.verify(new Uint8Array(32).fill(255), bytes('af82'), signature)).toBe(false)
  })

  test('keeps no more keys ready than it may', () => {
    const loaded: string[] = []
    const inner = new PublicKeys(2, (raw) => {
      loaded.push(toHex(raw))
      return undefined
    })
    inner.get(range(0, 32))
    expect(inner.size).toBe(0)
    for (let fill = 0; fill < 20; fill++) {
      const key = crypto.signingKey(new Uint8Array(32).fill(fill))
      expect(crypto.verify(key.publicKey, none, key.sign(none))).toBe(true)
    }
    expect(loaded).toHaveLength(1)
  })
})

describe('X25519', () => {
  // RFC 7748, section 6.1.
  const alice = crypto.agreementKey(bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'))
  const bob = crypto.agreementKey(bytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'))

  test('meets RFC 7748, from both sides', () => {
    expect(toHex(alice.publicKey)).toBe('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    expect(toHex(bob.publicKey)).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
    const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'
    expect(toHex(alice.agree(bob.publicKey) ?? none)).toBe(shared)
    expect(toHex(bob.agree(alice.publicKey) ?? none)).toBe(shared)
  })

  test('refuses keys of low order and of other lengths', () => {
    const one = Uint8Array.of(1, ...new Uint8Array(31))
    for (const key of [new Uint8Array(32), one, new Uint8Array(31), none]) expect(alice.agree(key)).toBeUndefined()
  })
})

describe('AES-256-GCM', () => {
  // The GCM specification, test cases 13, 14 and 16.
  const key = bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308')
  const nonce = bytes('cafebabefacedbaddecaf888')
  const plain = bytes(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  )
  const associated = bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2')
  const cipher =
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
    '76fc6ece0f4e1768cddf8853bb2d551b'

  const { body, tag } = splitCiphered(bytes(cipher))

  test('meets the specification', () => {
    const ofZeros = crypto.cipherKey(new Uint8Array(32)).encrypt(new Uint8Array(12), none, none)
    expect(toHex(joinCiphered(ofZeros))).toBe('530f8afbc74536b9a963b4f1c4cb738b')
    const handle = crypto.cipherKey(key)
    expect(toHex(joinCiphered(handle.encrypt(nonce, plain, associated)))).toBe(cipher)
    expect(toHex(handle.decrypt(nonce, { body, tag }, associated) ?? none)).toBe(toHex(plain))
  })

  test('gives the same each time that a handle is used', () => {
    const handle = crypto.cipherKey(key)
    const other = handle.encrypt(new Uint8Array(12), plain, none)
    expect(toHex(joinCiphered(other))).not.toBe(cipher)
    for (let turn = 0; turn < 3; turn++) expect(toHex(joinCiphered(handle.encrypt(nonce, plain, associated)))).toBe(cipher)
  })

  test('takes its key at once, so that the caller may wipe it', () => {
    const wiped = Uint8Array.from(key)
    const handle = crypto.cipherKey(wiped)
    wiped.fill(0)
    expect(toHex(joinCiphered(handle.encrypt(nonce, plain, associated)))).toBe(cipher)
  })

  test('opens nothing that was changed or cut', () => {
    const handle = crypto.cipherKey(key)
    const flipped = Uint8Array.from(body, (byte, index) => (index === 3 ? byte ^ 1 : byte))
    expect(handle.decrypt(nonce, { body: flipped, tag }, associated)).toBeUndefined()
    expect(handle.decrypt(nonce, splitCiphered(bytes(cipher).subarray(0, -1)), associated)).toBeUndefined()
    expect(handle.decrypt(nonce, splitCiphered(bytes(cipher).subarray(0, 15)), associated)).toBeUndefined()
    expect(handle.decrypt(nonce, { body, tag }, none)).toBeUndefined()
    expect(handle.decrypt(new Uint8Array(12), { body, tag }, associated)).toBeUndefined()
    expect(crypto.cipherKey(new Uint8Array(32)).decrypt(nonce, { body, tag }, associated)).toBeUndefined()
  })

  test.each([0, 4, 8, 12, 15])('opens nothing by the first %i bytes of the tag', (length) => {
    expect(crypto.cipherKey(key).decrypt(nonce, { body, tag: tag.subarray(0, length) }, associated)).toBeUndefined()
  })
})

test('scrypt stretches passphrases apart', async () => {
  const [first, again, other] = await Promise.all([
    crypto.stretch('correct horse', range(0, 16)),
    crypto.stretch('correct horse', range(0, 16)),
    crypto.stretch('correct horse', range(1, 17)),
  ])
  expect(first).toHaveLength(32)
  expect(crypto.equal(first, again)).toBe(true)
  expect(crypto.equal(first, other)).toBe(false)
  expect(crypto.equal(first, first.subarray(1))).toBe(false)
})

test('gives out arrays whose slices are copies', () => {
  const digest = crypto.sha256(none)
  digest.slice(0, 1)[0] = 0
  expect(toHex(digest)).toMatch(/^e3b0c442/)
})
