import { afterEach, describe, expect, test } from 'vitest'
import { isImmutable } from '../../../src/node/core/base/address.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, noise, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

let world: NodeWorld
const start = async (options = {}) => {
  world = await NodeWorld.start(options)
  return world.blocks
}
const plain = { decrypt: false }
const none = new Uint8Array(0)

afterEach(() => world.node.stop())

describe('a content block', () => {
  test('is made without being stored, and stored as it was made', async () => {
    const blocks = await start()
    const owner = new Uint8Array(32).fill(9)
    const made = await blocks.makeContent(text('data'), owner)
    expect(made).toMatchObject({ kind: 'content', version: -1n, generation: 0n, owner, data: text('data'), signature: none })
    expect(isImmutable(made.address)).toBe(true)
    expect(await blocks.fetch(made.address, plain, call)).toBeUndefined()
    const stored = await blocks.insert(draftOf(made), call)
    expect(stored).toMatchObject({ address: made.address, version: 0n, owner })
    const fetched = await blocks.fetch(made.address, plain, call)
    expect(fetched).toEqual(stored)
    expect(fetched?.data).toEqual(text('data'))
    expect(fetched?.ownerKey).toEqual(world.node.status().identity.userKey)
    await world.restart()
    expect(await world.blocks.fetch(made.address, plain, call)).toEqual(stored)
  })

  test('is encrypted and compressed on the disk, and any size up to the limit comes back', async () => {
    const blocks = await start({ limits: { blockPayloadBytesMax: 300_000 } })
    const secret = text('a secret that is easily found '.repeat(100))
    for (const data of [none, noise(1), noise(255), secret, noise(300_000)]) {
      const { address } = await blocks.insert(draftOf(await blocks.makeContent(data, none)), call)
      const fetched = await blocks.fetch(address, plain, call)
      expect(fetched && equalBytes(fetched.data, data)).toBe(true)
      const record = world.store.get('content', address)
      if (data === secret) {
        expect(record?.length).toBeLessThan(1000)
        expect(Buffer.from(record ?? none).includes('secret')).toBe(false)
        expect(await blocks.stat(address, call)).toMatchObject({ plainBytes: data.length, codec: 'zstd', cipher: 'aes-256-gcm' })
      }
    }
    await expect(blocks.makeContent(noise(300_001), none)).rejects.toMatchObject({ code: 'limit-exceeded' })
  })

  test('has another address each time it is made', async () => {
    const blocks = await start()
    const [one, other] = [await blocks.makeContent(text('same'), none), await blocks.makeContent(text('same'), none)]
    expect(equalBytes(one.address, other.address)).toBe(false)
  })

  test('must fit the address that it is inserted at', async () => {
    const blocks = await start()
    const draft = draftOf(await blocks.makeContent(text('data'), none))
    const other = draftOf(await blocks.makeContent(text('data'), none))
    const refused = [
      { ...draft, data: text('else') },
      { ...draft, data: text('date') },
      { ...draft, salt: other.salt },
      { ...draft, owner: new Uint8Array(32) },
      { ...draft, address: other.address },
      { ...draft, header: none },
      { ...draft, salt: new Uint8Array(31) },
      { ...draft, address: new Uint8Array(31) },
      { ...draft, address: new Uint8Array(32) },
      { ...draft, owner: new Uint8Array(5) },
      { ...draft, ownerKey: new Uint8Array(32) },
      { ...draft, plain: text('data') },
      { ...draft, name: text('name') },
      { ...draft, version: 1n },
    ]
    for (const each of refused) await expect(blocks.insert(each, call)).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(world.store.usage().families.content.records).toBe(0)
  })

  test('without an address is made anew', async () => {
    const blocks = await start()
    const made = await blocks.makeContent(text('data'), none)
    const inserted = await blocks.insert({ ...draftOf(made), address: none, data: text('other') }, call)
    expect(equalBytes(inserted.address, made.address)).toBe(false)
    expect(equalBytes(inserted.salt, made.salt)).toBe(false)
    expect((await blocks.fetch(inserted.address, plain, call))?.data).toEqual(text('other'))
  })

  test('may be inserted again and is younger then', async () => {
    const blocks = await start()
    const draft = draftOf(await blocks.makeContent(text('data'), none))
    const first = await blocks.insert(draft, call)
    const again = await blocks.insert(draft, call)
    expect(again.generation).toBeGreaterThan(first.generation)
    expect(world.store.usage().families.content.records).toBe(1)
  })

  test('never changes', async () => {
    const blocks = await start()
    const stored = await blocks.insert(draftOf(await blocks.makeContent(text('data'), none)), call)
    await expect(blocks.update(draftOf(stored, { data: text('new') }), plain, call)).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })

  test('is found damaged by whoever reads it', async () => {
    const blocks = await start()
    const { address } = await blocks.insert(draftOf(await blocks.makeContent(noise(100), none)), call)
    world.disk.flipBit('content', address, 8 * 150)
    await expect(Promise.resolve().then(() => blocks.fetch(address, plain, call))).rejects.toMatchObject({ code: 'data-corrupt' })
    expect((await world.node.verify()).findings).not.toEqual([])
  })

  test('that was stored under another address is found', async () => {
    const blocks = await start()
    const [one, other] = [
      await blocks.insert(draftOf(await blocks.makeContent(noise(100), none)), call),
      await blocks.insert(draftOf(await blocks.makeContent(noise(100), none)), call),
    ]
    const bytes = world.store.get('content', other.address)
    await world.store.commit([{ kind: 'put', family: 'content', key: one.address, value: bytes ?? none }])
    await expect(blocks.fetch(one.address, plain, call)).rejects.toMatchObject({ code: 'data-corrupt' })
    expect(await blocks.stat(one.address, call)).toMatchObject({ verified: false })
    expect(await blocks.stat(other.address, call)).toMatchObject({ verified: true })
    expect((await world.node.verify()).findings).toEqual([
      `content: ${Buffer.from(one.address).toString('hex')} is not what its address says`,
    ])
  })
})

