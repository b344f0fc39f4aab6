import { describe, expect, test } from 'vitest'
import { fromBase64url, toBase64url } from '../../../src/node/core/base/base64url.ts'

describe('base64url', () => {
  test('is what Node makes of the same bytes', () => {
    for (let length = 0; length < 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 197 + length * 31) & 255)
      const text = Buffer.from(bytes).toString('base64url')
      expect(toBase64url(bytes)).toBe(text)
      expect(fromBase64url(text)).toEqual(bytes)
    }
  })

  test.each(['A', 'AAAAA', 'AB', 'AAB', 'AA==', 'A+AA', 'A/AA', 'A AA', 'AAA\n', 'Aé', 'A\u{1f600}A'])('refuses %j', (text) => {
    expect(fromBase64url(text)).toBeUndefined()
  })
})
