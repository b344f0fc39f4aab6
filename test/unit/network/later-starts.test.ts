import { describe, expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import { decodePlacement } from '../../../src/node/core/overlay/placement-map.ts'
import { decodeRootSection, encodeRootSection } from '../../../src/node/core/overlay/root-section.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, noise, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

const none = new Uint8Array(0)
const any = { precondition: { kind: 'any' } } as const

/** Changes what is on the disk as the node would not, through a store of its own. */
async function tamper(world: NodeWorld, change: (world: NodeWorld) => Promise<unknown>): Promise<void> {
  await world.start()
  await change(world)
  await world.node.stop()
}

async function sectionsOf(world: NodeWorld) {
  const records = await world.store.scan('entry', { limit: 100 })
  return records.map(({ key, value }) => ({
    key,
    name: Buffer.from(key.subarray(32)).toString(),
    section: decodeRootSection(value),
  }))
}

describe('a later start', () => {
  test('finds the same network, node, user and data, at the next boot count', async () => {
    const world = await NodeWorld.start()
    const first = world.node.status().identity
    await world.node.keyValues.put('', 'key', text('value'), any, call)
    for (let bootCount = 2; bootCount < 5; bootCount++) {
      if (bootCount === 3) await world.crash()
      else await world.restart()
      expect(world.node.status().identity).toEqual({ ...first, bootCount })
      expect((await world.node.keyValues.get('', 'key', {}, call))?.value).toEqual(text('value'))
    }
    await world.node.stop()
  })

  test('prepares a ballot of its own before it writes', async () => {
    const world = await NodeWorld.start()
    const view = await world.blocks.insert(draftOf(await world.blocks.makeOwner(none), { plain: text('0') }), call)
    expect(world.recordOf(view.address)?.promised).toMatchObject({ round: 1, bootCount: 1 })
    await world.restart()
    expect(world.recordOf(view.address)?.promised).toMatchObject({ bootCount: 1 })
    await world.blocks.update(draftOf(view, { plain: text('1') }), { decrypt: false }, call)
    expect(world.recordOf(view.address)?.promised).toMatchObject({ bootCount: 2 })
    await world.node.stop()
  })

  test('says which key is missing, and changes nothing', async () => {
    for (const name of ['node', 'service-user'] as const) {
      const world = await NodeWorld.start()
      await world.node.stop()
      const key = world.vault.keys.get(name) ?? none
      world.vault.keys.delete(name)
      await expect(world.start()).rejects.toMatchObject({ code: 'key-unavailable', details: { key: name } })
      expect(world.vault.keys.has(name)).toBe(false)
      await world.node.stop()
      world.vault.keys.set(name, noise(32))
      await expect(world.start()).rejects.toMatchObject({ code: 'key-unavailable', details: { key: name } })
      await world.node.stop()
      world.vault.keys.set(name, key)
      await world.start()
      await world.node.stop()
    }
  })

  test('refuses a root that is damaged in any record', async () => {
    const world = await NodeWorld.start()
    const records = [
      ...(await world.store.scan('entry', { limit: 100 })).map(({ key }) => ['entry', key] as const),
      ...(await world.store.scan('block', { limit: 100 })).map(({ key }) => ['block', key] as const),
    ]
    await world.node.stop()
    for (const [family, key] of records) {
      world.disk.flipBit(family, key, 300)
      await expect(world.start()).rejects.toMatchObject({ code: expect.stringMatching(/store-damaged|data-corrupt/) })
      await world.node.stop()
      world.disk.flipBit(family, key, 300)
    }
    await world.start()
    await world.node.stop()
  })

  test('refuses a root whose sections are not what was signed', async () => {
    const names = (await sectionsOf(await NodeWorld.start())).map(({ name }) => name)
    expect(names.sort()).toEqual(['admission', 'descriptor', 'feature-level', 'keyring/1', 'placement/1', 'policies', 'stores/'])
    for (const name of names) {
      const world = new NodeWorld()
      await tamper(world, async () => {
        const found = (await sectionsOf(world)).find((each) => each.name === name)
        if (found?.section === undefined) throw new Error(`there is no section ${name}`)
        const body = Uint8Array.from(found.section.body)
        body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
        const value = encodeRootSection({ ...found.section, body })
        await world.store.commit([{ kind: 'put', family: 'entry', key: found.key, value }])
      })
      await expect(world.start()).rejects.toMatchObject({
        code: 'store-damaged',
        message: expect.stringContaining('not what was signed'),
      })
      await world.node.stop()
    }
  })

  test('refuses a root from which a section, the page or the root itself is missing', async () => {
    const removals = async (world: NodeWorld) => [
      ...(await world.store.scan('entry', { limit: 100 })).map(({ key }) => ['entry', key] as const),
      ...(await world.store.scan('block', { limit: 100 })).map(({ key }) => ['block', key] as const),
      ['local', text('network')] as const,
    ]
    const count = (await removals(await NodeWorld.start())).length
    expect(count).toBe(10)
    for (let index = 0; index < count; index++) {
      const world = new NodeWorld()
      await tamper(world, async () => {
        const [family, key] = (await removals(world))[index] ?? ['local', none]
        await world.store.commit([{ kind: 'delete', family, key }])
      })
      await expect(world.start()).rejects.toMatchObject({ code: 'store-damaged' })
      await world.node.stop()
    }
  })

  test('refuses a root whose last change nobody of the network signed', async () => {
    const world = new NodeWorld()
    await tamper(world, async () => {
      for (const { key, value } of await world.store.scan('block', { limit: 10 })) {
        const record = decodeBlockRecord(key as BlockAddress, value)
        if (record?.state.kind !== 'map' || record.state.head.page !== 'root') continue
        const { head } = record.state
        const lastBatch = Uint8Array.from(head.lastBatch)
        lastBatch[lastBatch.length - 1] = (lastBatch.at(-1) ?? 0) ^ 1
        const changed = encodeBlockRecord({ ...record, state: { kind: 'map', head: { ...head, lastBatch } } })
        await world.store.commit([{ kind: 'put', family: 'block', key, value: changed }])
      }
    })
    await expect(world.start()).rejects.toMatchObject({ code: 'store-damaged', message: expect.stringContaining('signature') })
    await world.node.stop()
  })
})

describe('a store that lost records', () => {
  /** A node whose journal has a hole behind the root: the value of one key is gone. */
  async function withHole(): Promise<{ world: NodeWorld; view: Awaited<ReturnType<NodeWorld['blocks']['insert']>> }> {
    const world = await NodeWorld.start()
    const view = await world.blocks.insert(draftOf(await world.blocks.makeOwner(none), { plain: text('0') }), call)
    await world.node.keyValues.put('', 'kept', text('value'), any, call)
    await world.blocks.insert(draftOf(await world.blocks.makeContent(text('lost'), none)), call)
    const lost = world.store.usage().syncedPosition
    await world.blocks.insert(draftOf(await world.blocks.makeContent(text('last'), none)), call)
    expect(world.disk.damageFrame(lost)).toBe(true)
    await world.crash()
    return { world, view }
  }

  test('serves what verifies and refuses every change until it is recovered', async () => {
    const { world, view } = await withHole()
    expect(world.node.status()).toMatchObject({ state: 'running', condition: { kind: 'suspect' } })
    expect((await world.node.keyValues.get('', 'kept', {}, call))?.value).toEqual(text('value'))
    expect(await world.blocks.fetch(view.address, { decrypt: true }, call)).toMatchObject({ plain: text('0') })
    const changes = [
      world.node.keyValues.put('', 'new', text('value'), any, call),
      world.blocks.update(draftOf(view, { plain: text('1') }), { decrypt: false }, call),
      world.blocks.remove(view.address, call),
      world.blocks.insert(draftOf(await world.blocks.makeNamed(text('name'))), call),
      world.blocks.insert(draftOf(await world.blocks.makeContent(text('data'), none)), call),
    ]
    const reason = { code: 'store-read-only', message: expect.stringMatching(/durable records .* missing.*memo cluster recover/) }
    for (const each of await Promise.allSettled(changes)) expect(each).toMatchObject({ reason })
    await world.node.stop()
  })

  test('is taken back into its network under its new store id when it was recovered', async () => {
    const { world, view } = await withHole()
    const { storeId, nodeId, networkId } = world.node.status().identity
    await world.node.stop()
    world.disk.recover()
    for (let start = 0; start < 2; start++) {
      await world.start()
      expect(world.node.status()).toMatchObject({ condition: { kind: 'sound' }, identity: { storeId, nodeId, networkId } })
      const placements = (await sectionsOf(world)).filter(({ name }) => name.startsWith('placement/'))
      const maps = placements.map(({ section }) => section && decodePlacement(section.body))
      expect(maps.map((map) => map?.epoch)).toEqual([1, 2])
      expect(maps[1]?.places).toMatchObject([{ nodeId, storeId }])
      if (start === 0) await world.node.stop()
    }
    expect(await world.blocks.update(draftOf(view, { plain: text('1') }), { decrypt: true }, call)).toMatchObject({
      kind: 'updated',
    })
    expect(world.recordOf(view.address)).toMatchObject({
      group: { index: 1, members: [{ nodeId, storeId }] },
      promised: { recovery: 1, round: 0 },
    })
    expect((await world.node.keyValues.put('', 'kept', text('new'), any, call)).kind).toBe('done')
    expect((await world.node.verify()).findings).toEqual([])
    await world.node.stop()
  })
})
