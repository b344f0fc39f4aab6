import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { MemoProcess } from '../../support/memo-process.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { errorOf, testFolder } from '../cli/cli-bed.ts'
import { AcknowledgedWrites, NodeClients } from './acknowledged-writes.ts'
import { healthOf } from './node-health.ts'

const folder = testFolder()
const freePorts = ['--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']

test('a clean restart keeps everything, the node and its store, and counts the start', async () => {
  const data = folder.path('clean')
  const writes = new AcknowledgedWrites(8, 7)
  const seen: { nodeId: string; storeId: string; networkId: string; boots: number; keys: number }[] = []
  for (let life = 1; life <= 3; life++) {
    const memo = await startMemo(data)
    using clients = new NodeClients(memo.ready.grpc)
    const { body } = await healthOf(memo)
    await writes.check(clients)
    seen.push({
      nodeId: body.nodeId,
      storeId: body.store.id,
      networkId: body.networkId,
      boots: body.store.bootCount,
      keys: body.keys,
    })
    await writes.writeFor(clients, 300)
    expect(await memo.terminate()).toBe(0)
    expect(existsSync(`${data}.ready.json`)).toBe(false)
    expect(existsSync(join(data, 'running.json'))).toBe(false)
  }
  expect(seen.map(({ boots }) => boots)).toEqual([1, 2, 3])
  for (const { nodeId, storeId, networkId } of seen) {
    expect([nodeId, storeId, networkId]).toEqual([seen[0]?.nodeId, seen[0]?.storeId, seen[0]?.networkId])
  }
  expect(seen[2]?.keys).toBeGreaterThan(20)
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s under load ends in order, with every acknowledged write', async (signal) => {
  const data = folder.path(signal)
  const writes = new AcknowledgedWrites(12, 7)
  for (let round = 0; round < 3; round++) {
    const memo = await startMemo(data)
    using clients = new NodeClients(memo.ready.grpc)
    await writes.check(clients)
    const lost = writes.writeUntilLost(clients)
    await sleep(200 + 150 * round)
    const startedMs = Date.now()
    memo.child.kill(signal)
    expect(await memo.ended(), memo.log()).toBe(0)
    expect(Date.now() - startedMs).toBeLessThan(10_000)
    await lost
    expect(existsSync(`${data}.ready.json`)).toBe(false)
  }
  const memo = await startMemo(data)
  using clients = new NodeClients(memo.ready.grpc)
  await writes.check(clients)
  expect((await healthOf(memo)).body.store.condition).toBe('sound')
  await memo.terminate()
  expect(writes.acknowledged).toBeGreaterThan(50)
})

test('a second process on the directory is refused with the pid of the first, which goes on', async () => {
  const data = folder.path('locked')
  const first = await startMemo(data)
  const second = () => runMemo(['run', '--data', data, ...freePorts])
  const refused = async (holder: MemoProcess) => {
    const result = await second()
    expect([result.code, errorOf(result).code]).toEqual([10, 'store-locked'])
    expect(errorOf(result).message).toContain(String(holder.ready.pid))
  }
  using clients = new NodeClients(first.ready.grpc)
  const writes = new AcknowledgedWrites(4, 3)
  const writing = writes.writeFor(clients, 2000)
  await refused(first)
  await refused(first)
  await writing
  await writes.check(clients)
  await first.kill()
  // The lock of a killed process is free at once, and the pid it left is not taken for a holder.
  const third = await startMemo(data)
  await refused(third)
  using again = new NodeClients(third.ready.grpc)
  await writes.check(again)
  await third.terminate()
})
