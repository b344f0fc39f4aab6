import { afterEach, describe, expect, test } from 'vitest'
import { isImmutable } from '../../../src/node/core/base/address.ts'
import { decodeSignedVersion, encodeSignedVersion } from '../../../src/node/core/block/signed-version.ts'
import { encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import type { BlockDraft, BlockView, UpdateResult } from '../../../src/node/engine/block/block-service.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, noise, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

let world: NodeWorld
const start = async (options = {}) => {
  world = await NodeWorld.start(options)
  return world.blocks
}
const decrypted = { decrypt: true }
const none = new Uint8Array(0)

afterEach(() => world.node.stop())

async function newOwner(plain: string): Promise<BlockView> {
  return await world.blocks.insert(draftOf(await world.blocks.makeOwner(none), { plain: text(plain) }), call)
}

const update = (draft: BlockDraft): Promise<UpdateResult> => world.blocks.update(draft, decrypted, call)
const plainOf = async (view: BlockView) => (await world.blocks.fetch(view.address, decrypted, call))?.plain

describe('an owner block', () => {
  test('is born at version 0, sealed, and opened where that is asked for', async () => {
    const blocks = await start()
    const owner = new Uint8Array(32).fill(3)
    const made = await blocks.makeOwner(owner)
    expect(made).toMatchObject({ kind: 'owner', version: -1n, generation: 0n, data: none, signature: none, owner })
    expect(isImmutable(made.address)).toBe(false)
    expect(await blocks.fetch(made.address, decrypted, call)).toBeUndefined()
    const stored = await blocks.insert(draftOf(made, { plain: text('secret secret') }), call)
    expect(stored).toMatchObject({ version: 0n, owner, address: made.address })
    expect(stored.generation).toBeGreaterThan(0n)
    expect(stored.signature).toHaveLength(64)
    expect(stored.plain).toBeUndefined()
    expect(Buffer.from(stored.data).includes('secret')).toBe(false)
    expect(await blocks.fetch(made.address, { decrypt: false }, call)).toEqual(stored)
    await world.restart()
    expect(await world.blocks.fetch(made.address, decrypted, call)).toEqual({ ...stored, plain: text('secret secret') })
    expect(await world.blocks.stat(made.address, call)).toMatchObject({
      kind: 'owner',
      version: 0n,
      plainBytes: 13,
      cipher: 'sealed-to-owner',
      verified: true,
    })
  })

  test('goes from version to version', async () => {
    await start()
    let view = await newOwner('0')
    for (let version = 1n; version <= 5n; version++) {
      const result = await update(draftOf(view, { plain: text(`${version}`) }))
      if (result.kind !== 'updated') throw new Error(result.kind)
      expect(result.block).toMatchObject({ version, generation: view.generation, plain: text(`${version}`) })
      view = result.block
    }
    expect(world.recordOf(view.address)).toMatchObject({ version: 5n, committedIndex: 5n })
    expect((await world.node.verify()).findings).toEqual([])
  })

  test('answers an outdated update with the current version and writes nothing', async () => {
    await start()
    const first = await newOwner('0')
    await update(draftOf(first, { plain: text('1') }))
    const before = world.recordOf(first.address)
    const conflict = await update(draftOf(first, { plain: text('mine') }))
    if (conflict.kind !== 'conflict') throw new Error(conflict.kind)
    expect(conflict.current).toMatchObject({ version: 1n, plain: text('1') })
    expect(world.recordOf(first.address)).toEqual(before)
    const { plain: _, ...current } = conflict.current
    expect(await update(draftOf(current, { plain: text('mine') }))).toMatchObject({ kind: 'updated', block: { version: 2n } })
  })

  test('takes neither a version from the future nor one of another life', async () => {
    const blocks = await start()
    const view = await newOwner('0')
    const draft = draftOf(view, { plain: text('1') })
    for (const each of [{ version: 1n }, { version: -1n }, { version: (1n << 63n) - 1n }, { generation: view.generation - 1n }]) {
      expect(await update({ ...draft, ...each })).toMatchObject({ kind: 'conflict', current: { version: 0n } })
    }
    await blocks.remove(view.address, call)
    await blocks.insert(draftOf(view, { plain: text('0') }).plain === undefined ? draft : { ...draft, plain: text('0') }, call)
    expect(await update(draft)).toMatchObject({ kind: 'conflict' })
    // A caller that knows nothing of generations is judged by its version alone.
    expect(await update({ ...draft, generation: 0n })).toMatchObject({ kind: 'updated', block: { version: 1n } })
  })

  test('is unchanged by data that is already there', async () => {
    await start()
    const first = await newOwner('0')
    expect(await update(draftOf(first))).toMatchObject({ kind: 'unchanged', block: { version: 0n } })
    expect(await update({ ...draftOf(first, { plain: text('0') }) })).toMatchObject({ kind: 'unchanged' })
    const { data: _, ...bare } = draftOf(first)
    expect(await update(bare)).toMatchObject({ kind: 'unchanged' })
    const second = draftOf(first, { plain: text('1') })
    expect(await update(second)).toMatchObject({ kind: 'updated' })
    // The answer was lost and the caller sends the same again.
    expect(await update(second)).toMatchObject({ kind: 'unchanged', block: { version: 1n } })
    expect(world.recordOf(first.address)?.version).toBe(1n)
  })

  test('takes sealed data from nobody', async () => {
    const blocks = await start()
    const view = await newOwner('0')
    await expect(update(draftOf(view, { data: noise(80) }))).rejects.toMatchObject({ code: 'invalid-argument' })
    const both = { ...draftOf(view, { plain: text('1') }), data: noise(80) }
    await expect(update(both)).rejects.toMatchObject({ code: 'invalid-argument' })
    const made = await blocks.makeOwner(none)
    await expect(blocks.insert(draftOf(made, { data: noise(80) }), call)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(blocks.insert({ ...draftOf(made, { plain: none }), data: view.data }, call)).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    expect(await plainOf(view)).toEqual(text('0'))
  })

  test('is inserted once', async () => {
    const blocks = await start()
    const view = await newOwner('0')
    await expect(blocks.insert(draftOf(view, { plain: text('0') }), call)).rejects.toMatchObject({ code: 'block-already-exists' })
    expect(await plainOf(view)).toEqual(text('0'))
  })

  test('must have fields that belong together', async () => {
    const blocks = await start()
    const draft = draftOf(await blocks.makeOwner(none), { plain: text('0') })
    const other = await blocks.makeOwner(none)
    const named = await blocks.makeNamed(text('name'))
    const content = await blocks.makeContent(text('data'), none)
    const refused = [
      { salt: other.salt },
      { salt: none },
      { address: other.address },
      { address: none },
      { address: new Uint8Array(33) },
      { address: content.address },
      { owner: new Uint8Array(31) },
      { ownerKey: none },
      { ownerKey: new Uint8Array(32).fill(1) },
      { name: text('name') },
      { header: content.header },
      { version: -2n },
      { version: 1n << 63n },
      { generation: -1n },
      { kind: 'named' as const },
      { kind: 'named' as const, salt: none, plain: none, address: named.address },
    ]
    for (const each of refused)
      await expect(blocks.insert({ ...draft, ...each }, call)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(blocks.insert({ ...draft, plain: noise(world.limits.blockPayloadBytesMax + 1) }, call)).rejects.toMatchObject({
      code: 'limit-exceeded',
    })
    expect(world.store.usage().families.block.records).toBe(2)
  })

  test('keeps its owner field', async () => {
    await start()
    const view = await newOwner('0')
    const draft = { ...draftOf(view, { plain: text('1') }), owner: new Uint8Array(32) }
    await expect(update(draft)).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('of another user is not written here', async () => {
    const other = await NodeWorld.start()
    const foreign = draftOf(await other.blocks.makeOwner(none), { plain: text('0') })
    await other.node.stop()
    const blocks = await start()
    await expect(blocks.insert(foreign, call)).rejects.toMatchObject({ code: 'permission-denied' })
    await expect(update(foreign)).rejects.toMatchObject({ code: 'permission-denied' })
  })

  test('that does not exist is neither updated nor removed', async () => {
    const blocks = await start()
    const made = await blocks.makeOwner(none)
    await expect(update(draftOf(made, { plain: none }))).rejects.toMatchObject({ code: 'block-not-found' })
    await expect(blocks.remove(made.address, call)).rejects.toMatchObject({ code: 'block-not-found' })
    expect(await blocks.stat(made.address, call)).toBeUndefined()
  })
})

describe('removing a mutable block', () => {
  test('leaves a tombstone above which a new life begins', async () => {
    const blocks = await start()
    const first = await newOwner('0')
    await update(draftOf(first, { plain: text('1') }))
    await blocks.remove(first.address, call)
    expect(await blocks.fetch(first.address, decrypted, call)).toBeUndefined()
    expect(world.recordOf(first.address)).toMatchObject({ generation: first.generation, version: 1n, state: { kind: 'removed' } })
    await expect(blocks.remove(first.address, call)).rejects.toMatchObject({ code: 'block-not-found' })
    await expect(update(draftOf(first, { plain: text('2') }))).rejects.toMatchObject({ code: 'block-not-found' })
    expect((await world.node.verify()).findings).toEqual([])
    await world.restart()
    const again = await world.blocks.insert({ ...draftOf(first, { plain: text('new') }) }, call)
    expect(again.version).toBe(0n)
    expect(again.generation).toBeGreaterThan(first.generation)
    expect(world.recordOf(first.address)?.committedIndex).toBe(3n)
  })

  test('wins over an update that arrives with it, or comes after it', async () => {
    const blocks = await start()
    const view = await newOwner('0')
    const all = [
      update(draftOf(view, { plain: text('1') })),
      blocks.remove(view.address, call),
      update(draftOf(view, { plain: text('2') })),
    ]
    expect(await Promise.allSettled(all)).toMatchObject([
      { status: 'fulfilled', value: { kind: 'updated' } },
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'block-not-found' } },
    ])
  })

  test('is forgotten beyond the horizon, with its outcomes', async () => {
    const blocks = await start({ limits: { horizonMs: 1000, sweepIntervalMs: 600 } })
    const view = await newOwner('0')
    await blocks.remove(view.address, { ...call, requestId: world.nextId() })
    const swept = async () => {
      world.clock.advance(700)
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      return [world.recordOf(view.address)?.state.kind, world.store.usage().families.outcome.records]
    }
    expect(await swept()).toEqual(['removed', 1])
    expect(await swept()).toEqual([undefined, 0])
    expect(await blocks.insert(draftOf(view, { plain: text('again') }), call)).toMatchObject({ version: 0n })
  })

  test('goes on when the store is full', async () => {
    const blocks = await start({ byteLimit: 200_000 })
    const view = await newOwner('0')
    const fill = async () => {
      for (;;) await blocks.insert(draftOf(await blocks.makeOwner(none), { plain: noise(10_000) }), call)
    }
    await expect(fill()).rejects.toMatchObject({ code: 'storage-full' })
    const again = draftOf(view, { plain: noise(20_000) })
    const together = await Promise.allSettled([blocks.remove(view.address, call), blocks.insert(again, call)])
    expect(together).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'storage-full' } }])
    expect(await blocks.fetch(view.address, decrypted, call)).toBeUndefined()
  })
})

