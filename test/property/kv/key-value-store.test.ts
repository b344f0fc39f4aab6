import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BatchOperation, ListQuery } from '../../../src/node/engine/kv/key-value-service.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { call, inPieces, KeyValueWorld, noise } from '../../support/key-value-world.ts'
import type { ModelOutcome } from './key-value-model.ts'
import { KeyValueModel, outcomeOf } from './key-value-model.ts'

const limits = { chunkBytes: 256, foldBytesMax: 2000, foldRequestsMax: 4, scanRecordsMax: 5, listKeysMax: 7, collectStepMax: 3 }

const segment = fc.constantFrom('a', 'b', 'é', '\0', '/', 'a/', '//', '\uffff', '😀')
const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join(''))
const bound = fc.array(segment, { maxLength: 3 }).map((segments) => segments.join(''))
const precondition = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'any' } as const) },
  fc.constant({ kind: 'absent' } as const),
  fc.constant({ kind: 'present' } as const),
  fc.bigInt(0n, 6n).map((version) => ({ kind: 'version', version }) as const),
)
const value = fc.tuple(fc.constantFrom(0, 1, 100, 256, 257, 700, 1500), fc.nat(1000)).map(([size, seed]) => noise(size, seed))
const operation: fc.Arbitrary<BatchOperation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value, options: fc.record({ precondition }) }) },
  fc.record({ kind: fc.constant('delete' as const), key, precondition }),
)
const query: fc.Arbitrary<ListQuery> = fc.record({
  prefix: bound,
  startAfter: bound,
  end: bound,
  delimiter: fc.constantFrom('', '/', 'a', '//', 'é'),
  limit: fc.constantFrom(0, 1, 2, 3),
  reverse: fc.boolean(),
  withValues: fc.boolean(),
  bytesMax: fc.constantFrom(10, 400, 1_000_000),
})

interface Real {
  readonly world: KeyValueWorld
}
interface Model {
  current: KeyValueModel
}
type Command = fc.AsyncCommand<Model, Real>

/** The operation by the call that is made for it alone. */
function carryOut(world: KeyValueWorld, operation: BatchOperation, context = call) {
  return operation.kind === 'put'
    ? world.kv.put('', operation.key, operation.value, operation.options, context)
    : world.kv.delete('', operation.key, operation.precondition, context)
}

async function stateOf(world: KeyValueWorld): Promise<Record<string, string>> {
  const state: Record<string, string> = {}
  for (let pageToken: Uint8Array | undefined, first = true; first || pageToken !== undefined; first = false) {
    const page = await world.kv.list('', pageToken === undefined ? {} : { pageToken }, call)
    for (const { metadata } of page.items) {
      const got = await world.kv.get('', metadata.key, {}, call)
      state[metadata.key] = `${metadata.version}:${Buffer.from(got?.value ?? []).toString('hex')}`
    }
    pageToken = page.nextPageToken
  }
  return state
}

function command(name: string, run: (model: Model, world: KeyValueWorld) => Promise<void>): Command {
  return { check: () => true, run: (model, { world }) => run(model, world), toString: () => name }
}

const show = (operation: BatchOperation): string => `${operation.kind} ${JSON.stringify(operation.key)}`

const single = operation.map((each) =>
  command(show(each), async (model, world) => {
    const expected = model.current.apply(each)
    expect(outcomeOf(await carryOut(world, each))).toEqual(expected)
  }),
)

const streamed = fc.record({ key, value, options: fc.record({ precondition }) }).map((put) =>
  command(`stream ${JSON.stringify(put.key)}`, async (model, world) => {
    const expected = model.current.apply({ kind: 'put', ...put })
    expect(outcomeOf(await world.kv.putStream('', put.key, inPieces(put.value, 90), put.options, call))).toEqual(expected)
  }),
)

const batch = fc.array(operation, { minLength: 1, maxLength: 6 }).map((operations) =>
  command(`batch ${operations.map(show).join()}`, async (model, world) => {
    const expected = operations.map((each) => model.current.apply(each))
    expect((await world.kv.batch('', operations, call)).map(outcomeOf)).toEqual(expected)
  }),
)

function small(operation: BatchOperation): BatchOperation {
  return operation.kind === 'put' ? { ...operation, value: operation.value.subarray(0, 50) } : operation
}

