import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyHints, keyProblem } from '../../../../src/renderer/features/keys/check-key.ts'
import { compareKeys } from '../../../../src/renderer/features/keys/compare-keys.ts'
import { keyPieces, shortText, visibleKey } from '../../../../src/renderer/features/keys/visible-key.ts'

describe('compareKeys', () => {
  it('orders as the bytes of UTF-8 do', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareKeys(left, right))).toBe(Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right))))
      }),
    )
  })
})

describe('visibleKey', () => {
  it('shows what would be invisible or turn the text around', () => {
    expect(visibleKey('a\nb\u202ec\u200b')).toBe('a\\nbU+202EcU+200B')
    expect(visibleKey('a\u00a0b')).toBe('aU+00A0b')
    expect(visibleKey(' a b ')).toBe('·a b·')
    expect(keyPieces('a\tb')).toEqual([
      { text: 'a', mark: false },
      { text: '\\t', mark: true },
      { text: 'b', mark: false },
    ])
  })

  it('leaves text of any language as it is', () => {
    for (const text of ['orders/0001', 'заказы/1', 'הזמנות/1', '注文/１', '🍊/é']) expect(visibleKey(text)).toBe(text)
  })

  it('shortens in the middle by whole characters', () => {
    expect(shortText('abcdefghij', 5)).toBe('abc…j')
    expect(shortText('🍊🍊🍊🍊🍊', 4)).toBe('🍊🍊…🍊')
    expect(shortText('abc', 3)).toBe('abc')
  })
})

describe('keyProblem', () => {
  it('counts bytes, not characters', () => {
    expect(keyProblem('a'.repeat(4096))).toBeUndefined()
    expect(keyProblem('é'.repeat(2049))).toEqual({ kind: 'too-long', bytes: 4098 })
    expect(keyProblem('')).toEqual({ kind: 'empty' })
    expect(keyProblem('a\ud800')).toEqual({ kind: 'not-text' })
  })

  it('hints at what is seldom meant', () => {
    expect(keyHints('orders/1', '/')).toEqual([])
    expect(keyHints('/orders//', '/')).toEqual(['folder-like', 'leading-delimiter', 'double-delimiter'])
    expect(keyHints('a\u0007 ', '')).toEqual(['control', 'end-space'])
  })
})
