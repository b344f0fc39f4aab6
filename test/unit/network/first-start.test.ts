import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { call, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

const ticks = async (count: number) => {
  for (let tick = 0; tick < count; tick++) await new Promise((resolve) => setImmediate(resolve))
}

/** Starts a node whose machine dies in its n-th sync; false when there were fewer. */
async function startAndCrash(world: NodeWorld, sync: number, crash: { keep?: number; torn?: boolean }): Promise<boolean> {
  let syncs = 0
  world.disk.scheduleSync = (complete) => {
    if (++syncs === sync) world.disk.crash(crash)
    else queueMicrotask(complete)
  }
  const started = world.start().then(
    () => undefined,
    () => undefined,
  )
  await Promise.race([started, ticks(20)])
  world.disk.scheduleSync = queueMicrotask
  return syncs >= sync
}

/** Records of each family on the disk, as the next start would find them. */
async function recordsOf(world: NodeWorld): Promise<Record<string, number>> {
  await using store = openMemoryStore({ random: new SystemRandom(), disk: world.disk, limits: world.limits })
  return Object.fromEntries(recordFamilies.map((family) => [family, store.usage().families[family].records]))
}

describe('a first start', () => {
  test('makes a network with a default store that serves at once', async () => {
    const world = await NodeWorld.start()
    const { node } = world
    const { identity, ...status } = node.status()
    expect(status).toMatchObject({ state: 'running', keys: 0, collectable: 0, condition: { kind: 'sound' } })
    expect(identity).toMatchObject({ networkName: 'test', bootCount: 1, storeId: world.store.identity.storeId })
    expect(identity.nodeId[31]).toBe(0)
    expect([identity.nodeId, identity.networkId, identity.userKey].map((bytes) => bytes.length)).toEqual([32, 32, 32])
    const put = await node.keyValues.put('', 'key', text('value'), { precondition: { kind: 'any' } }, call)
    expect(put.kind).toBe('done')
    expect(await node.verify()).toMatchObject({ findings: [] })
    await node.stop()
    expect(node.status().state).toBe('stopped')
  })

  test('writes everything in one batch: root and page, seven sections, the name of the network', async () => {
    const world = await NodeWorld.start()
    await world.node.stop()
    const empty = { content: 0, outcome: 0, collect: 0, tombstone: 0, accepted: 0, vote: 0 }
    expect(await recordsOf(world)).toEqual({ ...empty, local: 2, block: 2, entry: 7 })
  })

  test('leaves a whole network or nothing when the machine dies in any of its syncs', async () => {
    let crashes = 0
    let founded = 0
    for (let sync = 1; sync < 10; sync++) {
      for (const crash of [{ keep: 0 }, { keep: 0, torn: true }, { keep: 1 }, { keep: 1, torn: true }, { keep: 9 }]) {
        const world = new NodeWorld()
        if (!(await startAndCrash(world, sync, crash))) {
          await world.node.stop()
          continue
        }
        crashes++
        const found = await recordsOf(world)
        const isWhole = found.block === 2 && found.entry === 7 && found.local === 2
        const isNothing = found.block === 0 && found.entry === 0 && (found.local ?? 0) <= 1
        expect({ found, fits: isWhole || isNothing }).toEqual({ found, fits: true })
        if (isWhole) founded++
        const keys = new Map(world.vault.keys)
        await world.start()
        expect(world.node.status().state).toBe('running')
        for (const [name, key] of keys) expect(world.vault.keys.get(name)).toEqual(key)
        expect((await world.node.verify()).findings).toEqual([])
        await world.node.keyValues.put('', 'key', text('value'), { precondition: { kind: 'any' } }, call)
        await world.restart()
        expect((await world.node.keyValues.get('', 'key', {}, call))?.value).toEqual(text('value'))
        await world.node.stop()
      }
    }
    expect([crashes >= 10, founded >= 1, founded < crashes]).toEqual([true, true, true])
  })

  test('takes up the keys of one that ended while they were made', async () => {
    for (const failAt of [1, 2]) {
      const world = new NodeWorld()
      const save = world.vault.save.bind(world.vault)
      let saves = 0
      world.vault.save = async (name, secret) => {
        await save(name, secret)
        if (++saves === failAt) throw new Error('the machine died')
      }
      await expect(world.start()).rejects.toThrow('the machine died')
      expect(() => world.node.status()).toThrow('not running')
      const node = world.vault.keys.get('node')
      world.vault.save = save
      await world.node.stop()
      await world.start()
      expect(world.vault.keys.get('node')).toEqual(node)
      await world.node.stop()
    }
  })

  test('does not begin where no space is left, and leaves nothing there', async () => {
    const world = new NodeWorld({ byteLimit: 1000 })
    await expect(world.start()).rejects.toMatchObject({ code: 'storage-full' })
    await world.node.stop()
    expect(await recordsOf(world)).toMatchObject({ block: 0, entry: 0 })
  })

  test('happens once: neither a second call nor one after the stop begins anew', async () => {
    const world = new NodeWorld()
    await world.start()
    await world.node.start()
    expect(world.node.status().identity.bootCount).toBe(1)
    await world.node.stop()
    await expect(world.node.start()).rejects.toMatchObject({ code: 'not-running' })
    await world.node.stop()
  })
})
