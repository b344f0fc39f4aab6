import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeJson } from '../../../../src/renderer/features/keys/json/json-merge.ts'
import { compactJson, printJson, shownJson, storedJson } from '../../../../src/renderer/features/keys/json/json-print.ts'
import type { JsonNode } from '../../../../src/renderer/features/keys/json/json-syntax.ts'
import { readJson } from '../../../../src/renderer/features/keys/json/json-syntax.ts'

function read(text: string): JsonNode {
  const reading = readJson(text)
  if (!reading.ok) throw new Error(`not read: ${JSON.stringify(reading.problem)}`)
  return reading.root
}

function problem(text: string) {
  const reading = readJson(text)
  return reading.ok ? undefined : reading.problem
}

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => value as unknown)

describe('readJson', () => {
  it('agrees with JSON.parse on what is JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          json.map((value) => JSON.stringify(value)),
          fc.string(),
          fc.json().map((text) => text.slice(0, -1)),
        ),
        (text) => {
          let expected = true
          try {
            JSON.parse(text)
          } catch {
            expected = false
          }
          expect(readJson(text).ok).toBe(expected)
        },
      ),
    )
  })

  it.each([
    ['{"a": 1,\n "b" 2}', { reason: 'unexpected', line: 2, column: 6 }],
    ['[1, 2', { reason: 'ended', line: 1, column: 6 }],
    ['{"a": 01}', { reason: 'unexpected', line: 1, column: 8 }],
    ['{"a": .5}', { reason: 'bad-number', line: 1, column: 7 }],
    ['"a\nb"', { reason: 'open-text', line: 1, column: 3 }],
    ['"a\tb"', { reason: 'bad-text', line: 1, column: 3 }],
    ['{} x', { reason: 'more-behind', line: 1, column: 4 }],
    ['{"a": "\\q"}', { reason: 'bad-text', line: 1, column: 8 }],
    ['', { reason: 'ended', line: 1, column: 1 }],
    ['['.repeat(1000), { reason: 'too-deep', line: 1, column: 202 }],
  ])('says where and why %j is none', (text, expected) => {
    expect(problem(text)).toMatchObject(expected)
  })

  it('reads a text of four million characters', () => {
    expect(readJson(JSON.stringify({ a: 'x'.repeat(4_000_000) })).ok).toBe(true)
  })
})

