import { describe, expect, it } from 'vitest'
import type { LogLine } from '../../../../src/ipc/contract/log-schemas.ts'
import { logFilterSchema } from '../../../../src/ipc/contract/log-schemas.ts'
import {
  exportedLines,
  factsText,
  filterOf,
  isFiltered,
  markedParts,
  noChoice,
} from '../../../../src/renderer/features/activity/log-text.ts'

const line: LogLine = {
  sequence: 7,
  timeMs: 1_700_000_000_000,
  level: 'warn',
  subsystem: 'store',
  message: 'a sync took long',
  facts: '{"ms":214,"file":"journal 3"}',
}

describe('filterOf', () => {
  it('asks for nothing that was not chosen', () => {
    expect(filterOf(noChoice)).toEqual({})
    expect(isFiltered({ ...noChoice, text: '   ' })).toBe(false)
    expect(isFiltered({ ...noChoice, level: 'debug' })).toBe(true)
  })

  it('stays within what the node takes', () => {
    const filter = filterOf({ level: 'error', subsystem: 'kv', text: `  ${'x'.repeat(400)}` })
    expect(logFilterSchema.parse(filter)).toEqual(filter)
    expect(filter.text).toHaveLength(256)
  })
})

describe('lines as text', () => {
  it('shows facts in one row, and what is no object as it is', () => {
    expect(factsText(line)).toBe('ms=214 file=journal 3')
    expect(factsText({ ...line, facts: '' })).toBe('')
    expect(factsText({ ...line, facts: '[1]' })).toBe('[1]')
    expect(factsText({ ...line, facts: '{broken' })).toBe('{broken')
  })

  it('exports one JSON object a line that can be read again', () => {
    const text = exportedLines([line, { ...line, sequence: 8, message: 'two\nlines', facts: '' }])
    const read = text
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each))
    expect(read).toHaveLength(2)
    expect(read[0]).toEqual({
      time: '2023-11-14T22:13:20.000Z',
      level: 'warn',
      subsystem: 'store',
      message: 'a sync took long',
      sequence: 7,
      facts: { ms: 214, file: 'journal 3' },
    })
    expect(read[1].message).toBe('two\nlines')
  })
})

describe('markedParts', () => {
  it('marks each place without regard to case and loses no letter', () => {
    expect(markedParts('Sync of SYNC', 'sync')).toEqual([
      { text: 'Sync', found: true },
      { text: ' of ', found: false },
      { text: 'SYNC', found: true },
    ])
    expect(markedParts('abc', '')).toEqual([{ text: 'abc', found: false }])
    expect(markedParts('', 'x')).toEqual([{ text: '', found: false }])
  })

  it('marks nothing where lower case has another length', () => {
    expect(markedParts('İstanbul sync', 'sync')).toEqual([{ text: 'İstanbul sync', found: false }])
  })
})