describe('a named block', () => {
  test('is public, mutable, and found by its name', async () => {
    const blocks = await start()
    const made = await blocks.makeNamed(text('name'))
    expect(made).toMatchObject({ kind: 'named', name: text('name'), salt: none, version: -1n, data: none })
    expect(isImmutable(made.address)).toBe(false)
    expect(blocks.namedAddress(text('name'))).toEqual(made.address)
    expect(blocks.namedAddress(text('other'))).not.toEqual(made.address)
    const stored = await blocks.insert(draftOf(made, { data: text('public') }), call)
    expect(await blocks.fetch(made.address, decrypted, call)).toEqual(stored)
    expect(stored).toMatchObject({ data: text('public'), version: 0n })
    const result = await update(draftOf(stored, { data: text('newer') }))
    expect(result).toMatchObject({ kind: 'updated', block: { version: 1n, data: text('newer') } })
    expect(await update(draftOf(stored, { data: text('newer') }))).toMatchObject({ kind: 'unchanged' })
    expect(await update(draftOf(stored, { data: text('mine') }))).toMatchObject({ kind: 'conflict', current: { version: 1n } })
    expect(await blocks.stat(made.address, call)).toMatchObject({ kind: 'named', cipher: 'none', plainBytes: 5 })
    await expect(blocks.insert(draftOf(made), call)).rejects.toMatchObject({ code: 'block-already-exists' })
    await blocks.remove(made.address, call)
    expect(await blocks.fetch(made.address, decrypted, call)).toBeUndefined()
  })

  test('has no readable form beside its data, and the name of its address', async () => {
    const blocks = await start()
    const draft = draftOf(await blocks.makeNamed(text('name')), { data: text('public') })
    for (const each of [{ plain: text('plain') }, { name: text('other') }, { salt: new Uint8Array(32) }]) {
      await expect(blocks.insert({ ...draft, ...each }, call)).rejects.toMatchObject({ code: 'invalid-argument' })
    }
    await expect(blocks.makeNamed(noise(world.limits.blockNameBytesMax + 1))).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(await blocks.insert(draftOf(await blocks.makeNamed(none)), call)).toMatchObject({ version: 0n, data: none })
  })
})

