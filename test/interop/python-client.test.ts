import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startMemo } from '../support/memo-process.ts'
import { caseFiles } from './case-file.ts'
import { makeStubs, missingForPython, runPython } from './python-tools.ts'

const files = [
  'memo/kvs/memo_kvs.proto',
  'memo/vs/memo_vs.proto',
  'memo/v1/call.proto',
  'memo/v1/key_value.proto',
  'memo/v1/blocks.proto',
  'memo/v1/cluster.proto',
]
test.runIf(missingForPython === undefined)('a Python client gets the same answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'memo-python-'))
  const stubs = join(folder, 'stubs')
  const memo = await startMemo(join(folder, 'data'))
  try {
    await makeStubs(stubs, files)
    const script = join(import.meta.dirname, 'python_client.py')
    const cases = join(import.meta.dirname, 'cases')
    const stdout = await runPython([script, memo.ready.grpc, stubs, cases])
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly fault: string | null })
    expect(results.filter(({ fault }) => fault !== null)).toEqual([])
    expect(results).toHaveLength(caseFiles.reduce((sum, file) => sum + file.cases.length, 0))
  } finally {
    await memo.terminate()
    rmSync(folder, { recursive: true, force: true })
  }
})
