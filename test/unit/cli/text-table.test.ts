import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { duration } from '../../../src/node/cli/commands/option-values.ts'
import { textTable } from '../../../src/node/cli/commands/text-table.ts'

test('columns are as wide as their widest entry, and no line ends in blanks', () => {
  expect(
    textTable([
      ['A', 'LONG', ''],
      ['abc', 'x', 'end'],
      ['', 'y', ''],
    ]),
  ).toBe('A    LONG\nabc  x     end\n     y')
})

test.each([
  ['90s', 90_000],
  ['90m', 5_400_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
])('%s is a time', (text, expected) => {
  expect(duration(text)).toBe(expected)
})

test.each(['', '24', 'h', '0h', '-1h', '1.5h', '1w', '24h ', '1234567s'])('"%s" is none', (text) => {
  expect(() => duration(text)).toThrow(InvalidArgumentError)
})
