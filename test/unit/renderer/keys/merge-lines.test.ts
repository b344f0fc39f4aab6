import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeLines } from '../../../../src/renderer/features/keys/conflict/merge-lines.ts'
import { isCertain, mergeTexts } from '../../../../src/renderer/features/keys/conflict/merge-texts.ts'

const lines = (...all: string[]) => all.join('\n')

describe('mergeLines', () => {
  it('joins what does not meet, and takes mine where it does', () => {
    const base = lines('a', 'b', 'c', 'd', 'e', 'f', '')
    const theirs = lines('A', 'b', 'c', 'D', 'e', 'f', 'g', '')
    const mine = lines('a', 'b', 'c', 'd!', 'e', '')
    expect(mergeLines(base, theirs, mine)).toEqual({ text: lines('A', 'b', 'c', 'd!', 'e', ''), overlaps: 2 })
    expect(mergeLines(base, lines('A', 'b', 'c', 'd', 'e', 'f', ''), lines('a', 'b', 'c', 'd', 'E', 'f', ''))).toEqual({
      text: lines('A', 'b', 'c', 'd', 'E', 'f', ''),
      overlaps: 0,
    })
  })

  it('counts lines that touch each other as met, and equal changes as one', () => {
    expect(mergeLines(lines('a', 'b'), lines('A', 'b'), lines('a', 'B'))).toEqual({ text: lines('a', 'B'), overlaps: 1 })
    expect(mergeLines(lines('a', 'b'), lines('A', 'b'), lines('A', 'b'))).toEqual({ text: lines('A', 'b'), overlaps: 0 })
  })

  const text = fc.array(fc.constantFrom('', 'a', 'b', 'c', 'd'), { maxLength: 12 }).map((all) => all.join('\n'))

  it('takes what one side did where the other did nothing, and equal changes once', () => {
    fc.assert(
      fc.property(text, text, (base, other) => {
        expect(mergeLines(base, other, base)).toEqual({ text: other, overlaps: 0 })
        expect(mergeLines(base, base, other)).toEqual({ text: other, overlaps: 0 })
        expect(mergeLines(base, other, other)).toEqual({ text: other, overlaps: 0 })
      }),
    )
  })

  it('joins any changes of parts that stand apart', () => {
    fc.assert(
      fc.property(text, text, text, text, (head, foot, newHead, newFoot) => {
        const wall = ['wall', 'of', 'several', 'lines']
        const whole = (top: string, end: string) => lines(top, ...wall, end)
        expect(mergeLines(whole(head, foot), whole(newHead, foot), whole(head, newFoot))).toEqual({
          text: whole(newHead, newFoot),
          overlaps: 0,
        })
      }),
    )
  })

  it('joins long texts of equal lines within a second, and refuses too many different ones', () => {
    const equal = Array.from({ length: 40_000 }, () => 'x')
    const startedMs = performance.now()
    const merge = mergeLines(lines(...equal), lines('A', ...equal), lines(...equal, 'B'))
    expect(performance.now() - startedMs).toBeLessThan(3000)
    expect(merge).toEqual({ text: lines('A', ...equal, 'B'), overlaps: 0 })
    const different = Array.from({ length: 70_000 }, (_, line) => String(line)).join('\n')
    expect(mergeLines(different, different, different)).toBeUndefined()
  })
})

describe('mergeTexts', () => {
  it('keeps what was written by hand where the lines lead to the same document', () => {
    const base = '{ "a" : 1,\n\n  "b" : 2,\n\n  "c":3 }\n'
    const merge = mergeTexts('json', base, base.replace('3', '4'), base.replace('1', '5'))
    expect(merge).toMatchObject({ merged: base.replace('3', '4').replace('1', '5'), rewritten: false })
    expect(isCertain(merge)).toBe(true)
  })

  it('joins paths whose lines meet', () => {
    const base = '{\n  "a": 1,\n  "b": 2\n}'
    const merge = mergeTexts('json', base, base.replace('2', '4'), base.replace('1', '5'))
    expect(merge.merged).toBe('{\n  "a": 5,\n  "b": 4\n}')
    expect(isCertain(merge)).toBe(true)
  })

  it('joins by lines what is no JSON or has members twice', () => {
    const base = '{\n "a": 1,\n "a": 2,\n "b": 3,\n "c": 4\n}'
    const merge = mergeTexts('json', base, base.replace('4', '5'), base.replace('1', '0'))
    expect(merge).toMatchObject({ outcome: { kind: 'lines', overlaps: 0 }, merged: base.replace('4', '5').replace('1', '0') })
    expect(mergeTexts('json', '{', '{"a":1}', '{\n  "a": 2\n}')).toMatchObject({
      outcome: { kind: 'lines', overlaps: 1 },
      theirs: '{\n  "a": 1\n}',
      rewritten: true,
    })
  })
})
