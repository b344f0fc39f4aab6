import { describe, expect, test } from 'vitest'
import { frameSize } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { operationWeight } from '../../../src/node/core/kv/page-change.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { call, KeyValueWorld, noise } from '../../support/key-value-world.ts'

const any = { precondition: { kind: 'any' as const } }
/** What a travelling block adds beside its bytes. */
const blockBytes = 264

/** A world that keeps the frame bytes of every batch that its store was given. */
async function weighedWorld() {
  const frames: number[] = []
  const wrap = (store: RecordStore): RecordStore =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (name !== 'commit') return member.bind(target)
        return (...args: Parameters<RecordStore['commit']>) => {
          const { operationsLength, payloadsLength } = frameSize(args[0], defaultLimits.inlinePayloadBytesMax)
          frames.push(operationsLength + payloadsLength)
          return target.commit(...args)
        }
      },
    })
  return { world: await KeyValueWorld.make({ wrap }), frames }
}

const puts = (count: number, keyBytes: number, valueBytes: number, contentType: string) =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'put' as const,
    key: String(index).padEnd(keyBytes, 'k'),
    value: noise(valueBytes, index + 1),
    options: { ...any, contentType },
  }))

describe('the weight of an operation', () => {
  for (const identified of [false, true]) {
    for (const keyBytes of [8, 100, 4000]) {
      for (const typeBytes of [0, 255]) {
        test(`bounds what it writes and is near it: key ${keyBytes}, type ${typeBytes}, ${identified ? 'with' : 'no'} id`, async () => {
          const { world, frames } = await weighedWorld()
          const context = () => (identified ? { ...call, requestId: world.nextId() } : call)
          const said = operationWeight(keyBytes, typeBytes, identified) + blockBytes + 100
          // The second round replaces what the first put, which leaves a candidate for each.
          for (const share of [0.6, 0.9]) {
            await world.kv.batch('', puts(1, keyBytes, 100, 'x'.repeat(typeBytes)), context())
            const alone = frames.at(-1) ?? 0
            await world.kv.batch('', puts(101, keyBytes, 100, 'x'.repeat(typeBytes)), context())
            const each = ((frames.at(-1) ?? 0) - alone) / 100
            expect(each).toBeLessThanOrEqual(said)
            expect(each).toBeGreaterThan(said * share)
          }
          await world.close()
        })
      }
    }
  }
})

test('the largest batch of small values goes down at once, and with a request id in a few groups', async () => {
  const { world, frames } = await weighedWorld()
  const { batchOperationsMax, foldRequestsMax } = world.limits
  const operations = puts(batchOperationsMax, 8, 1, '')
  const before = frames.length
  await world.kv.batch('', operations, call)
  expect(frames.length - before).toBe(1)
  // Each value that goes ahead is a batch of its own, but groups of them share a write and a sync.
  let waiting = 0
  let most = 0
  const { store } = world
  const commit = store.commit.bind(store)
  store.commit = async (...args) => {
    most = Math.max(most, ++waiting)
    await commit(...args).finally(() => waiting--)
  }
  await world.kv.batch('', operations, { ...call, requestId: world.nextId() })
  expect(most).toBe(foldRequestsMax)
  expect(world.count('collect')).toBe(batchOperationsMax)
  await world.close()
}, 60_000)

test('a batch whose caller went away stores no further values ahead', async () => {
  const { world, frames } = await weighedWorld()
  const controller = new AbortController()
  const operations = Array.from({ length: 60 }, (_, index) => ({
    kind: 'put' as const,
    key: `key ${index}`,
    value: noise(600_000, index + 1),
    options: any,
  }))
  const before = frames.length
  const { store } = world
  const commit = store.commit.bind(store)
  store.commit = (...args) => {
    controller.abort(new Error('gone'))
    return commit(...args)
  }
  await expect(world.kv.batch('', operations, { signal: controller.signal })).rejects.toThrow('gone')
  // One group, of as many values as one write of the journal takes.
  expect(frames.length - before).toBeLessThan(10)
  await world.close()
})
