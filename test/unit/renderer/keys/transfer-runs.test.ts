import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { wireLimits } from '../../../../src/ipc/contract/wire-limits.ts'
import type { NodeClient } from '../../../../src/renderer/connection/clients.ts'
import { planImport } from '../../../../src/renderer/features/keys/transfer/import-files.ts'
import { forgetRun, runImport, useTransferRuns } from '../../../../src/renderer/features/keys/transfer/transfer-runs.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  forgetRun('import')
  vi.useRealTimers()
})

/** A node that works off what it is fed at a steady speed, and answers a piece when it has begun with it. */
function nodeOf(bytesPerMs: number) {
  const sizes: number[] = []
  let stored = 0
  let waiting = 0
  const work = async (): Promise<void> => {
    const bytes = waiting
    waiting = 0
    await new Promise((resolve) => setTimeout(resolve, bytes / bytesPerMs))
    stored += bytes
  }
  const job = () => ({ id: 'j', state: 'running', itemsDone: stored, bytesDone: stored + waiting })
  const jobs = {
    create: async () => job(),
    feed: async ({ bytes, last }: { readonly bytes: Uint8Array; readonly last: boolean }) => {
      sizes.push(bytes.length)
      await work()
      waiting = bytes.length
      if (last) await work()
      return job()
    },
    finish: async () => ({ ...job(), state: 'done' }),
  }
  return { client: { jobs } as unknown as NodeClient, sizes }
}

async function importOf(client: NodeClient, name: string, bytes: number): Promise<number[]> {
  const toldMs: number[] = [performance.now()]
  const stop = useTransferRuns.subscribe(() => void toldMs.push(performance.now()))
  const run = runImport(client, planImport([{ path: name, file: new File([new Uint8Array(bytes)], name) }], ''), '', 'skip')
  while (useTransferRuns.getState().runs.get('import')?.state === 'running') {
    await vi.advanceTimersByTimeAsync(10)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await run
  stop()
  return toldMs
}

test('a slow import of lines tells every second or so how far it is', async () => {
  const { client, sizes } = nodeOf(128)
  const toldMs = await importOf(client, 'keys.ndjson', 514_000)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(514_000)
  const gaps = toldMs.slice(1).map((atMs, index) => atMs - (toldMs[index] ?? 0))
  expect(Math.max(...gaps)).toBeLessThan(1700)
  expect(gaps.length).toBeGreaterThan(4)
})

test('a quick one sends as much at once as it may, and so does one of files', async () => {
  const lines = nodeOf(100_000)
  await importOf(lines.client, 'keys.ndjson', 8_000_000)
  expect(Math.max(...lines.sizes)).toBe(wireLimits.jobPieceBytesMax)
  expect(lines.sizes.length).toBeLessThan(14)
  const file = nodeOf(10)
  await importOf(file.client, 'picture.png', 2_000_000)
  expect(file.sizes).toEqual([wireLimits.jobPieceBytesMax, 2_000_000 - wireLimits.jobPieceBytesMax])
})
