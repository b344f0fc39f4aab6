import { gzipSync } from 'node:zlib'
import { encode as encodeMessagePack } from '@msgpack/msgpack'
import { encode as encodeCbor, Tagged } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { present } from '../../../../src/renderer/features/keys/value/present-value.ts'
import { sniffValue } from '../../../../src/renderer/features/keys/value/sniff-value.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const kind = (bytes: Uint8Array, contentType = '', whole = true) => sniffValue({ bytes, whole, contentType }).name

describe('sniffValue', () => {
  it.each([
    ['', 'empty'],
    ['{"a":1}', 'json'],
    ['[1,2]', 'json'],
    ['{"a":1', 'broken-json'],
    ['{ not json', 'text'],
    ['[section]\nname=1', 'text'],
    ['hello', 'text'],
    ['\u001b[31mred\u001b[0m\n', 'text'],
    ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'svg'],
    ['<?xml version="1.0"?><!-- --><svg/>', 'svg'],
    ['<?xml version="1.0"?><a/>', 'xml'],
    ['  <!DOCTYPE html><script>alert(1)</script>', 'html'],
    ['<script>alert(1)</script>', 'html'],
  ])('takes %j for %s', (text, expected) => {
    expect(kind(utf8(text))).toBe(expected)
  })

  it('believes a claim of JSON only as far as the bytes are text', () => {
    expect(kind(utf8('7'), 'application/json')).toBe('json')
    expect(kind(utf8('oops'), 'application/problem+json')).toBe('broken-json')
    expect(kind(Uint8Array.of(0xff, 0xfe, 0), 'application/json')).toBe('binary')
  })

  it('takes images by their signature, whatever is claimed', () => {
    expect(kind(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), 'text/plain')).toBe('image')
    expect(sniffValue({ bytes: utf8('RIFF\0\0\0\0WEBPVP8 '), whole: true })).toEqual({ name: 'image', image: 'webp' })
    expect(sniffValue({ bytes: utf8('\0\0\0 ftypavif'), whole: true })).toEqual({ name: 'image', image: 'avif' })
    expect(kind(utf8('<svg/>'), 'image/png')).toBe('svg')
  })

  it('says compressed where it is', () => {
    expect(kind(gzipSync('hello'))).toBe('gzip')
    expect(kind(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0))).toBe('zstd')
  })

  it('does not take a character that was cut for binary', () => {
    const bytes = utf8('ééé')
    expect(kind(bytes.subarray(0, 5), '', false)).toBe('text')
    expect(kind(bytes.subarray(0, 5))).toBe('binary')
  })

  it('takes documents of CBOR and MessagePack for what they are', () => {
    const document = { id: 1842, tags: ['a', 'b'], raw: Uint8Array.of(1, 0xff) }
    expect(kind(encodeCbor(document))).toBe('cbor')
    expect(kind(encodeMessagePack(document))).toBe('messagepack')
    expect(kind(encodeCbor(new Tagged(37, Uint8Array.of(1, 2)) as unknown), 'application/cbor')).toBe('cbor')
  })

  it('takes MessagePack that is no sound CBOR for what it is, and the other way round', () => {
    // As CBOR it reads to the end as well, with texts that are no UTF-8.
    expect(kind(Buffer.from('83a16101a162920203a163c403010203', 'hex'))).toBe('messagepack')
    // As CBOR its text holds a control character.
    expect(kind(Buffer.from('8262610180', 'hex'))).toBe('messagepack')
    // With a key twice, or a text that is no UTF-8, they are no document.
    expect(kind(Buffer.from('a241ff0141ff02', 'hex'))).toBe('binary')
    expect(kind(Buffer.from('82c401ff01c401ff02', 'hex'))).toBe('binary')
    expect(kind(Buffer.from('81a161a1ff', 'hex'))).toBe('binary')
    // A claim decides where the bytes bear both.
    const both = Buffer.from('816180', 'hex')
    expect(['', 'application/cbor', 'application/msgpack'].map((claim) => kind(both, claim))).toEqual([
      'messagepack',
      'messagepack',
      'messagepack',
    ])
    const either = Buffer.from('81c280', 'hex')
    expect(['', 'application/cbor', 'application/msgpack'].map((claim) => kind(either, claim))).toEqual([
      'cbor',
      'cbor',
      'messagepack',
    ])
  })

  it('tells documents of CBOR and MessagePack apart', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: fc.constantFrom(...'abcdefghij -é') }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.uint8Array({ maxLength: 8 }),
        fc.array(tie('any'), { maxLength: 5 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('any'), { maxKeys: 5, noNullPrototype: true }),
      ),
    })).any
    const documents = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { minKeys: 2, maxKeys: 6, noNullPrototype: true })
    fc.assert(
      fc.property(documents, (document) => {
        const [cbor, messagePack] = [encodeCbor(document), encodeMessagePack(document)]
        expect(['cbor', 'text']).toContain(kind(cbor))
        expect(['messagepack', 'text']).toContain(kind(messagePack))
      }),
      { numRuns: 1000 },
    )
  })

  it('takes a text that only begins like an image for a text', () => {
    expect(kind(utf8('GIF8 is no version of it'))).toBe('text')
    expect(sniffValue({ bytes: utf8('GIF89a\u0001\0\u0001\0'), whole: true })).toEqual({ name: 'image', image: 'gif' })
  })

  it('never takes longer than the bytes are, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, whole) => {
        sniffValue({ bytes, whole })
        present({ bytes, view: undefined, contentType: '' })
      }),
      { numRuns: 500 },
    )
    // A map of four thousand million members, and arrays in arrays.
    expect(kind(Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff))).toBe('binary')
    expect(kind(new Uint8Array(100_000).fill(0x81))).toBe('binary')
  })
})