describe('printing', () => {
  it('loses nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        const root = read(JSON.stringify(value))
        expect(JSON.parse(printJson(root))).toEqual(JSON.parse(JSON.stringify(value)))
        expect(JSON.parse(compactJson(root))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('keeps numbers, doubles and escapes as they are written', () => {
    const text = '{"n":1763820734112345678901,"n":1.50e+3,"t":"\\u00e9\\/"}'
    expect(compactJson(read(text))).toBe(text)
    expect(printJson(read(text))).toBe('{\n  "n": 1763820734112345678901,\n  "n": 1.50e+3,\n  "t": "\\u00e9\\/"\n}')
  })

  it('keeps short containers within on one line', () => {
    const text = '{"id":1,"lines":[{"sku":"LMP-200","qty":2},{"sku":"SHD-014","qty":1}],"tags":[],"by":{}}'
    expect(printJson(read(text))).toBe(
      [
        '{',
        '  "id": 1,',
        '  "lines": [',
        '    { "sku": "LMP-200", "qty": 2 },',
        '    { "sku": "SHD-014", "qty": 1 }',
        '  ],',
        '  "tags": [],',
        '  "by": {}',
        '}',
      ].join('\n'),
    )
  })

  it('shows a value with lines as it is stored, and writes one of one line back on one line', () => {
    const lines = '{\n\t"a" : 1 }\n'
    expect(shownJson(lines)).toBe(lines)
    expect(storedJson('{\n\t"a" : 2 }\n', lines)).toBe('{\n\t"a" : 2 }\n')
    const stored = '{"a":1}\n'
    expect(storedJson(shownJson(stored).replace('1', '2'), stored)).toBe('{"a":2}\n')
    for (const [before, after] of [
      ['{"a": 1, "b": [1, 2], "c": {}}', '{"a": 1, "b": [7, 2], "c": {}}'],
      ['{ "a":1,"b":[1,2],"c":{} }', '{ "a":1,"b":[7,2],"c":{} }'],
      // Of no style: as short as can be.
      ['{"a" : 1,  "b":[1]}', '{"a":1,"b":[7]}'],
    ] as const) {
      expect(storedJson(shownJson(before).replace('[1', '[7'), before)).toBe(after)
    }
    expect(storedJson('{"a": broken', stored)).toBe('{"a": broken')
  })
})

describe('mergeJson', () => {
  const order = '{"state":"open","note":"","lines":[{"qty":1},{"qty":2}]}'
  const value = (text: string) => JSON.parse(text) as unknown

  it('joins changes of different members', () => {
    const merge = mergeJson(order, order.replace('""', '"call first"'), order.replace('open', 'paid'))
    expect(merge).toMatchObject({ kind: 'merged', mine: ['state'], theirs: ['note'] })
    if (merge.kind !== 'merged') return
    expect(value(merge.texts.merged)).toEqual({ state: 'paid', note: 'call first', lines: [{ qty: 1 }, { qty: 2 }] })
  })

  it('writes all sides as the value is written, however theirs is', () => {
    for (const [step, end] of [
      ['  ', ''],
      ['    ', '\n'],
      ['\t', '\n'],
    ]) {
      const text = (note: string, state: string) => JSON.stringify({ state, note, lines: [{ qty: 1 }] }, undefined, step) + end
      const theirs = `{"state":"open","note":"call","lines":[{"qty":1}]}${end}`
      expect(mergeJson(text('', 'open'), theirs, text('', 'paid'))).toMatchObject({
        texts: { base: text('', 'open'), theirs: text('call', 'open'), mine: text('', 'paid'), merged: text('call', 'paid') },
      })
    }
  })

  it('takes mine where both changed the same, and all the rest of both', () => {
    const merge = mergeJson('{"a":1,"z":0}', '{"a":7,"z":0,"new":true}', '{"a":5,"z":0}')
    expect(merge).toMatchObject({ kind: 'overlap', paths: ['a'] })
    if (merge.kind === 'overlap') expect(value(merge.texts.merged)).toEqual({ a: 5, z: 0, new: true })
  })

  it('joins changes of different items of an array of equal length', () => {
    const merge = mergeJson(order, order.replace('"qty":1', '"qty":5'), order.replace('"qty":2', '"qty":7'))
    expect(merge).toMatchObject({ kind: 'merged', mine: ['lines[1].qty'], theirs: ['lines[0].qty'] })
  })

  it.each([
    ['the same member differently', '{"a":1}', '{"a":2}', '{"a":3}', ['a']],
    ['one changed and one removed', '{"a":{"b":1}}', '{}', '{"a":{"b":2}}', ['a']],
    ['both added a member differently', '{}', '{"a":1}', '{"a":2}', ['a']],
    ['both changed the length of an array', '{"a":[1]}', '{"a":[1,2]}', '{"a":[0,1]}', ['a']],
    ['the root', '1', '2', '3', ['$']],
    ['a name that is no word', '{"a b":1}', '{"a b":2}', '{"a b":3}', ['["a b"]']],
  ])('leaves to a person: %s', (_, base, theirs, mine, paths) => {
    expect(mergeJson(base, theirs, mine)).toMatchObject({ kind: 'overlap', paths })
  })

  it('refuses what is no JSON and what has a member twice', () => {
    expect(mergeJson('{}', '{', '{}').kind).toBe('impossible')
    expect(mergeJson('{}', '{"a":1,"a":2}', '{}').kind).toBe('impossible')
  })

  const text = json.map((base) => JSON.stringify(base))
  const merged = (base: string, theirs: string, mine: string): unknown => {
    const merge = mergeJson(base, theirs, mine)
    return merge.kind === 'merged' ? value(merge.texts.merged) : merge.kind
  }

  it('takes what one side did where the other did nothing, and equal changes once', () => {
    fc.assert(
      fc.property(text, text, (base, other) => {
        expect(merged(base, other, base)).toEqual(value(other))
        expect(merged(base, base, other)).toEqual(value(other))
        expect(merged(base, other, other)).toEqual(value(other))
      }),
    )
  })

  it('does not depend on the side', () => {
    const member = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.oneof(fc.integer({ max: 2, min: 0 }), fc.array(fc.integer({ max: 2, min: 0 }), { maxLength: 2 })),
    )
    const document = fc.record({ x: member, y: member }).map((made) => JSON.stringify(made))
    fc.assert(
      fc.property(document, document, document, (base, left, right) => {
        expect(merged(base, left, right)).toEqual(merged(base, right, left))
      }),
    )
  })

  it('joins any changes of different members', () => {
    fc.assert(
      fc.property(json, json, json, (before, left, right) => {
        const base = JSON.stringify({ left: before, right: before, same: before })
        const result = merged(
          base,
          JSON.stringify({ left, right: before, same: before }),
          JSON.stringify({ left: before, right, same: before }),
        )
        expect(result).toEqual(value(JSON.stringify({ left, right, same: before })))
      }),
    )
  })
})
