import { hash } from 'node:crypto'
import { assert } from '../../../shared/assert.ts'
import { concatBytes } from '../../core/base/bytes.ts'
import { allowedAlgorithms } from './allowed-algorithms.ts'

const blockBytes = 64
const digestBytes = 32

/**
 * HMAC (RFC 2104) and HKDF (RFC 5869) from the one-shot hash. Every block of a store has its own key, so a derivation is paid with each
 * put and get; through `hkdfSync` or `createHmac` it costs about twice as much.
 */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const secret = key.length > blockBytes ? sha256(key) : key
  const inner = new Uint8Array(blockBytes).fill(0x36)
  const outer = new Uint8Array(blockBytes + digestBytes).fill(0x5c, 0, blockBytes)
  for (const [index, byte] of secret.entries()) {
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  outer.set(sha256(concatBytes(inner, ...parts)), blockBytes)
  return sha256(outer)
}

export function hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  assert(length >= 1 && length <= 255 * digestBytes, 'HKDF makes 1 to 255 digests of key')
  const extracted = hmacSha256(salt, secret)
  const derived = new Uint8Array(Math.ceil(length / digestBytes) * digestBytes)
  let before: Uint8Array = new Uint8Array(0)
  for (let round = 1; (round - 1) * digestBytes < length; round++) {
    before = hmacSha256(extracted, before, info, Uint8Array.of(round))
    derived.set(before, (round - 1) * digestBytes)
  }
  return derived.subarray(0, length)
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash(allowedAlgorithms.hash, bytes, 'buffer')
}
