import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startMemo } from '../../support/memo-process.ts'
import { testFolder } from '../cli/cli-bed.ts'
import { AcknowledgedWrites, NodeClients } from './acknowledged-writes.ts'

const cycles = 60
const folder = testFolder()

it(`keeps every acknowledged write whole through ${cycles} kills under concurrent writers`, async () => {
  const writes = new AcknowledgedWrites(12, 7)
  const data = folder.path('data')
  for (let cycle = 0; cycle < cycles; cycle++) {
    const memo = await startMemo(data)
    using clients = new NodeClients(memo.ready.grpc)
    await writes.check(clients)
    const lost = writes.writeUntilLost(clients)
    // Moments from "hardly begun" to "several segments later", spread evenly and without chance.
    await sleep(30 + ((cycle * 137) % 500))
    await memo.kill()
    await lost
  }
  const memo = await startMemo(data)
  using clients = new NodeClients(memo.ready.grpc)
  await writes.check(clients)
  expect(await memo.terminate()).toBe(0)
  console.info(`kill -9: ${cycles} cycles, ${writes.acknowledged} acknowledged, ${writes.unanswered} unanswered changes`)
  expect(writes.acknowledged, 'enough was acknowledged to be lost').toBeGreaterThan(cycles * 5)
  expect(writes.unanswered).toBeGreaterThan(cycles)
})
