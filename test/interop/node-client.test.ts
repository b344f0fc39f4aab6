import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MemoProcess } from '../support/memo-process.ts'
import { startMemo } from '../support/memo-process.ts'
import { caseFiles } from './case-file.ts'
import { CaseRunner } from './case-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'memo-interop-'))
let memo: MemoProcess
let runner: CaseRunner

beforeAll(async () => {
  memo = await startMemo(join(folder, 'data'))
  runner = new CaseRunner(memo.ready.grpc)
})

afterAll(async () => {
  runner?.close()
  await memo?.terminate()
  rmSync(folder, { recursive: true, force: true })
})

for (const file of caseFiles) {
  describe(`${file.service}, a plain grpc-js client`, () => {
    for (const { name, steps } of file.cases) {
      test(name, async () => {
        await runner.run(file, steps)
        expect(memo.child.exitCode).toBe(null)
      })
    }
  })
}