/** Small values only, which take the same way: requests made together are decided in the order in which they were made. */
const together = fc.array(operation, { minLength: 2, maxLength: 9 }).map((all) => {
  const operations = all.map(small)
  return command(`together ${operations.map(show).join()}`, async (model, world) => {
    const results = await Promise.all(operations.map((each) => carryOut(world, each)))
    expect(results.map(outcomeOf)).toEqual(operations.map((each) => model.current.apply(each)))
  })
})

const repeated = fc.tuple(operation, fc.boolean(), fc.boolean()).map(([each, restart, twice]) =>
  command(`${show(each)} with an id${restart ? ', restart' : ''}`, async (model, world) => {
    const context = { ...call, requestId: world.nextId() }
    const expected = model.current.apply(each)
    const first = await Promise.all(
      twice ? [carryOut(world, each, context), carryOut(world, each, context)] : [carryOut(world, each, context)],
    )
    expect(first.map(outcomeOf)).toEqual(first.map(() => expected))
    if (restart) await world.restart()
    expect(await carryOut(world, each, context)).toEqual(first[0])
  }),
)

const listing = query.map((each) =>
  command(`list ${JSON.stringify(each)}`, async (model, world) => {
    const expected = model.current.list(each)
    const items: string[] = []
    const prefixes: string[] = []
    for (let next: ListQuery | undefined = each; next !== undefined; ) {
      const page: Awaited<ReturnType<typeof world.kv.list>> = await world.kv.list('', next, call)
      const count = page.items.length + page.commonPrefixes.length
      expect(count).toBeLessThanOrEqual(each.limit === 0 ? limits.listKeysMax : (each.limit ?? 0))
      for (const { metadata, value: shown } of page.items) {
        items.push(metadata.key)
        const wanted = model.current.entries.get(metadata.key)?.value
        const carried = each.withValues === true && metadata.size <= (each.bytesMax ?? 0)
        expect(shown === undefined ? undefined : Buffer.from(shown)).toEqual(carried ? Buffer.from(wanted ?? []) : undefined)
      }
      prefixes.push(...page.commonPrefixes)
      if (page.nextPageToken !== undefined) expect(count).toBeGreaterThan(0)
      const seen = items.length + prefixes.length
      expect(page.nextPageToken === undefined).toBe(seen === expected.length)
      next = page.nextPageToken === undefined ? undefined : { ...each, pageToken: page.nextPageToken }
    }
    expect(items).toEqual(expected.filter(({ kind }) => kind === 'item').map(({ text }) => text))
    expect(prefixes).toEqual(expected.filter(({ kind }) => kind === 'prefix').map(({ text }) => text))
  }),
)

const restart = fc.constant(
  command('restart', async (model, world) => {
    await world.restart()
    expect(await stateOf(world)).toEqual(model.current.state())
  }),
)

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Operations are under way when the power goes; some syncs were finished before, some batches reach the disk unsynced. */
const crash = fc
  .record({
    groups: fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
    syncs: fc.nat(3),
    keep: fc.nat(2),
    torn: fc.boolean(),
  })
  // Chunked values take their time before they come to their turn, so that they are alone here.
  .map(({ groups, ...rest }) => ({ ...rest, groups: groups.length === 1 ? groups : groups.map((group) => group.map(small)) }))
  .map(({ groups, syncs, keep, torn }) =>
    command(
      `crash of ${groups.map((group) => group.map(show).join()).join(' | ')} after ${syncs} syncs`,
      async (model, world) => {
        const held: (() => void)[] = []
        world.disk.scheduleSync = (complete) => void held.push(complete)
        const acknowledged: { index: number; outcome: ModelOutcome }[] = []
        const operations = groups.flat()
        let index = 0
        for (const group of groups) {
          // One batch a group, so that the order in which the groups are decided is the order in which they were made.
          const first = index
          index += group.length
          void world.kv.batch('', group, call).then(
            (results) => {
              for (const [place, result] of results.entries())
                acknowledged.push({ index: first + place, outcome: outcomeOf(result) })
            },
            () => undefined,
          )
          await turn()
        }
        for (let sync = 0; sync < syncs; sync++) {
          held.shift()?.()
          await turn()
        }
        const promised = acknowledged.reduce((highest, each) => Math.max(highest, each.index + 1), 0)
        world.disk.scheduleSync = queueMicrotask
        await world.crash({ keep, torn })
        const actual = await stateOf(world)
        const boundaries = [0]
        for (const group of groups) boundaries.push((boundaries.at(-1) ?? 0) + group.length)
        const candidates = boundaries
          .filter((count) => count >= promised)
          .map((count) => {
            const candidate = model.current.copy()
            const outcomes = operations.slice(0, count).map((each) => candidate.apply(each))
            return { candidate, outcomes }
          })
        const survived = candidates.find(
          ({ candidate }) => JSON.stringify(sorted(candidate.state())) === JSON.stringify(sorted(actual)),
        )
        expect(survived, `${JSON.stringify(actual)} is none of the states that may survive`).toBeDefined()
        for (const { index: place, outcome } of acknowledged) expect(outcome).toEqual(candidates.at(-1)?.outcomes[place])
        // Where several states look alike the later one has the higher version floor; versions of what follows show which it was.
        model.current =
          candidates.findLast(({ candidate }) => JSON.stringify(sorted(candidate.state())) === JSON.stringify(sorted(actual)))
            ?.candidate ?? model.current
        await alignFloor(
          model,
          world,
          candidates.map(({ candidate }) => candidate),
          actual,
        )
      },
    ),
  )

