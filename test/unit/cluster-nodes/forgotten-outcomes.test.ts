import { expect, test } from 'vitest'
import { unavailable } from '../../../src/node/adapters/peer-session/peer-failure.ts'
import { compareBytes, emptyBytes } from '../../../src/node/core/base/bytes.ts'
import { requestKindOf } from '../../../src/node/core/wire/peer-body.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

test('a change that its node sent again after its outcome was forgotten is not said to be refused', async () => {
  await using cluster = await MemoryCluster.of(2, { outcomesMax: 4 })
  let isArmed = false
  const caller = await cluster.grow('node-3', {
    wrapTransport: (transport) => {
      const request = transport.request.bind(transport)
      transport.request = async (nodeId, body, options) => {
        const answer = await request(nodeId, body, options)
        if (!isArmed || requestKindOf(body) !== 'routed') return answer
        isArmed = false
        for (let index = 0; index < 12; index++) await cluster.at(0).put(`other-${index}`, 'value')
        throw unavailable('the connection broke', { reason: 'lost' })
      }
      return transport
    },
  })
  await cluster.settled()
  await cluster.at(0).put('key', 'before')
  isArmed = true
  expect(await caller.codeOf(caller.put('key', 'after'))).toBe('outcome-unknown')
  expect(isArmed).toBe(false)
  expect(await caller.get('key')).toBe('after')
})

test('what members look at for each change does not grow with the outcomes that are kept or were forgotten', async () => {
  const watched = new WatchedOutcomes()
  await using cluster = await MemoryCluster.of(1, { outcomesMax: 256 })
  for (const name of ['node-2', 'node-3']) await cluster.grow(name, { wrapStore: watched.wrap })
  await cluster.settled()
  await cluster.at(0).stop()
  for (let index = 0; index < 300; index++) await cluster.at(1).put('key', `value ${index}`)
  expect(watched.forgotten).toBeGreaterThan(0)
  watched.found = 0
  watched.passed = 0
  const changes = 64
  for (let index = 0; index < changes; index++) await cluster.at(1).put('key', `later ${index}`)
  // An index walks over what it still holds of removed records where a scan begins in front of them.
  expect(watched.passed).toBe(0)
  expect(watched.found).toBeLessThan(8 * changes)
})

/** What scans of the outcomes of stores found, and which records that were removed lay in their ranges. */
class WatchedOutcomes {
  found = 0
  passed = 0
  forgotten = 0

  readonly wrap = (store: RecordStore): RecordStore => {
    const forgotten: Uint8Array[] = []
    const { scan, commit } = { scan: store.scan.bind(store), commit: store.commit.bind(store) }
    store.scan = async (family, options) => {
      const found = await scan(family, options)
      if (family !== 'outcome') return found
      const first = options.from ?? options.after ?? emptyBytes
      this.found += found.length
      this.passed += forgotten.filter((key) => compareBytes(key, first) >= 0 && isBefore(key, options.before)).length
      return found
    }
    store.commit = async (writes, options) => {
      await commit(writes, options)
      for (const { kind, family, key } of writes) if (kind === 'delete' && family === 'outcome') forgotten.push(key)
      this.forgotten = forgotten.length
    }
    return store
  }
}

function isBefore(key: Uint8Array, before: Uint8Array | undefined): boolean {
  return before === undefined || compareBytes(key, before) < 0
}
