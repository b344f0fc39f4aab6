import { expect, test } from 'vitest'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import type { CallContext } from '../../../src/node/engine/call-context.ts'
import type { CommitOptions, RecordStore, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, text } from '../../support/key-value-world.ts'
import type { NodeWorldOptions } from '../../support/node-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

const none = new Uint8Array(0)
const any = { precondition: { kind: 'any' } } as const
const outcomeRetentionMs = 60_000

/** A node with three keys and a block, each changed under request ids that are past their retention. */
class LossWorld {
  readonly world: NodeWorld
  readonly #block: BlockView

  private constructor(world: NodeWorld, block: BlockView) {
    this.world = world
    this.#block = block
  }

  static async start(options: NodeWorldOptions = {}): Promise<LossWorld> {
    const world = await NodeWorld.start({ ...options, limits: { outcomeRetentionMs } })
    const block = await world.blocks.insert(draftOf(await world.blocks.makeOwner(none), { plain: text('0') }), call)
    const loss = new LossWorld(world, block)
    for (const key of ['a', 'b', 'c']) await loss.put(key, true)
    for (let turn = 0; turn < 3; turn++) await loss.update()
    world.clock.advance(outcomeRetentionMs + 1000)
    return loss
  }

  #context(withId: boolean): CallContext {
    return withId ? { ...call, requestId: this.world.nextId() } : call
  }

  async put(key: string, withId = false): Promise<void> {
    const { kind } = await this.world.node.keyValues.put('', key, text('value'), any, this.#context(withId))
    expect(kind).toBe('done')
  }

  async remove(key: string): Promise<void> {
    expect((await this.world.node.keyValues.delete('', key, any.precondition, call)).kind).toBe('done')
  }

  async update(): Promise<void> {
    const { world } = this
    const now = await world.blocks.fetch(this.#block.address, { decrypt: true }, call)
    if (now === undefined) throw new Error('the block is there')
    const plain = text(`after ${now.version}`)
    const updated = await world.blocks.update(draftOf(now, { plain }), { decrypt: false }, this.#context(true))
    expect(updated.kind).toBe('updated')
  }

  /** The frames of what `change` writes are lost, of what `later` writes none, and the store is recovered. */
  async lose(change: () => Promise<unknown>, later: () => Promise<unknown>): Promise<void> {
    const { world } = this
    const before = world.store.usage().syncedPosition
    await change()
    const after = world.store.usage().syncedPosition
    expect(after).toBeGreaterThan(before)
    await later()
    for (let lost = before + 1n; lost <= after; lost++) expect(world.disk.damageFrame(lost)).toBe(true)
    await world.crash()
    expect(world.node.status().condition.kind).toBe('suspect')
    await world.node.stop()
    world.disk.recover()
  }

  async expectSound(keys: number): Promise<void> {
    expect((await this.world.node.verify()).findings).toEqual([])
    expect(this.world.node.status().keys).toBe(keys)
  }
}

test('a recovered store counts its keys anew: neither a lost put nor a lost removal leaves a count that is wrong', async () => {
  const put = await LossWorld.start()
  await put.lose(
    () => put.put('new'),
    () => put.put('c'),
  )
  expect(await put.world.findingsAtRest(), 'what the next start puts right is no finding before it').toEqual([])
  await put.world.start()
  await put.expectSound(3)
  await put.world.node.stop()

  const removal = await LossWorld.start()
  await removal.lose(
    async () => {
      await removal.remove('a')
      await removal.remove('b')
    },
    () => removal.put('c'),
  )
  await removal.world.start()
  await removal.expectSound(3)
  for (const key of ['a', 'b', 'c']) await removal.remove(key)
  await removal.expectSound(0)
  await removal.world.node.stop()
})

test('a recovered store counts its outcomes anew: those that came back because their end was lost are forgotten later', async () => {
  const loss = await LossWorld.start()
  await loss.lose(
    async () => {
      await loss.put('a', true)
      await loss.update()
    },
    async () => {
      await loss.put('c', true)
      await loss.update()
    },
  )
  await loss.world.start()
  await loss.expectSound(3)
  loss.world.clock.advance(outcomeRetentionMs + 1000)
  await loss.put('a', true)
  await loss.update()
  await loss.expectSound(3)
  await loss.world.node.stop()
})

test('a recovery that was cut short once it had counted leaves no block that a later one cannot take over', async () => {
  let takesBack = true
  const wrap = (store: RecordStore): RecordStore =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name === 'commit' && !takesBack) {
          return (writes: readonly RecordWrite[], options: CommitOptions) =>
            writes.some(({ family }) => family === 'entry')
              ? Promise.reject(new CodedError('storage-full', 'no room for a placement map'))
              : target.commit(writes, options)
        }
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const loss = await LossWorld.start({ wrap })
  const { world } = loss
  const changes = async (): Promise<void> => {
    await loss.put('new', true)
    await loss.update()
  }
  await loss.lose(changes, changes)
  takesBack = false
  await expect(world.start()).rejects.toMatchObject({ code: 'storage-full' })
  const [first] = world.disk.frames
  if (first === undefined) throw new Error('the start wrote what it counted')
  expect(world.disk.frames.length).toBeGreaterThan(1)
  expect(world.disk.damageFrame(first.sequence)).toBe(true)
  world.disk.crash()
  takesBack = true
  await world.start()
  expect(world.node.status().condition.kind).toBe('suspect')
  await world.node.stop()
  world.disk.recover()
  await world.start()
  await changes()
  await loss.expectSound(4)
  await world.node.stop()
})