describe('the pages of maps', () => {
  test('are not the callers’ to read, change or remove', async () => {
    const blocks = await start()
    const [root, page] = await world.store.scan('block', { limit: 10 })
    for (const record of [root, page]) {
      const address = record?.key as BlockView['address']
      expect(await blocks.stat(address, call)).toMatchObject({ kind: 'map', verified: true })
      await expect(blocks.fetch(address, decrypted, call)).rejects.toMatchObject({ code: 'permission-denied' })
      await expect(blocks.remove(address, call)).rejects.toMatchObject({ code: 'permission-denied' })
    }
  })
})

describe('what is read is verified', () => {
  test('a flipped bit of the record is damage', async () => {
    const blocks = await start()
    const view = await newOwner('0')
    world.disk.flipBit('block', view.address, 999)
    await expect(blocks.fetch(view.address, decrypted, call)).rejects.toMatchObject({ code: 'data-corrupt' })
    await expect(blocks.remove(view.address, call)).rejects.toMatchObject({ code: 'data-corrupt' })
    expect((await world.node.verify()).findings).not.toEqual([])
  })

  test('a forged version is damage, whatever in it was changed', async () => {
    const blocks = await start()
    const view = await newOwner('0')
    const record = world.recordOf(view.address)
    if (record?.state.kind !== 'signed') throw new Error('the block is not there')
    const version = decodeSignedVersion(record.state.signed)
    if (version === undefined) throw new Error('the version cannot be read')
    const forged = [
      { ...version, payload: noise(70) },
      { ...version, signature: noise(64) },
      { ...version, owner: new Uint8Array(32) },
      { ...version, generation: version.generation + 1n },
      { ...version, discriminator: noise(32) },
      { ...version, writer: noise(32) },
    ]
    for (const each of forged) {
      const value = encodeBlockRecord({
        ...record,
        generation: each.generation,
        state: { kind: 'signed', signed: encodeSignedVersion(each) },
      })
      await world.store.commit([{ kind: 'put', family: 'block', key: view.address, value }])
      await expect(blocks.fetch(view.address, decrypted, call)).rejects.toMatchObject({ code: 'data-corrupt' })
      await expect(blocks.stat(view.address, call)).rejects.toMatchObject({ code: 'data-corrupt' })
      expect((await world.node.verify()).findings).toEqual([
        `block: ${Buffer.from(view.address).toString('hex')} has a signature that does not hold`,
      ])
    }
  })
})
