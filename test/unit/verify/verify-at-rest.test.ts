import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import { addressFromBytes } from '../../../src/node/core/base/address.ts'
import { equalBytes, toHex } from '../../../src/node/core/base/bytes.ts'
import { rootBlockAddress } from '../../../src/node/core/block/map-block.ts'
import { acceptedKey, encodeAccepted, encodeVote } from '../../../src/node/core/consensus/vote-codec.ts'
import { verifyAtRest } from '../../../src/node/engine/verify/verify-at-rest.ts'
import type { RecordWrite } from '../../../src/node/ports/record-store.ts'
import { call, noise, text } from '../../support/key-value-world.ts'
import { NodeWorld } from '../../support/node-world.ts'

const any = { precondition: { kind: 'any' } } as const

/** The store of a node that was stopped, changed by hand, and what is found in it. */
async function atRest(world: NodeWorld, changes: readonly RecordWrite[] = []) {
  const random = new SystemRandom()
  const writer = openMemoryStore({ random, disk: world.disk })
  if (changes.length > 0) await writer.commit(changes)
  await writer.close()
  return await world.findingsAtRest()
}

test('the rules of a stopped node are verified without a start, and each kind of break is found', async () => {
  const world = await NodeWorld.start()
  for (let key = 0; key < 20; key++) {
    const requestId = world.nextId()
    await world.node.keyValues.put('', `k${key}`, noise(200, key + 1), any, { ...call, requestId })
  }
  const [outcome] = await world.store.scan('outcome', { limit: 1 })
  const [first, second] = await world.store.scan('content', { limit: 2 })
  const root = rootBlockAddress(new NodeCrypto({ verifyKeysMax: 16 }), world.node.status().identity.networkId)
  const entries = await world.store.scan('entry', { limit: 100 })
  const entry = entries.find(({ key }) => !equalBytes(key.subarray(0, 32), root))
  await world.node.stop()
  expect(await atRest(world)).toEqual([])
  const swapped = await atRest(world, [{ kind: 'put', family: 'content', key: first!.key, value: second!.value }])
  expect(swapped).toEqual([`content: ${toHex(first!.key)} is not what its address says`])
  const lost = await atRest(world, [{ kind: 'delete', family: 'content', key: first!.key }])
  expect(lost).toEqual([expect.stringContaining(`names a value whose block ${toHex(first!.key)} is missing`)])
  const short = await atRest(world, [{ kind: 'delete', family: 'entry', key: entry!.key }])
  expect(short?.join('\n')).toMatch(/block: [0-9a-f]{64} says 20 entries and has 19/)
  const forgotten = await atRest(world, [{ kind: 'delete', family: 'outcome', key: outcome!.key }])
  expect(forgotten?.join('\n')).toMatch(/block: [0-9a-f]{64} says 20 outcomes and has 19/)
  // Half replaced by a snapshot, as a node leaves it that is stopped meanwhile.
  const address = outcome!.key.subarray(0, 32)
  const promised = { round: 1, recovery: 0, bootCount: 1, nodeId: new Uint8Array(32), storeId: new Uint8Array(16) }
  const installing = encodeVote({ promised, installing: true })
  const half = await atRest(world, [{ kind: 'put', family: 'vote', key: address, value: installing }])
  expect(half?.join('\n')).not.toMatch(/ says /)
  await atRest(world, [{ kind: 'delete', family: 'vote', key: address }])
  const longer = new Uint8Array([...entry!.value, 0])
  const grown = await atRest(world, [{ kind: 'put', family: 'entry', key: entry!.key, value: longer }])
  expect(grown?.join('\n')).toMatch(/block: [0-9a-f]{64} says \d+ bytes of entries and has \d+/)
})

test('a vote or an accepted entry that cannot be read is found, and others are not', async () => {
  const world = await NodeWorld.start()
  await world.node.keyValues.put('', 'k', text('v'), any, call)
  const [block] = await world.store.scan('block', { limit: 1 })
  const address = addressFromBytes(block!.key)!
  const ballot = { recovery: 0, round: 1, bootCount: 1, nodeId: noise(32, 1), storeId: noise(16, 2) }
  await world.node.stop()
  const accepted = acceptedKey(address, 300)
  const kept = {
    vote: encodeVote({ promised: ballot, installing: false }),
    accepted: encodeAccepted({ ballot, entry: { kind: 'empty' } }),
  }
  const sound = [
    { kind: 'put', family: 'vote', key: address, value: kept.vote },
    { kind: 'put', family: 'accepted', key: accepted, value: kept.accepted },
  ] as const
  expect(await atRest(world, sound)).toEqual([])
  const short = accepted.subarray(0, 39)
  const broken = [
    { ...sound[0], value: kept.accepted },
    { ...sound[1], value: kept.vote },
    { ...sound[1], key: short },
  ]
  expect(await atRest(world, broken)).toEqual([
    `accepted: ${toHex(short)} cannot be read`,
    `accepted: ${toHex(accepted)} cannot be read`,
    `vote: ${toHex(address)} cannot be read`,
  ])
})

test('a key whose value is lost is named, in letters that a terminal may show', async () => {
  const world = await NodeWorld.start()
  const key = 'a "b"/\u001b[31m\u202e\u0085é'
  await world.node.keyValues.put('', key, noise(200, 1), any, call)
  const [content] = await world.store.scan('content', { limit: 1 })
  await world.store.commit([{ kind: 'delete', family: 'content', key: content!.key }])
  const running = (await world.node.verify()).findings.join()
  expect(running).toContain('is missing')
  expect(running, 'what may come into a log names no key').not.toContain('key')
  await world.node.stop()
  expect(await atRest(world)).toEqual([
    expect.stringContaining(String.raw`the value of key "a \"b\"/\u001b[31m\u{202e}\u{85}é" is lost`),
  ])
})

test('a store without a network has no rules, and without keys they cannot be verified', async () => {
  const world = await NodeWorld.start()
  await world.node.keyValues.put('', 'k', text('v'), any, call)
  await world.node.stop()
  world.vault.keys.clear()
  await expect(atRest(world)).rejects.toMatchObject({ code: 'key-unavailable' })
  const random = new SystemRandom()
  await using store = openMemoryStore({ random })
  const crypto = new NodeCrypto({ verifyKeysMax: 16 })
  const parts = { store, crypto, random, compressor: new ZstdCompressor(), keyVault: world.vault, limits: world.limits }
  expect(await verifyAtRest(parts)).toBeUndefined()
})
