import { hash } from 'node:crypto'
import { assert } from '../../../shared/assert.ts'
import { concatBytes } from '../../core/base/bytes.ts'
import { allowedAlgorithms } from './allowed-algorithms.ts'

const blockBytes = 64
const digestBytes = 32
const innerPad = 0x36
const outerPad = 0x5c

/**
 * HMAC (RFC 2104) and HKDF (RFC 5869) from the one-shot hash. Every block of a store has its own key, so a derivation is paid with each
 * put and get; through `hkdfSync` or `createHmac` it costs about twice as much.
 */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const secret = key.length > blockBytes ? sha256(key) : key
  const inner = new Uint8Array(blockBytes + message.length)
  const outer = new Uint8Array(blockBytes + digestBytes)
  for (let index = 0; index < blockBytes; index++) {
    const byte = secret[index] ?? 0
    inner[index] = byte ^ innerPad
    outer[index] = byte ^ outerPad
  }
  inner.set(message, blockBytes)
  outer.set(sha256(inner), blockBytes)
  return sha256(outer)
}

export function hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  assert(length >= 1 && length <= 255 * digestBytes, 'HKDF makes 1 to 255 digests of key')
  const extracted = hmacSha256(salt, secret)
  const first = hmacSha256(extracted, concatBytes(info, Uint8Array.of(1)))
  if (length <= digestBytes) return first.subarray(0, length)
  const blocks = [first]
  for (let before = first; blocks.length * digestBytes < length; blocks.push(before)) {
    before = hmacSha256(extracted, concatBytes(before, info, Uint8Array.of(blocks.length + 1)))
  }
  return concatBytes(...blocks).subarray(0, length)
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash(allowedAlgorithms.hash, bytes, 'buffer')
}
