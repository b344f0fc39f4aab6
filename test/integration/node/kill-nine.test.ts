import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMemo } from '../../support/memo-process.ts'
import { plainClient } from '../../support/plain-client.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'

const cycles = 60
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'memo-kill-nine-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it(`keeps every acknowledged write whole through ${cycles} kills under concurrent writers`, { timeout: 280_000 }, async () => {
  const writes = new AcknowledgedWrites(12, 9)
  const data = join(directory, 'data')
  for (let cycle = 0; cycle < cycles; cycle++) {
    const memo = await startMemo(data)
    const client = plainClient('memo.kvs.KeyValueStore', memo.ready.grpc)
    await writes.check(client)
    const lost = writes.writeUntilLost(client)
    // Moments from "hardly begun" to "several segments later", spread evenly and without chance.
    await sleep(30 + ((cycle * 137) % 500))
    await memo.kill()
    await lost
    client.close()
  }
  const memo = await startMemo(data)
  const client = plainClient('memo.kvs.KeyValueStore', memo.ready.grpc)
  await writes.check(client)
  client.close()
  expect(await memo.terminate()).toBe(0)
  expect(writes.acknowledged).toBeGreaterThan(cycles * 20)
  expect(writes.unanswered).toBeGreaterThan(cycles)
})
