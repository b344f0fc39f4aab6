import { expect, test } from 'vitest'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { decodeEntry } from '../../../src/node/core/kv/entry.ts'
import type { PeerStream, Transport } from '../../../src/node/ports/transport.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { heldPage } from './held-state.ts'

/** Few entries are kept, and a snapshot is many pieces, which the transport cuts smaller. */
const limits = { retainedEntriesMax: 4, snapshotPieceBytes: 600, peerPieceBytes: 100 }
const keys = Array.from({ length: 40 }, (_, index) => `key-${String(index).padStart(2, '0')}`)

/** The streams that a node opens: how many, and of how many the pieces break off behind the first. */
class WatchedStreams {
  opened = 0
  breaking = 0

  readonly wrap = (transport: Transport): Transport => {
    const open = transport.openStream.bind(transport)
    transport.openStream = async (...args) => {
      this.opened++
      const stream = await open(...args)
      if (this.breaking === 0) return stream
      this.breaking--
      return brokenOff(stream)
    }
    return transport
  }
}

function brokenOff(stream: PeerStream): PeerStream {
  async function* pieces() {
    for await (const piece of stream.pieces) {
      yield piece
      throw new CodedError('unavailable', 'the connection broke')
    }
  }
  return { write: (bytes) => stream.write(bytes), end: () => stream.end(), pieces: pieces() }
}

/** Three nodes, of which the last one was away for longer than entries are kept. */
async function withOneBehind(
  streams: WatchedStreams,
  more: Partial<Limits> = {},
): Promise<{ readonly cluster: MemoryCluster; readonly behind: MemoryNode }> {
  const cluster = await MemoryCluster.of(2, { ...limits, ...more })
  const behind = await cluster.grow('node-3', { wrapTransport: streams.wrap })
  await cluster.settled()
  for (const key of keys) await cluster.at(0).put(key, 'old')
  await cluster.pass(2000)
  await behind.stop()
  for (const key of keys.slice(0, 30)) await cluster.at(0).put(key, 'new')
  await cluster.at(0).call((node, context) => node.keyValues.delete('', 'key-39', { kind: 'any' }, context))
  streams.opened = 0
  return { cluster, behind }
}

async function untilEqual(cluster: MemoryCluster, node: MemoryNode): Promise<void> {
  for (let looks = 0; looks < 200; looks++) {
    const [own, other] = [await heldPage(node.store), await heldPage(cluster.at(0).store)]
    if (own.index === other.index) {
      expect(own.records).toEqual(other.records)
      return
    }
    await cluster.pass(250)
  }
  throw new Error('the node does not catch up')
}

async function readsAllAt(node: MemoryNode): Promise<void> {
  for (const [index, key] of keys.entries()) {
    expect(await node.get(key)).toBe(index === 39 ? undefined : index < 30 ? 'new' : 'old')
  }
}

test('a member for whom entries are gone gets the whole state, and votes with it', async () => {
  const streams = new WatchedStreams()
  const { cluster, behind } = await withOneBehind(streams)
  await using _cluster = cluster
  await behind.start()
  await untilEqual(cluster, behind)
  expect(streams.opened).toBe(1)
  await cluster.at(1).stop()
  await readsAllAt(behind)
  expect(await behind.put('key-39', 'again')).toMatchObject({ kind: 'done' })
})

test('the values that a snapshot left out are fetched at once, and no review is waited for', async () => {
  const { cluster, behind } = await withOneBehind(new WatchedStreams(), { spreadReviewDelayMs: 3_600_000 })
  await using _cluster = cluster
  await behind.start()
  await untilEqual(cluster, behind)
  await cluster.pass(1000)
  const records = await behind.store.scan('entry', { after: new Uint8Array(0), limit: 100 })
  const named = records.flatMap(({ value }) => decodeEntry(value)?.address ?? [])
  expect(named).toHaveLength(39)
  for (const address of named) expect(await behind.store.has('content', address)).toBe(true)
})

test('a snapshot that breaks off is begun again, and nothing of the half is read meanwhile', async () => {
  const streams = new WatchedStreams()
  const { cluster, behind } = await withOneBehind(streams)
  await using _cluster = cluster
  streams.breaking = 3
  await behind.start()
  await readsAllAt(behind)
  for (let looks = 0; streams.opened < 3 && looks < 1000; looks++) await cluster.pass(50)
  await readsAllAt(behind)
  await untilEqual(cluster, behind)
  expect(streams.opened).toBeGreaterThanOrEqual(4)
  await readsAllAt(behind)
})

test('a node that stops with half a snapshot neither answers nor votes with it when it is back', async () => {
  const streams = new WatchedStreams()
  const { cluster, behind } = await withOneBehind(streams)
  await using _cluster = cluster
  streams.breaking = 1000
  await behind.start()
  for (let looks = 0; streams.opened === 0 && looks < 1000; looks++) await cluster.pass(10)
  await cluster.pass(20)
  behind.vanish()
  await behind.start()
  await cluster.at(0).stop()
  await cluster.pass(500)
  // Two of three are up, and one of them has no state: whoever answers has read it at the other one.
  expect(await behind.get('key-00')).toBe('new')
  expect(await behind.get('key-39')).toBeUndefined()
  await cluster.at(1).stop()
  expect(await behind.codeOf(behind.get('key-00'))).toBe('unavailable')
  expect(await behind.codeOf(behind.get('unknown'))).toBe('unavailable')
  streams.breaking = 0
  await cluster.at(0).start()
  await cluster.at(1).start()
  await readsAllAt(behind)
  await untilEqual(cluster, behind)
})

test('changes while a snapshot is read are in it', async () => {
  const streams = new WatchedStreams()
  const { cluster, behind } = await withOneBehind(streams)
  await using _cluster = cluster
  await behind.start()
  for (let round = 0; round < 20; round++) {
    await cluster.at(0).put(`during-${round}`, 'value')
    await cluster.at(1).put('key-05', `round ${round}`)
  }
  await untilEqual(cluster, behind)
  expect(await behind.get('key-05')).toBe('round 19')
  expect(await behind.get('during-0')).toBe('value')
})
