import { expect, test } from 'vitest'
import type { Job } from '../../../../src/ipc/contract/job-schemas.ts'
import { wireLimits } from '../../../../src/ipc/contract/wire-limits.ts'
import { importSource } from '../../../../src/renderer/jobs/import-source.ts'
import { jobTitle } from '../../../../src/renderer/jobs/job-view.tsx'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'

const t = createTexts().getFixedT('en', 'activity')

function titleOf(change: Partial<Job>): string {
  const none = { itemsDone: 0, bytesDone: 0, skipped: 0, failed: 0, failures: [] }
  return jobTitle({ id: '1', kind: 'import', prefix: '', state: 'running', startedMs: 0, ...none, ...change }, t)
}

test('an import is called by what it is made from and where it goes', () => {
  expect(titleOf({ source: 'orders.ndjson', prefix: 'old/' })).toBe('Import of orders.ndjson into old/')
  expect(titleOf({ source: 'orders.ndjson' })).toBe('Import of orders.ndjson without a prefix')
  expect(titleOf({ prefix: 'old/' })).toBe('Import into old/')
  expect(titleOf({})).toBe('Import without a prefix')
  expect(titleOf({ kind: 'delete', prefix: 'old/' })).toBe('Delete old/')
})

const fileOf = (name: string, webkitRelativePath = '') => ({
  file: Object.defineProperty(new File([], name), 'webkitRelativePath', { value: webkitRelativePath }),
})

test('what an import is made from is a file, a folder, or the first of several', () => {
  expect(importSource([])).toBeUndefined()
  expect(importSource([fileOf('a.ndjson')])).toBe('a.ndjson')
  expect(importSource([fileOf('a.png'), fileOf('b.png')])).toBe('a.png, …')
  expect(importSource([fileOf('a.png', 'photos/a.png'), fileOf('b.png', 'photos/b.png')])).toBe('photos/')
  expect(importSource([fileOf('x'.repeat(500))])).toHaveLength(wireLimits.jobSourceMax)
})