function sorted(state: Record<string, string>): [string, string][] {
  return Object.entries(state).sort(([left], [right]) => (left < right ? -1 : 1))
}

/** Finds out by a fresh key which of the states that look alike survived. */
async function alignFloor(
  model: Model,
  world: KeyValueWorld,
  candidates: readonly KeyValueModel[],
  actual: Record<string, string>,
): Promise<void> {
  const probe = { kind: 'put', key: 'probe', value: new Uint8Array(0), options: { precondition: { kind: 'any' } } } as const
  const outcome = outcomeOf(await carryOut(world, probe))
  const alike = candidates.filter((candidate) => JSON.stringify(sorted(candidate.state())) === JSON.stringify(sorted(actual)))
  const found = alike.find((candidate) => candidate.copy().apply(probe).version === outcome.version)
  expect(found, 'the version of a fresh key fits none of the states that may survive').toBeDefined()
  if (found === undefined) return
  model.current = found
  model.current.apply(probe)
}

const time = fc.constantFrom(1, 60_000, 61 * 60_000).map((durationMs) =>
  command(`wait ${durationMs} ms and collect`, async (model, world) => {
    world.clock.advance(durationMs)
    await world.kv.collect(call.signal)
    expect(await stateOf(world)).toEqual(model.current.state())
  }),
)

/** Answers as a disk does: not at once. */
function slowly(store: RecordStore): RecordStore {
  return {
    traits: store.traits,
    scrub: undefined,
    identity: store.identity,
    condition: store.condition,
    commit: (batch, options) => store.commit(batch, options),
    get: async (family, wanted) => {
      await turn()
      return await store.get(family, wanted)
    },
    has: async (family, wanted) => store.has(family, wanted),
    scan: async (family, options) => {
      const found = await store.scan(family, options)
      await turn()
      return found
    },
    usage: () => store.usage(),
    verify: (signal) => store.verify(signal),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

test.each([
  ['at once', {}],
  ['after a while', { wrap: slowly }],
])('a store that answers %s does what a sorted map does, across restarts, crashes and collections', async (_name, options) => {
  const commands = fc.commands([single, single, streamed, batch, together, repeated, listing, listing, restart, crash, time], {
    maxCommands: 30,
  })
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const world = await KeyValueWorld.make({ limits, manifestPartsMax: 2, ...options })
      const model = { current: new KeyValueModel() }
      await fc.asyncModelRun(() => ({ model, real: { world } }), all)
      expect(await stateOf(world)).toEqual(model.current.state())
      // When the grace is over nothing is left but what the keys name.
      world.clock.advance(3 * world.limits.collectGraceMs)
      await world.kv.collect(call.signal)
      expect(await stateOf(world)).toEqual(model.current.state())
      expect(world.count('content')).toBe(namedBlocks(model.current))
      expect(world.count('collect')).toBe(0)
      expect(world.count('entry')).toBe(model.current.entries.size)
      expect(world.kv.keysOf('')).toBe(model.current.entries.size)
      expect((await world.store.verify()).findings).toEqual([])
      await world.close()
    }),
    { numRuns: 150 },
  )
})

/** Blocks that the values of the model take: chunks and the manifests above them, two parts each. */
function namedBlocks(model: KeyValueModel): number {
  let blocks = 0
  for (const {
    value: { length },
  } of model.entries.values()) {
    if (length <= limits.chunkBytes) blocks++
    else
      for (let parts = Math.ceil(length / limits.chunkBytes), last = 0; last !== 1; parts = Math.ceil(parts / 2)) {
        blocks += parts
        last = parts
      }
  }
  return blocks
}
