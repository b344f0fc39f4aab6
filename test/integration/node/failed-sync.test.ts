import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { startMemo } from '../../support/memo-process.ts'
import { testFolder } from '../cli/cli-bed.ts'
import { AcknowledgedWrites, NodeClients, sharedClockUs } from './acknowledged-writes.ts'
import { doctorOf, healthOf } from './node-health.ts'

const folder = testFolder()
const preload = join(import.meta.dirname, 'failing-sync-process.ts')

test('a failed fdatasync under load ends the process in order with its reason, and nothing is acknowledged after it', async () => {
  const data = folder.path('data')
  const trigger = folder.path('trigger')
  const memo = await startMemo(data, { preload, environment: { MEMOTEST_FAIL_SYNC: trigger } })
  const writes = new AcknowledgedWrites(12, 7)
  using clients = new NodeClients(memo.ready.grpc)
  const lost = writes.writeUntilLost(clients)
  await expect.poll(() => writes.acknowledged, { timeout: 30_000 }).toBeGreaterThan(20)
  // It is made in the background and synced too: the sync that fails is to be one of the journal.
  const reserve = () => statSync(join(data, 'reserve'), { throwIfNoEntry: false })?.size
  await expect.poll(reserve, { timeout: 30_000 }).toBe(defaultLimits.storeReserveBytes)
  const startedUs = sharedClockUs()
  writeFileSync(trigger, '')
  expect(await memo.ended(), memo.log()).toBe(12)
  expect(sharedClockUs() - startedUs).toBeLessThan(10_000_000)
  await lost

  const failedUs = readFileSync(trigger, 'utf8').trim().split('\n').map(Number)
  expect(failedUs.length, 'a failed sync is not tried again').toBe(1)
  // What was sent when the sync had begun cannot have been synced by an earlier one.
  expect(writes.lastAcknowledgedSentUs).toBeLessThan(failedUs[0] ?? 0)
  expect(memo.log()).toContain('EIO')
  expect(memo.log()).toContain('a write or sync failed, nothing more is answered and the process ends')
  expect(memo.log()).toContain('node stopped')
  expect(existsSync(`${data}.ready.json`)).toBe(false)

  const again = await startMemo(data)
  using clientsAgain = new NodeClients(again.ready.grpc)
  await writes.check(clientsAgain)
  expect((await healthOf(again)).body).toMatchObject({ status: 'ok', store: { condition: 'sound' } })
  await writes.writeFor(clientsAgain, 200)
  await writes.check(clientsAgain)
  expect(await again.terminate()).toBe(0)
  expect((await doctorOf(data)).red).toEqual([])
})
