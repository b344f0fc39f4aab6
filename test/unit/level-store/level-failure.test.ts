import { expect, test } from 'vitest'
import { isCorruption, levelFailure, thrownOfLevel } from '../../../src/node/adapters/level-store/index/level-failure.ts'

/** As classic-level hands an error of an opening over. */
function levelError(code: string, message: string): Error {
  return new Error('Database failed to open', { cause: Object.assign(new Error(message), { code }) })
}

const path = '/data/index/000005.log'

test.each([
  ['No space left on device', 'storage-full'],
  ['Disk quota exceeded', 'storage-full'],
  ['File too large', 'storage-full'],
  ['Permission denied', 'store-unwritable'],
  ['Operation not permitted', 'store-unwritable'],
  ['Read-only file system', 'store-unwritable'],
  ['Too many open files', 'store-unwritable', 'queue-full'],
  ['Too many open files in system', 'store-unwritable', 'queue-full'],
  ['Cannot allocate memory', 'store-unwritable', 'queue-full'],
  ['There is not enough space on the disk.', 'storage-full'],
])('"%s" is %s and no damage', (words, code, whileOpen = code) => {
  const error = levelError('LEVEL_IO_ERROR', `IO error: ${path}: ${words}`)
  expect(levelFailure('/data', error)).toMatchObject({ kind: 'refused', error: { code } })
  const thrown = thrownOfLevel('/data', error)
  expect(thrown, 'what is lacked for a while is asked for again').toMatchObject({ code: whileOpen })
  expect(thrown instanceof Error && [thrown.cause, thrown.cause instanceof Error && thrown.cause.cause]).toContain(error)
})

test.each([
  ['LEVEL_CORRUPTION', 'Corruption: bad block', 'damage'],
  ['LEVEL_IO_ERROR', `IO error: ${path}: Input/output error`, 'damage'],
  // Only what the system says counts, not the name of a folder.
  ['LEVEL_IO_ERROR', 'IO error: /permission denied: no space left on device/x.log: Input/output error', 'damage'],
  // What is read at once comes without a code.
  ['', 'Corruption: bad block', 'damage'],
  ['', `IO error: ${path}: No such file or directory`, 'damage'],
  ['LEVEL_LOCKED', `IO error: lock ${path}: Resource temporarily unavailable`, 'locked'],
  ['LEVEL_INVALID_ARGUMENT', 'does not exist', 'other'],
])('%s: %s is %s', (code, message, kind) => {
  expect(levelFailure('/data', levelError(code, message)).kind).toBe(kind)
})

test.each([
  ['LEVEL_CORRUPTION', 'Corruption: bad block', true],
  ['', `IO error: ${path}: No such file or directory`, true],
  ['LEVEL_IO_ERROR', `IO error: ${path}: No such file or directory`, true],
  // It may be a write that failed.
  ['LEVEL_IO_ERROR', `IO error: ${path}: Input/output error`, false],
  ['LEVEL_IO_ERROR', `IO error: ${path}: No space left on device`, false],
])('%s: %s is damage of the files: %s', (code, message, expected) => {
  expect(isCorruption(thrownOfLevel('/data', levelError(code, message)))).toBe(expected)
})

test('the error of a misread record does not name its key, and that of a closed index is none of LevelDB', () => {
  const error = levelError('LEVEL_CORRUPTION', 'Corruption: corrupted key for : \u0004secret/key\n2')
  const thrown = thrownOfLevel('/data', error)
  expect(thrown).toMatchObject({ code: 'data-corrupt' })
  expect(isCorruption(thrown)).toBe(true)
  for (let each: unknown = thrown; each instanceof Error; each = each.cause) expect(each.message).not.toContain('secret')
  const closed = Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
  expect(thrownOfLevel('/data', closed)).toMatchObject({ code: 'not-running' })
})
