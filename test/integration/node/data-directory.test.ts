import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startMemo } from '../../support/memo-process.ts'
import { testFolder } from '../cli/cli-bed.ts'

const folder = testFolder()
const page = join(import.meta.dirname, '../../../docs/DATA.md')

interface Documented {
  readonly name: string
  readonly pattern: RegExp
}

/** The first column of the table of the page. A name that ends in "/" stands for everything below it. */
function documented(): readonly Documented[] {
  const text = readFileSync(page, 'utf8')
  const rows = text
    .slice(text.indexOf('| path | holds |'), text.indexOf('\n\n', text.indexOf('| path | holds |')))
    .split('\n')
    .slice(2)
  const names = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
  return names.map((name) => {
    const escaped = name.replaceAll('.', '\\.').replace('<16 hex digits>', '[0-9a-f]{16}').replace('<n>', '\\d+')
    return { name, pattern: new RegExp(`^${escaped}${name.endsWith('/') ? '.+' : ''}$`) }
  })
}

function filesOf(data: string): readonly string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(data.length + 1))
}

test('everything that lies in a data directory is documented, and everything documented lies there', async () => {
  const data = folder.path('all-flags')
  const list = documented()
  const memo = await startMemo(data, {
    arguments: ['--grpc-tls', '--grpc-auth', 'token', '--console-tls'],
  })
  await expect.poll(() => filesOf(data), { timeout: 30_000 }).toContain('reserve')
  writeFileSync(join(data, 'memo.json'), '{}')
  const found = filesOf(data)
  expect(found.filter((file) => !list.some(({ pattern }) => pattern.test(file)))).toEqual([])
  const unseen = list.filter(({ pattern }) => !found.some((file) => pattern.test(file))).map(({ name }) => name)
  // What a repair leaves behind, and what is being written.
  expect(unseen).toEqual([
    'reserve.new',
    'index.new/',
    'index.damaged-<n>/',
    'index.unreadable-<n>.log',
    'journal.damaged-<16 hex digits>.seg',
  ])
  expect(await memo.terminate(), memo.log()).toBe(0)
  expect(filesOf(data).filter((file) => !list.some(({ pattern }) => pattern.test(file)))).toEqual([])
})
