import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { runMemo, StartFailure, startMemo } from '../../support/memo-process.ts'
import { statusOf } from '../../support/plain-client.ts'
import { testFolder } from '../cli/cli-bed.ts'
import { SmallDisk } from '../store/small-disk.ts'
import { NodeClients } from './acknowledged-writes.ts'
import { doctorOf, healthOf } from './node-health.ts'

const folder = testFolder()
const keyOf = (index: number) => `kept/${String(index).padStart(3, '0')}`
const keysMax = 300
const reserveBytes = 16 * 1024 * 1024

const put = ({ kvs }: NodeClients, key: string) =>
  kvs.call('Upsert', { key, value: Buffer.alloc(2000, 'x') }).then(
    () => status.OK,
    (error: unknown) => statusOf(error) ?? -1,
  )

async function listed({ kvs }: NodeClients): Promise<readonly string[]> {
  const { items } = await kvs.call<{ items: { key: string }[] }>('List', { prefix: 'kept/' })
  return items.map(({ key }) => key)
}

const reserveHeld = (data: string) =>
  expect.poll(() => statSync(join(data, 'reserve'), { throwIfNoEntry: false })?.size, { timeout: 30_000 }).toBe(reserveBytes)

test('another program fills the disk: the node serves, starts, says that it is full, and recovers by itself', async (context) => {
  using disk = SmallDisk.mount(folder.path('small'), '160m') ?? context.skip('this user may not mount a tmpfs')
  const data = join(disk.path, 'data')
  let keys = Array.from({ length: keysMax }, (_, index) => keyOf(index))
  const memo = await startMemo(data)
  {
    using clients = new NodeClients(memo.ready.grpc)
    for (const key of keys) expect(await put(clients, key)).toBe(status.OK)
    await reserveHeld(data)
    disk.fill()
    for (const key of keys.slice(0, 100)) await clients.kvs.call('Delete', { key })
    keys = keys.slice(100)
    // The node asks the disk once a second.
    await expect.poll(() => put(clients, 'new'), { timeout: 30_000 }).toBe(status.RESOURCE_EXHAUSTED)
    await expect.poll(async () => (await healthOf(memo)).body.disk.full, { timeout: 30_000 }).toBe(true)
    await expect.poll(() => memo.log(), { timeout: 30_000 }).toContain('the bytes held for removals and the index were given up')
    expect(await listed(clients)).toEqual(keys)
    disk.empty()
    await expect.poll(() => put(clients, 'new'), { timeout: 30_000 }).toBe(status.OK)
    await reserveHeld(data)
    expect(await memo.terminate(), memo.log()).toBe(0)
  }
  disk.fill()
  const again = await startMemo(data)
  {
    using clients = new NodeClients(again.ready.grpc)
    expect(await listed(clients)).toEqual(keys)
    for (const key of keys.slice(0, 50)) await clients.kvs.call('Delete', { key })
    keys = keys.slice(50)
    expect(await put(clients, 'newer')).toBe(status.RESOURCE_EXHAUSTED)
    expect(await listed(clients)).toEqual(keys)
    await again.kill()
  }
  disk.fill()
  const refused = await startMemo(data).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(StartFailure)
  expect(refused).toMatchObject({ exitCode: 8 })
  const recover = () => runMemo(['cluster', 'recover', '--data', data, '--yes', '--json'])
  const full = await recover()
  expect([full.code, JSON.parse(full.stderr).error.code]).toEqual([8, 'storage-full'])
  disk.empty()
  const sound = await recover()
  expect([sound.code, JSON.parse(sound.stdout.toString()).recovered], sound.stderr).toEqual([0, false])
  rmSync(join(data, 'reserve'), { force: true })
  const last = await startMemo(data)
  {
    using clients = new NodeClients(last.ready.grpc)
    expect(await listed(clients)).toEqual(keys)
    expect(await put(clients, 'last')).toBe(status.OK)
  }
  expect(await last.terminate(), last.log()).toBe(0)
  expect((await doctorOf(data)).red.filter((text) => !text.startsWith('disk-space'))).toEqual([])
})
