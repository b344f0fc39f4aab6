import { describe, expect, it } from 'vitest'
import { bytesSerializer, fromBase64, toBase64 } from '../../../src/ipc/wire/bytes-serializer.ts'
import { carriesBytes } from '../../../src/ipc/wire/carried-bytes.ts'

describe('bytes as base64', () => {
  it.each([0, 1, 2, 3, 255, 8192, 8193, 100_001])('keeps %i bytes', (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index & 255)
    const text = toBase64(bytes)
    expect(text).toBe(Buffer.from(bytes).toString('base64'))
    expect(Buffer.compare(fromBase64(text), bytes)).toBe(0)
  })

  it('encodes a view without what lies around it', () => {
    expect(toBase64(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe(Buffer.of(2, 3).toString('base64'))
  })

  it('prefers what the runtime brings', () => {
    const bytes = Object.assign(Uint8Array.of(1), { toBase64: () => 'native' })
    expect(toBase64(bytes)).toBe('native')
  })

  it.each(['a', 'ab=c', 'a b=', '!!!!'])('refuses %j', (text) => {
    expect(() => fromBase64(text)).toThrow()
  })

  it('refuses what is no text', () => {
    expect(() => bytesSerializer.deserialize({})).toThrow('base64')
  })
})

describe('carriesBytes', () => {
  it('finds bytes at the depth where contracts have them, and nothing in a page of texts', () => {
    expect(carriesBytes({ json: { metadata: { key: 'a' }, bytes: Uint8Array.of(1) } })).toBe(true)
    expect(carriesBytes({ json: { items: [{ key: 'a' }], next: 'b' } })).toBe(false)
    expect(carriesBytes(undefined)).toBe(false)
  })

  it('replaces a view by a copy of its own', () => {
    const message = { json: { bytes: new Uint8Array(100).subarray(10, 12) } }
    expect(carriesBytes(message)).toBe(true)
    expect(message.json.bytes.buffer.byteLength).toBe(2)
  })
})
