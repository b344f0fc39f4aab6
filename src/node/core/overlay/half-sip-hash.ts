/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein 2012, the variant of 32-bit words), cut into steps so that what many
 * hashes begin with is absorbed once. It spreads addresses evenly and keeps no secret: its key is public.
 */

import { assert } from '../../../shared/assert.ts'

/** The four words of a hash that is under way. */
export type SipState = Int32Array

/** `key` has 8 bytes. */
export function sipStart(key: Uint8Array): SipState {
  assert(key.length === 8, 'a key has 8 bytes')
  const [low, high] = [wordAt(key, 0), wordAt(key, 4)]
  return Int32Array.of(low, high ^ 0xee, 0x6c796765 ^ low, 0x74656462 ^ high)
}

/** Takes whole words of 4 bytes. */
export function sipAbsorb(state: SipState, bytes: Uint8Array): void {
  assert(bytes.length % 4 === 0, 'whole words are absorbed')
  for (let at = 0; at < bytes.length; at += 4) sipWord(state, wordAt(bytes, at))
}

export function sipWord(state: SipState, word: number): void {
  state[3] = (state[3] ?? 0) ^ word
  sipRounds(state, 2)
  state[0] = (state[0] ?? 0) ^ word
}

/** Ends a hash of so many bytes, all of them absorbed. Two unsigned words: of the output's bytes, the first four and the last four. */
export function sipFinish(state: SipState, length: number): readonly [number, number] {
  sipWord(state, (length & 0xff) << 24)
  state[2] = (state[2] ?? 0) ^ 0xee
  sipRounds(state, 4)
  const first = ((state[1] ?? 0) ^ (state[3] ?? 0)) >>> 0
  state[1] = (state[1] ?? 0) ^ 0xdd
  sipRounds(state, 4)
  return [first, ((state[1] ?? 0) ^ (state[3] ?? 0)) >>> 0]
}

/** Little-endian, as the published function reads its input. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

function sipRounds(state: SipState, count: number): void {
  let [v0, v1, v2, v3] = [state[0] ?? 0, state[1] ?? 0, state[2] ?? 0, state[3] ?? 0]
  for (let round = 0; round < count; round++) {
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
  }
  state[0] = v0
  state[1] = v1
  state[2] = v2
  state[3] = v3
}
