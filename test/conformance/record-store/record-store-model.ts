import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordFamily, RecordStore, RecordWrite, ScanOptions } from '../../../src/node/ports/record-store.ts'
import { keyArbitrary, scanArbitrary } from './record-store-scans.ts'
import type { StoreBed, StoreTraits } from './store-bed.ts'
import { filler } from './store-bed.ts'
import { dumpOf, plain, StoreTwin } from './store-twin.ts'

interface Model {
  twin: StoreTwin
  starts: number
}

interface Real {
  readonly bed: StoreBed
  store: RecordStore
}

type Command = fc.AsyncCommand<Model, Real>

const familyArbitrary: fc.Arbitrary<RecordFamily> = fc.constantFrom(
  'entry',
  'entry',
  'block',
  'content',
  'local',
  'accepted',
  'vote',
)
const valueArbitrary = fc
  .tuple(fc.constantFrom(0, 1, 5, 40, 300, 16_384, 16_385, 40_000), fc.integer({ min: 1, max: 1000 }))
  .map(([length, seed]) => filler(length, seed))
const writeArbitrary: fc.Arbitrary<RecordWrite> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      family: familyArbitrary,
      key: keyArbitrary,
      value: valueArbitrary,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), family: familyArbitrary, key: keyArbitrary }) },
)
const batchArbitrary = fc.array(writeArbitrary, { minLength: 1, maxLength: 6 })
const batchesArbitrary = fc.array(batchArbitrary, { minLength: 1, maxLength: 5 })

function command(label: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => label }
}

function describeBatches(batches: readonly (readonly RecordWrite[])[]): string {
  const write = (each: RecordWrite) =>
    `${each.kind} ${each.family}/${Buffer.from(each.key).toString('hex')}${each.kind === 'put' ? `=${each.value.length}` : ''}`
  return batches.map((batch) => `[${batch.map(write).join(', ')}]`).join(' ')
}

const commit = (batches: readonly (readonly RecordWrite[])[]) =>
  command(`commit ${describeBatches(batches)}`, async (model, { store }) => {
    const commits = batches.map((batch) => store.commit(batch))
    await Promise.all(commits)
    model.twin = model.twin.with(batches)
  })

const read = (family: RecordFamily, key: Uint8Array) =>
  command(`get ${family}/${Buffer.from(key).toString('hex')}`, async ({ twin }, { store }) => {
    const expected = twin.get(family, key)
    const value = await store.get(family, key)
    expect(value === undefined ? undefined : Buffer.from(value)).toEqual(
      expected === undefined ? undefined : Buffer.from(expected),
    )
    expect(await store.has(family, key)).toBe(expected !== undefined)
  })

const scan = (family: RecordFamily, options: Omit<ScanOptions, 'signal'>) =>
  command(`scan ${family} ${JSON.stringify(options)}`, async ({ twin }, { store }) => {
    expect(plain(await store.scan(family, options))).toEqual(plain(twin.scan(family, options)))
  })

async function reopen(model: Model, real: Real): Promise<void> {
  real.store = await real.bed.open()
  model.starts++
  expect(real.store.identity.bootCount).toBe(model.starts)
  expect(real.store.condition).toEqual({ kind: 'sound' })
}

const restart = command('restart', async (model, real) => {
  await real.store.close()
  await reopen(model, real)
  expect(await dumpOf(real.store)).toEqual(model.twin.dump())
})

/** What was in flight at the crash is there up to some batch, each of them whole. */
const crash = (inFlight: readonly (readonly RecordWrite[])[]) =>
  command(`crash during ${describeBatches(inFlight)}`, async (model, real) => {
    const release = real.bed.holdSync()
    for (const batch of inFlight) void real.store.commit(batch).catch(() => {})
    await real.bed.crash()
    release()
    await reopen(model, real)
    const dump = (await dumpOf(real.store)).join('\n')
    const outcomes = Array.from({ length: inFlight.length + 1 }, (_, count) => model.twin.with(inFlight.slice(0, count)))
    const outcome = outcomes.find((each) => each.dump().join('\n') === dump)
    expect(outcome, 'the store holds every answered batch and a prefix of the others').toBeDefined()
    model.twin = outcome!
  })

const inspect = command('inspect', async ({ twin }, { store }) => {
  expect((await store.verify()).findings).toEqual([])
  await expect.poll(() => store.usage().families).toEqual(twin.counts)
  expect(store.usage().liveBytes).toBe(twin.liveBytes)
})

const commands = [
  batchesArbitrary.map(commit),
  batchesArbitrary.map(commit),
  batchesArbitrary.map(commit),
  fc.tuple(familyArbitrary, keyArbitrary).map(([family, key]) => read(family, key)),
  fc.tuple(familyArbitrary, scanArbitrary).map(([family, options]) => scan(family, options)),
  fc.constant(inspect),
  fc.constant(restart),
  fc.array(batchArbitrary, { maxLength: 3 }).map(crash),
]

export function describeModel(makeBed: () => Promise<StoreBed>, { modelRuns }: StoreTraits): void {
  test('any sequence of commits, reads, restarts and crashes leaves what a sorted map would hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), async (sequence) => {
        await using bed = await makeBed()
        const real: Real = { bed, store: await bed.open() }
        const model: Model = { twin: new StoreTwin(), starts: 1 }
        await fc.asyncModelRun(() => ({ model, real }), sequence)
        await real.store.close()
      }),
      { numRuns: modelRuns, seed: 20_260_102 },
    )
  })
}
