import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { testFolder } from './cli-bed.ts'

const folder = testFolder()
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

test('a write that fails ends the process in order, with its reason and exit code 12, and nothing acknowledged is lost', async () => {
  if (!hasPrlimit) return // only Linux can take a running process the right to write
  const data = folder.path('failing')
  const node = await startMemo(data)
  const at = ['--grpc', node.ready.grpc]
  expect((await runMemo(['kv', 'put', 'before', 'kept', ...at])).code).toBe(0)
  const exited = once(node.child, 'exit')
  expect(spawnSync('prlimit', ['--pid', String(node.ready.pid), '--fsize=200']).status).toBe(0)
  expect((await runMemo(['kv', 'put', 'after', 'refused', ...at])).code).not.toBe(0)
  expect(await exited).toEqual([12, null])
  // The journal and LevelDB name the same failure in words of their own; either may be the first to meet it.
  expect(node.log()).toMatch(/EFBIG|File too large/)
  expect(existsSync(`${data}.ready.json`)).toBe(false)
  const again = await startMemo(data)
  expect((await runMemo(['kv', 'get', 'before', '--grpc', again.ready.grpc])).stdout.toString()).toBe('kept')
  await again.terminate()
})
