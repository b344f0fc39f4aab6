import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { MemoProcess } from '../../support/memo-process.ts'
import { startMemo } from '../../support/memo-process.ts'
import { statusOf } from '../../support/plain-client.ts'
import { testFolder } from '../cli/cli-bed.ts'
import { NodeClients } from './acknowledged-writes.ts'
import { doctorOf, healthOf } from './node-health.ts'

const folder = testFolder()
const shortGrace = join(import.meta.dirname, 'short-grace-process.ts')
/** The index has taken in what was put. */
const settledMs = 3 * defaultLimits.indexDelayMs
const takenBeforeLarge = 50
const sizes = [100, 3000, 60_000, 200_000, 1_500_000, 20_000]

/** Bytes that do not compress, the same for the same number. */
function contentOf(number: number): Buffer {
  const size = sizes[number % sizes.length] ?? 0
  return createHash('shake256', { outputLength: Math.max(size, 1) })
    .update(String(number))
    .digest()
}

const keyOf = (number: number) => `fill/${String(number).padStart(5, '0')}`

/** Keys that were acknowledged, by the number of their value. */
class Filling {
  readonly acknowledged = new Set<number>()
  #next = 0

  /** Puts until the node says that it is full. What waits for the index counts twice, so there may be room again after a while. */
  async fill(memo: MemoProcess, clients: NodeClients): Promise<void> {
    for (let round = 0; round < 20; round++) {
      await this.#fillOnce(clients)
      await sleep(settledMs)
      if ((await healthOf(memo)).body.disk.full) return
    }
    throw new Error('the node is never full')
  }

  /**
   * Each of four writers goes on with smaller values after a refusal, until the smallest is refused, and with large ones again when
   * many small ones were taken: room comes back meanwhile.
   */
  async #fillOnce(clients: NodeClients): Promise<void> {
    const write = async () => {
      let taken = 0
      for (let sizeMax = Math.max(...sizes); sizeMax > 0; ) {
        const number = this.#next++
        const value = contentOf(number)
        if (value.length > sizeMax) continue
        const outcome = await put(clients, keyOf(number), value)
        if (outcome === status.OK) {
          this.acknowledged.add(number)
          if (++taken % takenBeforeLarge === 0) sizeMax = Math.max(...sizes)
          continue
        }
        expect(outcome).toBe(status.RESOURCE_EXHAUSTED)
        await sleep(50)
        sizeMax = Math.max(0, ...sizes.filter((size) => size < value.length))
      }
    }
    await Promise.all([write(), write(), write(), write()])
  }

  /** Everything acknowledged is there, byte for byte, and nothing else. */
  async check({ kvs }: NodeClients): Promise<void> {
    const { items } = await kvs.call<{ items: { key: string }[] }>('List', { prefix: 'fill/' })
    expect(items.map(({ key }) => key)).toEqual([...this.acknowledged].sort((left, right) => left - right).map(keyOf))
    for (const number of this.acknowledged) {
      const { value } = await kvs.call<{ value: Uint8Array }>('Fetch', { key: keyOf(number) })
      if (!contentOf(number).equals(value)) throw new Error(`${keyOf(number)} has another value`)
    }
  }

  /** A full disk refuses no removal. */
  async removeEvery(divisor: number, memo: MemoProcess, { kvs }: NodeClients): Promise<void> {
    let removed = 0
    for (const number of this.acknowledged) {
      if (number % divisor !== 0) continue
      try {
        await kvs.call('Delete', { key: keyOf(number) })
      } catch (error) {
        const { body } = await healthOf(memo)
        const state = `after ${removed} of ${this.acknowledged.size + removed} removals: ${JSON.stringify(body)}`
        throw new Error(`${state}\n${memo.log().slice(-3000)}`, { cause: error })
      }
      this.acknowledged.delete(number)
      removed++
    }
  }
}

async function put({ kvs }: NodeClients, key: string, value: Uint8Array): Promise<number> {
  try {
    await kvs.call('Upsert', { key, value })
    return status.OK
  } catch (error) {
    return statusOf(error) ?? -1
  }
}

async function expectFull(memo: MemoProcess): Promise<void> {
  const { status: code, body } = await healthOf(memo)
  expect([code, body.status, body.disk.full], JSON.stringify(body)).toEqual([503, 'degraded', true])
  expect(body.problems.join()).toContain('full')
  expect(body.store.condition).toBe('sound')
}

/** The doctor may find the disk small, and nothing else. */
async function expectSoundData(data: string): Promise<void> {
  const { red } = await doctorOf(data)
  expect(red.filter((text) => !text.startsWith('disk-space'))).toEqual([])
}

/** Room comes back in the background. */
async function putsAgain(clients: NodeClients): Promise<void> {
  await expect.poll(() => put(clients, 'after', Buffer.alloc(300_000, 'a')), { timeout: 30_000, interval: 200 }).toBe(status.OK)
}

function bytesBelow(path: string): number {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return entries.reduce((sum, entry) => sum + (entry.isFile() ? sizeOf(join(entry.parentPath, entry.name)) : 0), 0)
}

