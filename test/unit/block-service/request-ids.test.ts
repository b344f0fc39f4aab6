import { afterEach, describe, expect, test } from 'vitest'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

let world: NodeWorld
const decrypted = { decrypt: true }
const none = new Uint8Array(0)

afterEach(() => world.node.stop())

async function start(options = {}): Promise<BlockView> {
  world = await NodeWorld.start(options)
  return await world.blocks.insert(draftOf(await world.blocks.makeOwner(none), { plain: text('0') }), call)
}

const outcomes = () => world.store.usage().families.outcome.records

describe('a request id', () => {
  test('is applied once, however often and whenever it is sent', async () => {
    const view = await start()
    const request = { ...call, requestId: world.nextId() }
    const draft = draftOf(view, { plain: text('1') })
    const both = await Promise.all([
      world.blocks.update(draft, decrypted, request),
      world.blocks.update(draft, decrypted, request),
    ])
    expect(both).toMatchObject([{ kind: 'updated' }, { kind: 'updated', block: { version: 1n } }])
    await world.crash()
    expect(await world.blocks.update(draft, decrypted, request)).toMatchObject({ kind: 'updated', block: { version: 1n } })
    expect(world.recordOf(view.address)).toMatchObject({ version: 1n, outcomeCount: 1 })
  })

  test('that met a conflict meets it for ever', async () => {
    const view = await start()
    const request = { ...call, requestId: world.nextId() }
    const draft = { ...draftOf(view, { plain: text('1') }), version: 1n }
    expect(await world.blocks.update(draft, decrypted, request)).toMatchObject({ kind: 'conflict' })
    await world.blocks.update(draftOf(view, { plain: text('0.5') }), decrypted, call)
    // Now the version would fit, but the id is spent.
    expect(await world.blocks.update(draft, decrypted, request)).toMatchObject({ kind: 'conflict', current: { version: 1n } })
    expect(await world.blocks.update(draft, decrypted, call)).toMatchObject({ kind: 'updated', block: { version: 2n } })
  })

  test('that comes back for another request is refused, and nothing is changed', async () => {
    const view = await start()
    const request = { ...call, requestId: world.nextId() }
    const refusal = { code: 'invalid-argument', message: expect.stringContaining('used for another request') }
    await world.blocks.update(draftOf(view, { plain: text('1') }), decrypted, request)
    const next = await world.blocks.fetch(view.address, decrypted, call)
    if (next === undefined) throw new Error('the block is there')
    for (let start = 0; start < 2; start++) {
      await expect(world.blocks.remove(view.address, request)).rejects.toMatchObject(refusal)
      const others = [draftOf(view, { plain: text('10') }), draftOf(next, { plain: text('2') })]
      for (const other of others) await expect(world.blocks.update(other, decrypted, request)).rejects.toMatchObject(refusal)
      await expect(world.blocks.insert(draftOf(view, { plain: text('1') }), request)).rejects.toMatchObject(refusal)
      if (start === 0) await world.crash()
    }
    expect(world.recordOf(view.address)).toMatchObject({ version: 1n, outcomeCount: 1, state: { kind: 'signed' } })
  })

  test('of an insertion and of a removal answers as it did', async () => {
    const view = await start()
    const insertion = { ...call, requestId: world.nextId() }
    const draft = draftOf(await world.blocks.makeNamed(text('name')), { data: text('data') })
    const inserted = await world.blocks.insert(draft, insertion)
    expect(await world.blocks.insert(draft, insertion)).toEqual(inserted)
    await expect(world.blocks.insert(draft, { ...call, requestId: world.nextId() })).rejects.toMatchObject({
      code: 'block-already-exists',
    })
    const removal = { ...call, requestId: world.nextId() }
    await world.blocks.remove(view.address, removal)
    await world.blocks.remove(view.address, removal)
    await expect(world.blocks.remove(view.address, call)).rejects.toMatchObject({ code: 'block-not-found' })
  })

  test('is refused when its outcome is no longer kept, or when it is from the future', async () => {
    const view = await start({ limits: { outcomeRetentionMs: 1000, clockSkewMaxMs: 100 } })
    const old = world.nextId()
    world.clock.advance(1001)
    const draft = draftOf(view, { plain: text('1') })
    await expect(world.blocks.update(draft, decrypted, { ...call, requestId: old })).rejects.toMatchObject({
      code: 'request-too-old',
    })
    const early = { ...world.nextId(), issued: old.issued + (2000n << 16n) }
    await expect(world.blocks.update(draft, decrypted, { ...call, requestId: early })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    expect(world.recordOf(view.address)).toMatchObject({ version: 0n, outcomeCount: 0 })
  })

  test('has its outcome forgotten when it is old, or when there are too many', async () => {
    const view = await start({ limits: { outcomesMax: 3, outcomeRetentionMs: 10_000 } })
    let current = view
    const ids: ReturnType<typeof world.nextId>[] = []
    const next = async () => {
      const requestId = world.nextId()
      ids.push(requestId)
      const draft = draftOf(current, { plain: text(`${ids.length}`) })
      const result = await world.blocks.update(draft, { decrypt: false }, { ...call, requestId })
      if (result.kind === 'updated') current = result.block
      world.clock.advance(1)
    }
    for (let step = 0; step < 6; step++) await next()
    expect([outcomes(), world.recordOf(view.address)?.outcomeCount]).toEqual([3, 3])
    const [first] = ids
    if (first === undefined) throw new Error('no id was used')
    const again = world.blocks.update(draftOf(current, { plain: text('again') }), decrypted, { ...call, requestId: first })
    await expect(again).rejects.toMatchObject({ code: 'request-too-old' })
    world.clock.advance(20_000)
    await next()
    expect([outcomes(), world.recordOf(view.address)?.outcomeCount]).toEqual([1, 1])
    expect(world.recordOf(view.address)?.version).toBe(7n)
  })
})

describe('a call', () => {
  test('that was given up before it was admitted changes nothing', async () => {
    const view = await start()
    const controller = new AbortController()
    controller.abort(new Error('given up'))
    const draft = draftOf(view, { plain: text('1') })
    await expect(world.blocks.update(draft, decrypted, { signal: controller.signal })).rejects.toThrow('given up')
    expect(world.recordOf(view.address)?.version).toBe(0n)
  })

  test('to a node that has stopped is refused', async () => {
    const view = await start()
    const { blocks } = world
    await world.node.stop()
    await expect(blocks.fetch(view.address, decrypted, call)).rejects.toMatchObject({ code: 'not-running' })
    await expect(blocks.makeOwner(none)).rejects.toMatchObject({ code: 'not-running' })
  })

  test('that meets a full queue is refused', async () => {
    const view = await start({ limits: { queueRequestsMax: 2, foldRequestsMax: 1 } })
    const updates = Array.from({ length: 9 }, (_, index) =>
      world.blocks.update(draftOf(view, { plain: text(`${index + 1}`) }), decrypted, call),
    )
    const codes = (await Promise.allSettled(updates)).map((each) =>
      each.status === 'fulfilled' ? each.value.kind : each.reason.code,
    )
    expect(codes.slice(0, 2)).toEqual(['updated', 'conflict'])
    expect(codes).toContain('queue-full')
  })
})
