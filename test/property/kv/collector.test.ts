import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isCoded } from '../../../src/shared/coded-error.ts'
import { call, gather, KeyValueWorld, noise } from '../../support/key-value-world.ts'

const limits = { chunkBytes: 200, foldBytesMax: 1500, collectStepMax: 4, batchBytesMax: 20_000, valueCacheItemBytesMax: 0 }
const any = { precondition: { kind: 'any' } } as const
const turn = () => new Promise((resolve) => setImmediate(resolve))

const size = fc.constantFrom(0, 50, 200, 201, 900, 2500)
const key = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), key, size }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stream' as const), key, size, pauses: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), key }) },
  fc.record({ kind: fc.constant('batch' as const), size }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  { weight: 2, arbitrary: fc.constant({ kind: 'collect' as const }) },
  fc.record({ kind: fc.constant('wait' as const), share: fc.constantFrom(0.01, 0.2, 0.45, 0.6, 1.1) }),
)
const plan = fc.array(fc.record({ step, turns: fc.nat(4) }), { maxLength: 40 })

/** A value says its own size and number, so that a reader knows whether it got one whole value. */
function valueBytes(length: number, seed: number): Uint8Array {
  const value = noise(length, seed)
  if (length >= 4) new DataView(value.buffer).setUint32(0, seed)
  return value
}

function expectWhole(bytes: Uint8Array): void {
  if (bytes.length < 4) return
  const seed = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  expect(Buffer.compare(bytes, valueBytes(bytes.length, seed))).toBe(0)
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function carryOut(world: KeyValueWorld, each: Step, seed: number): Promise<void> {
  const { kv } = world
  switch (each.kind) {
    case 'put':
      await kv.put('', each.key, valueBytes(each.size, seed), any, call)
      return
    case 'stream':
      await kv.putStream('', each.key, slowPieces(valueBytes(each.size, seed), each.pauses), any, call)
      return
    case 'batch':
      await kv.batch(
        '',
        ['a', 'b', 'c'].map((name) => ({ kind: 'put', key: name, value: valueBytes(each.size, seed), options: any })),
        call,
      )
      return
    case 'delete':
      await kv.delete('', each.key, { kind: 'any' }, call)
      return
    case 'read': {
      const read = await kv.read('', each.key, {}, call)
      await turn()
      if (read !== undefined) expectWhole(await gather(read.pieces))
      return
    }
    case 'collect':
      await kv.collect(call.signal)
      return
    case 'wait':
      world.clock.advance(each.share * world.limits.collectGraceMs)
  }
}

async function* slowPieces(value: Uint8Array, pauses: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < value.length; from += 150) {
    for (let pause = 0; pause < pauses; pause++) await turn()
    yield value.subarray(from, from + 150)
  }
}

/** What the passing of hours may do to those who are under way. */
function isLate(error: unknown): boolean {
  return isCoded(error, 'deadline-exceeded') || isCoded(error, 'revision-changed')
}

/** Chunks that were collected while the manifest that took their candidates away was on its way to the disk. */
const fromEarlierFailures: [{ step: Step; turns: number }[]][] = [1, 2, 3, 4, 5, 6, 7, 8].map((turns) => [
  [
    { step: { kind: 'stream', key: 'a', size: 2500, pauses: 1 }, turns },
    { step: { kind: 'wait', share: 1.1 }, turns: 0 },
  ],
])

test('a named value is never collected, and everything else is, whatever happens side by side', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      const world = await KeyValueWorld.make({ limits, manifestPartsMax: 3 })
      const failures: unknown[] = []
      const running: Promise<void>[] = []
      for (const [index, { step: each, turns }] of steps.entries()) {
        const failed = (error: unknown) => (isLate(error) ? undefined : void failures.push(error))
        running.push(carryOut(world, each, index + 1).catch(failed))
        for (let pause = 0; pause < turns; pause++) await turn()
      }
      await Promise.all(running)
      expect(failures).toEqual([])
      world.clock.advance(3 * world.limits.collectGraceMs)
      await world.kv.collect(call.signal)
      let blocks = 0
      for (const name of ['a', 'b', 'c']) {
        const got = await world.kv.get('', name, {}, call)
        if (got === undefined) continue
        expectWhole(got.value)
        blocks += blocksOf(got.metadata.chunks)
      }
      expect(world.count('content')).toBe(blocks)
      expect(world.count('collect')).toBe(0)
      await world.close()
    }),
    { numRuns: 200, examples: fromEarlierFailures },
  )
})

/** Chunks and the manifests above them, three parts each. */
function blocksOf(chunks: number): number {
  if (chunks === 0) return 1
  let blocks = chunks
  for (let parts = chunks; parts > 1; ) {
    parts = Math.ceil(parts / 3)
    blocks += parts
  }
  return blocks
}