test('a full disk refuses puts and nothing else, through a restart, until there is room', async (context) => {
  const mount = folder.path('small')
  mkdirSync(mount)
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', mount])
  if (made.status !== 0) return context.skip('this user may not mount a tmpfs')
  const data = join(mount, 'data')
  try {
    const filling = new Filling()
    const memo = await startMemo(data)
    {
      using clients = new NodeClients(memo.ready.grpc)
      await filling.fill(memo, clients)
      await expectFull(memo)
      await filling.check(clients)
      expect(filling.acknowledged.size).toBeGreaterThan(50)
      await filling.removeEvery(5, memo, clients)
      expect(await put(clients, 'x', Buffer.alloc(2_000_000, 'x'))).toBe(status.RESOURCE_EXHAUSTED)
      await filling.check(clients)
      await memo.kill()
    }
    const again = await startMemo(data)
    {
      using clients = new NodeClients(again.ready.grpc)
      await expectFull(again)
      await filling.check(clients)
      await filling.removeEvery(3, again, clients)
      spawnSync('mount', ['-o', 'remount,size=140m', mount])
      await putsAgain(clients)
      expect((await healthOf(again)).status).toBe(200)
      await filling.fill(again, clients)
      await filling.check(clients)
    }
    expect(await again.terminate(), again.log()).toBe(0)
    await expectSoundData(data)
  } finally {
    spawnSync('umount', ['-l', mount])
  }
})

test('removed values make room on a full disk once their grace is over', async (context) => {
  const mount = folder.path('reclaimed')
  mkdirSync(mount)
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', mount])
  if (made.status !== 0) return context.skip('this user may not mount a tmpfs')
  const data = join(mount, 'data')
  try {
    const filling = new Filling()
    const memo = await startMemo(data, { preload: shortGrace })
    using clients = new NodeClients(memo.ready.grpc)
    for (let round = 0; round < 2; round++) {
      await filling.fill(memo, clients)
      await expectFull(memo)
      await filling.removeEvery(1, memo, clients)
      await putsAgain(clients)
      await filling.check(clients)
    }
    expect(memo.log()).toContain('journal segment reclaimed')
    expect(await memo.terminate(), memo.log()).toBe(0)
    await expectSoundData(data)
  } finally {
    spawnSync('umount', ['-l', mount])
  }
})

test('--capacity refuses puts like a full disk, frees after removals, and may be raised', async () => {
  const data = folder.path('capacity')
  const capacity = (size: string) => ({ arguments: ['--capacity', size], preload: shortGrace })
  const filling = new Filling()
  const memo = await startMemo(data, capacity('40MiB'))
  {
    using clients = new NodeClients(memo.ready.grpc)
    await filling.fill(memo, clients)
    await expectFull(memo)
    await filling.check(clients)
    const { liveBytes } = (await healthOf(memo)).body.store
    expect(liveBytes).toBeGreaterThan(30 * 1024 * 1024)
    expect(liveBytes).toBeLessThanOrEqual(40 * 1024 * 1024)
    await filling.removeEvery(2, memo, clients)
    await putsAgain(clients)
    await filling.fill(memo, clients)
    await filling.check(clients)
    expect(await memo.terminate()).toBe(0)
  }
  console.info(`capacity 40 MiB: the data directory has ${Math.round(bytesBelow(data) / 1024 / 1024)} MiB`)
  const full = await startMemo(data, capacity('40MiB'))
  {
    using clients = new NodeClients(full.ready.grpc)
    await filling.check(clients)
    await filling.fill(full, clients)
    await expectFull(full)
    await filling.check(clients)
    await full.kill()
  }
  const raised = await startMemo(data, capacity('80MiB'))
  using clients = new NodeClients(raised.ready.grpc)
  await filling.fill(raised, clients)
  await filling.check(clients)
  expect(await raised.terminate()).toBe(0)
  await expectSoundData(data)
})

test('--capacity below what is stored: the node starts, reads and removes, and takes puts again once there is room', async () => {
  const data = folder.path('lowered')
  const wide = await startMemo(data, { arguments: ['--capacity', '40MiB'] })
  const keys = Array.from({ length: 5 }, (_, number) => `large/${number}`)
  {
    using clients = new NodeClients(wide.ready.grpc)
    for (const key of keys) expect(await put(clients, key, contentOf(4))).toBe(status.OK)
    expect(await wide.terminate()).toBe(0)
  }
  const low = { arguments: ['--capacity', '2MiB'], preload: shortGrace }
  const memo = await startMemo(data, low)
  using clients = new NodeClients(memo.ready.grpc)
  expect((await healthOf(memo)).body.disk.full).toBe(true)
  expect(await put(clients, 'more', contentOf(0))).toBe(status.RESOURCE_EXHAUSTED)
  for (const key of keys)
    expect(contentOf(4).equals((await clients.kvs.call<{ value: Uint8Array }>('Fetch', { key })).value)).toBe(true)
  for (const key of keys) await clients.kvs.call('Delete', { key })
  await expect.poll(() => put(clients, 'more', contentOf(0)), { timeout: 30_000 }).toBe(status.OK)
  expect(await memo.terminate()).toBe(0)
  await expectSoundData(data)
})