describe('removing a content block', () => {
  test('leaves a tombstone that a younger insertion lifts', async () => {
    const blocks = await start()
    const draft = draftOf(await blocks.makeContent(text('data'), none))
    const { address } = await blocks.insert(draft, call)
    await blocks.remove(address, call)
    expect(await blocks.fetch(address, plain, call)).toBeUndefined()
    expect(await blocks.stat(address, call)).toBeUndefined()
    expect(world.store.usage().families).toMatchObject({ content: { records: 0 }, tombstone: { records: 1 } })
    await expect(blocks.remove(address, call)).rejects.toMatchObject({ code: 'block-not-found' })
    expect((await world.node.verify()).findings).toEqual([])
    await world.restart()
    expect(await world.blocks.fetch(address, plain, call)).toBeUndefined()
    await world.blocks.insert(draft, call)
    expect((await world.blocks.fetch(address, plain, call))?.data).toEqual(text('data'))
    expect(world.store.usage().families.tombstone.records).toBe(0)
  })

  test('is forgotten when the horizon has passed, and not before', async () => {
    const blocks = await start({ limits: { horizonMs: 1000, sweepIntervalMs: 600 } })
    const { address } = await blocks.insert(draftOf(await blocks.makeContent(text('data'), none)), call)
    await blocks.remove(address, call)
    const swept = async (durationMs: number) => {
      world.clock.advance(durationMs)
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      return world.store.usage().families.tombstone.records
    }
    expect(await swept(700)).toBe(1)
    expect(await swept(700)).toBe(0)
  })

  test('is refused for the value of a key', async () => {
    const blocks = await start()
    const put = await world.node.keyValues.put('', 'key', text('value'), { precondition: { kind: 'any' } }, call)
    if (put.kind !== 'done') throw new Error('nothing was put')
    const { address } = put.metadata
    expect((await blocks.fetch(address, plain, call))?.data).toEqual(text('value'))
    await expect(blocks.remove(address, call)).rejects.toMatchObject({ code: 'permission-denied' })
    const fetched = await blocks.fetch(address, plain, call)
    if (fetched === undefined) throw new Error('the value is gone')
    await expect(blocks.insert(draftOf(fetched), call)).rejects.toMatchObject({ code: 'permission-denied' })
    expect((await world.node.keyValues.get('', 'key', {}, call))?.value).toEqual(text('value'))
  })

  test('is carried out once for one request id', async () => {
    const blocks = await start()
    const draft = draftOf(await blocks.makeContent(text('data'), none))
    const { address } = await blocks.insert(draft, call)
    const request = { ...call, requestId: world.nextId() }
    await blocks.remove(address, request)
    await blocks.insert(draft, call)
    await blocks.remove(address, request)
    expect(await blocks.fetch(address, plain, call)).toBeDefined()
    await expect(blocks.remove(address, { ...call, requestId: { ...request.requestId, session: none } })).rejects.toSatisfy(
      (error) => isCoded(error, 'invalid-argument'),
    )
  })

  test('is refused once its outcome is not kept any longer', async () => {
    const blocks = await start({ limits: { outcomeRetentionMs: 1000, sweepIntervalMs: 1500 } })
    const draft = draftOf(await blocks.makeContent(text('data'), none))
    const { address } = await blocks.insert(draft, call)
    const request = { ...call, requestId: world.nextId() }
    await blocks.remove(address, request)
    expect(world.store.usage().families.outcome.records).toBe(1)
    world.clock.advance(1500)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(world.store.usage().families.outcome.records).toBe(0)
    await blocks.insert(draft, call)
    await expect(blocks.remove(address, request)).rejects.toMatchObject({ code: 'request-too-old' })
    expect(await blocks.fetch(address, plain, call)).toBeDefined()
  })
})
