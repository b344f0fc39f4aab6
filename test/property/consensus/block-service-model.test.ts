import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlockDraft, BlockView } from '../../../src/node/engine/block/block-service.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

/** What the twin knows of a slot: nothing, or the data and version that a fetch must answer. */
interface TwinBlock {
  readonly version: bigint
  readonly data: string
}

type Twin = (TwinBlock | undefined)[]

type Operation =
  | { readonly kind: 'insert' | 'remove' | 'update' | 'outdated' | 'ahead'; readonly slot: number; readonly data: string }
  | { readonly kind: 'restart' }
type Step = Operation | { readonly kind: 'crash'; readonly during: Operation; readonly keep: number; readonly torn: boolean }

/** Two owner blocks, a named one and a content block. */
const kinds = ['owner', 'owner', 'named', 'content'] as const
const none = new Uint8Array(0)

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'update', 'update', 'update', 'outdated', 'ahead', 'remove'),
  slot: fc.nat({ max: kinds.length - 1 }),
  data: fc.string({ maxLength: 12 }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: operation },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('crash'), during: operation, keep: fc.nat({ max: 2 }), torn: fc.boolean() }),
  },
) as fc.Arbitrary<Step>

/** What an operation makes of a slot, and the code or kind of its answer. */
function expected(
  twin: Twin,
  { kind, slot, data }: Exclude<Operation, { kind: 'restart' }>,
): { next: TwinBlock | undefined; answer: string } {
  const now = twin[slot]
  if (kind === 'remove')
    return now === undefined ? { next: now, answer: 'block-not-found' } : { next: undefined, answer: 'removed' }
  if (kinds[slot] === 'content') {
    // A content block keeps the data that its address was made for; inserting it again is no error.
    if (kind !== 'insert') return { next: now, answer: 'invalid-argument' }
    return { next: { version: 0n, data: 'content' }, answer: 'inserted' }
  }
  if (kind === 'insert') {
    return now === undefined ? { next: { version: 0n, data }, answer: 'inserted' } : { next: now, answer: 'block-already-exists' }
  }
  if (now === undefined) return { next: now, answer: 'block-not-found' }
  if (data === now.data) return { next: now, answer: 'unchanged' }
  if (kind !== 'update') return { next: now, answer: 'conflict' }
  return { next: { version: now.version + 1n, data }, answer: 'updated' }
}

class Model {
  readonly world: NodeWorld
  readonly twin: Twin = kinds.map(() => undefined)
  readonly #made: readonly BlockView[]

  private constructor(world: NodeWorld, made: readonly BlockView[]) {
    this.world = world
    this.#made = made
  }

  static async make(): Promise<Model> {
    const world = await NodeWorld.start()
    const { blocks } = world
    const owners = [await blocks.makeOwner(none), await blocks.makeOwner(none)]
    return new Model(world, [...owners, await blocks.makeNamed(text('name')), await blocks.makeContent(text('content'), none)])
  }

  async run(each: Step): Promise<void> {
    if (each.kind === 'restart') await this.world.restart()
    else if (each.kind === 'crash') {
      if (each.during.kind === 'restart') return
      await this.#crash(each.during, each)
    } else {
      const { next, answer } = expected(this.twin, each)
      expect(await this.#answerOf(each)).toBe(answer)
      this.twin[each.slot] = next
    }
    await this.#compare()
  }

  /** The machine dies while the operation is on its way: it happened or it did not, and nothing else changed. */
  async #crash(during: Exclude<Operation, { kind: 'restart' }>, crash: { keep: number; torn: boolean }): Promise<void> {
    const { next } = expected(this.twin, during)
    const { disk } = this.world
    disk.scheduleSync = () => undefined
    void this.#answerOf(during).catch(() => undefined)
    for (let tick = 0; tick < 3; tick++) await new Promise((resolve) => setImmediate(resolve))
    disk.scheduleSync = queueMicrotask
    await this.world.crash(crash)
    const found = await this.#fetch(during.slot)
    if (found?.version === next?.version && found?.data === next?.data) this.twin[during.slot] = next
  }

  async #compare(): Promise<void> {
    for (let slot = 0; slot < kinds.length; slot++) expect(await this.#fetch(slot)).toEqual(this.twin[slot])
  }

  async #fetch(slot: number): Promise<TwinBlock | undefined> {
    const view = await this.world.blocks.fetch(this.#view(slot).address, { decrypt: true }, call)
    return view && { version: view.version, data: new TextDecoder().decode(view.plain ?? view.data) }
  }

  async #answerOf({ kind, slot, data }: Exclude<Operation, { kind: 'restart' }>): Promise<string> {
    const { blocks } = this.world
    const draft = this.#draft(slot, data)
    try {
      if (kind === 'insert') {
        await blocks.insert(draft, call)
        return 'inserted'
      }
      if (kind === 'remove') {
        await blocks.remove(this.#view(slot).address, call)
        return 'removed'
      }
      const version = (this.twin[slot]?.version ?? 0n) + (kind === 'outdated' ? -1n : kind === 'ahead' ? 1n : 0n)
      return (await blocks.update({ ...draft, version }, { decrypt: true }, call)).kind
    } catch (error) {
      for (const code of ['block-not-found', 'block-already-exists', 'invalid-argument'] as const)
        if (isCoded(error, code)) return code
      throw error
    }
  }

  #draft(slot: number, data: string): BlockDraft {
    const made = this.#view(slot)
    if (made.kind === 'content') return draftOf(made)
    return made.kind === 'owner' ? draftOf(made, { plain: text(data) }) : draftOf(made, { data: text(data) })
  }

  #view(slot: number): BlockView {
    const made = this.#made[slot]
    if (made === undefined) throw new Error('there is no such slot')
    return made
  }
}

describe('the block service', () => {
  test('equals a map of blocks through crashes and restarts, and everything it keeps verifies', async () => {
    let crashes = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const model = await Model.make()
        for (const each of steps) {
          if (each.kind === 'crash') crashes++
          await model.run(each)
        }
        expect((await model.world.node.verify()).findings).toEqual([])
        await model.world.node.stop()
      }),
      { numRuns: 120 },
    )
    expect(crashes).toBeGreaterThan(50)
  })
})
