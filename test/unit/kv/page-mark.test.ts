import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import type { PageChange } from '../../../src/node/core/kv/page-change.ts'
import type { PageEntryPart } from '../../../src/node/core/kv/page-entry.ts'
import { encodePageEntry } from '../../../src/node/core/kv/page-entry.ts'
import { NodeClock } from '../../../src/node/engine/clock/node-clock.ts'
import { PageLogic } from '../../../src/node/engine/kv/page-logic.ts'
import { pageRules } from '../../../src/node/engine/kv/page-rules.ts'
import { OutcomeLookup } from '../../../src/node/engine/outcome-lookup.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'
import { newPage } from '../../support/key-value-world.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { silentLogger } from '../../support/silent.ts'

const limits = { ...defaultLimits, collectGraceMs: 1000 }
const address = addressFromDigest(new Uint8Array(32).fill(3), 'mutable')
const member = { nodeId: new Uint8Array(32), storeId: new Uint8Array(16) }
const born = newPage(address, 1n, { ...member, bootCount: 1, recovery: 0 })

function logicOf(): PageLogic {
  const store = openMemoryStore({ random: new SeededRandom(1) })
  const clock = new NodeClock({ clock: new MemoryCluster().clock, store, limits, logger: silentLogger })
  const outcomes = new OutcomeLookup({ store, clock, limits })
  const rules = pageRules(limits, new NodeCrypto({ verifyKeysMax: 16 }))
  return new PageLogic({ store, limits, clock, rules, outcomes, keysChanged: () => undefined })
}

/** A put of a value that was stored ahead, born at this time. */
function putOf(birthMs: number): PageEntryPart {
  const value = {
    address: new Uint8Array(32).fill(0x81) as BlockAddress,
    size: 1,
    chunks: 0,
    birth: hlcFromMs(birthMs),
    block: undefined,
    settles: [],
  }
  const key = { text: 'k', bytes: Uint8Array.of(107) }
  const change: PageChange = {
    requestId: undefined,
    operations: [{ kind: 'put', key, precondition: { kind: 'any' }, contentType: emptyBytes, value }],
  }
  const names = { session: new Uint8Array(16).fill(1), sequence: 1n, writer: new Uint8Array(32) }
  return { ...names, changes: [change], signed: emptyBytes }
}

async function apply(logic: PageLogic, record: BlockRecord, atMs: number, parts: readonly PageEntryPart[]) {
  const body = encodePageEntry({ hlc: hlcFromMs(atMs), forgetUpTo: 0n, parts })
  const { record: next, result } = await logic.apply(record, { address, body, group: record.group, local: undefined })
  if (next === undefined) throw new Error('a page stays a page')
  return { next, result }
}

test('what was proposed before a mark and is chosen behind it is judged by the mark: its value may have been collected', async () => {
  const logic = logicOf()
  expect((await apply(logic, born, 10_100, [putOf(10_000)])).result).toMatchObject([[{ kind: 'decided' }]])
  const marked = await apply(logic, born, 10_600, [])
  expect(marked.next.version).toBe(1n)
  expect(marked.next.state).toMatchObject({ head: { revisionFloor: hlcFromMs(10_600) } })
  const late = await apply(logic, marked.next, 10_100, [putOf(10_000)])
  expect(late.result).toEqual([[{ kind: 'void' }]])
  expect(late.next).toBe(marked.next)
})

test('a mark below what the page has given changes nothing', async () => {
  const logic = logicOf()
  const { next } = await apply(logic, born, 10_100, [putOf(10_000)])
  expect((await apply(logic, next, 9000, [])).next).toBe(next)
})