describe('present', () => {
  const shown = (bytes: Uint8Array, view?: 'cbor' | 'messagepack' | 'raw' | 'json' | 'text', contentType = '') =>
    present({ bytes, view, contentType })

  it('formats JSON of one line and says so', () => {
    expect(shown(utf8('{"a":1}'))).toMatchObject({ view: 'json', text: '{\n  "a": 1\n}', formatted: true })
    expect(shown(utf8('{"a":1}'), 'text')).toMatchObject({ view: 'text', text: '{"a":1}', formatted: false })
    expect(shown(utf8('{\n"a":1}'))).toMatchObject({ text: '{\n"a":1}', formatted: false, longestLine: 6 })
  })

  it('shows malformed JSON as it is, with the place', () => {
    expect(shown(utf8('{"a":1,}'))).toMatchObject({ view: 'json', text: '{"a":1,}', jsonProblem: { line: 1, column: 8 } })
  })

  it('never offers to draw SVG or HTML', () => {
    for (const text of ['<svg/>', '<html></html>']) {
      const { views } = shown(utf8(text), undefined, 'image/svg+xml')
      expect(views).not.toContain('image')
      expect(views[0]).toBe('text')
    }
  })

  it('reads CBOR and MessagePack with tags, bytes and keys of any kind', () => {
    const cbor = Uint8Array.from(Buffer.from('a201d9010282010243' + '0102ff' + 'c11a514b67b0', 'hex'))
    expect(shown(cbor).text).toBe("{\n  1: 258([\n    1,\n    2\n  ]),\n  h'0102ff': 1(1363896240)\n}")
    expect(shown(encodeMessagePack({ a: [1n << 60n], b: 'x' }, { useBigInt64: true }))).toMatchObject({
      view: 'messagepack',
      text: '{\n  "a": [\n    1152921504606846976\n  ],\n  "b": "x"\n}',
    })
  })

  it('says why bytes are not what the view takes them for', () => {
    expect(shown(Uint8Array.of(0xff, 0, 1), 'cbor').decodeProblem).toBeTruthy()
  })
})
