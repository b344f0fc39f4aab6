/** What a member that is behind takes from another one, and what it keeps meanwhile. */
import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { birthBallot } from '../../../src/node/core/consensus/ballot.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import { encodeChosenSlots } from '../../../src/node/core/consensus/chosen-slots.ts'
import type { Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import type { LogEntry, ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'
import { framed } from '../../../src/node/core/wire/framed-pieces.ts'
import { bodyBytes } from '../../../src/node/core/wire/peer-body.ts'
import type { EntriesQuestion } from '../../../src/node/core/wire/replica-calls.ts'
import { decodeEntriesQuestion, encodeEntriesQuestion, encodeSnapshotEnd } from '../../../src/node/core/wire/replica-calls.ts'
import { CatchUp } from '../../../src/node/engine/cluster/catch-up.ts'
import type { PeerSwitch } from '../../../src/node/engine/cluster/peer-switch.ts'
import { SnapshotSource } from '../../../src/node/engine/cluster/snapshot-source.ts'
import type { BlockLogic } from '../../../src/node/engine/consensus/block-logic.ts'
import { HostedBlock } from '../../../src/node/engine/consensus/hosted-block.ts'
import { loadReplica } from '../../../src/node/engine/consensus/load-replica.ts'
import type { ReplicaHost } from '../../../src/node/engine/consensus/replica-host.ts'
import { voteWrite } from '../../../src/node/engine/consensus/vote-writes.ts'
import type { Peer, PeerStream, Transport } from '../../../src/node/ports/transport.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { silentLogger } from '../../support/silent.ts'

const memberOf = (byte: number): Member => ({ nodeId: new Uint8Array(32).fill(byte), storeId: new Uint8Array(16).fill(byte) })
const [own, second, third] = [memberOf(1), memberOf(2), memberOf(3)]
const self = { ...own, bootCount: 1, recovery: 0 }
const address = addressFromDigest(new Uint8Array(32).fill(9), 'mutable')
const { signal } = new AbortController()
const change = (byte: number): LogEntry => ({ kind: 'change', body: Uint8Array.of(byte) })
const ballot = { recovery: 0, round: 2, bootCount: 1, ...second }
/** Whatever needs no time has happened. */
const turn = async () => {
  for (let times = 0; times < 5; times++) await new Promise<void>((resolve) => void setImmediate(resolve))
}

/** As of a slot whose entry was this byte. */
function recordAt(slot: number, byte: number, members: readonly Member[] = [own, second, third]): BlockRecord {
  return {
    ...{ address, generation: 1n, group: bornGroup(members), promised: birthBallot(own, 1, 0), outcomeFloor: 0n },
    ...{ committedIndex: BigInt(slot), version: BigInt(slot), outcomeCount: 0 },
    state: { kind: 'signed', signed: Uint8Array.of(byte) },
  }
}

const logic: BlockLogic = {
  spaceOf: () => 'normal',
  apply: (record, { body }) => {
    const before = record ?? recordAt(0, 0)
    return { record: { ...before, state: { kind: 'signed', signed: body } }, writes: [], result: undefined }
  },
}

interface Bed {
  readonly record: BlockRecord
  /** Its state was left half replaced. */
  readonly installing?: boolean
}

/** What the value is stored by that travels with an entry of these bytes. */
const bodyName = (body: Uint8Array) => new Uint8Array(32).fill(body[0] ?? 0)

/** A block of this node, and another member with a snapshot, whose entries are gone. A test says when the stream is open and what comes. */
async function bedOf({ record, installing = false }: Bed) {
  const world = new MemoryCluster()
  const store = openMemoryStore({ random: world.random })
  const vote = voteWrite(address, record.promised, installing)
  await store.commit([{ kind: 'put', family: 'block', key: address, value: encodeBlockRecord(record) }, vote])
  const sent: ReplicaMessage[] = []
  /** Since which slots the block wanted to be brought on. */
  const wanted: number[] = []
  const asked: Member[] = []
  const parts = {
    ...{ clock: world.clock, self, signal, limits: defaultLimits, logger: silentLogger, store },
    link: {
      send: (_to: Member, _address: Uint8Array, message: ReplicaMessage) => void sent.push(message),
      catchUp: (from: Member, _address: Uint8Array, since: number) => {
        asked.push(from)
        wanted.push(since)
        return Promise.reject(new CodedError('unavailable', 'nobody is there'))
      },
    },
    ...{ epoch: () => 1, logicOf: () => logic, isUncertain: () => false, abstains: () => undefined },
  }
  const block = new HostedBlock(address, await loadReplica(store, address, self, () => record.group), parts, () => undefined)
  const opened = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<Uint8Array>()
  async function* pieces() {
    yield await arrived.promise
  }
  const questions: (EntriesQuestion | undefined)[] = []
  const transport = {
    request: () => Promise.resolve(encodeChosenSlots([])),
    openStream: async (_nodeId: Uint8Array, body: Uint8Array) => {
      questions.push(decodeEntriesQuestion(bodyBytes(body)))
      await opened.promise
      return { write: () => Promise.resolve(), end: () => undefined, pieces: pieces() }
    },
  } as unknown as Transport
  const host = { open: () => block } as unknown as ReplicaHost
  const catchUp = new CatchUp({
    store,
    host,
    limits: defaultLimits,
    transport,
    carried: (_block, body) => [{ kind: 'put', family: 'content', key: bodyName(body), value: body }],
    installed: () => undefined,
    kept: () => Promise.resolve([]),
  })
  return {
    ...{ world, host, store, block, sent, wanted, asked, questions, opened },
    caughtUp: (since: number) => catchUp.from(second, address, since, signal),
    snapshot: (next: BlockRecord) => arrived.resolve(framed(encodeSnapshotEnd(encodeBlockRecord(next)))),
    breakOff: () => arrived.reject(new CodedError('unavailable', 'the connection broke')),
    /** This member is one of those who have the entry, and does not know whether it is chosen. */
    accepted: async (slot: number, byte: number) => {
      block.receive(second, { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: slot, entries: [change(byte)] })
      await turn()
    },
    /** The primary has this entry chosen. */
    chosen: async (slot: number, byte: number) => {
      const entries = [change(byte)]
      block.receive(second, { kind: 'accept', ballot, groupIndex: 0, committed: slot - 1, first: slot, entries })
      await turn()
      block.receive(second, { kind: 'committed', ballot, groupIndex: 0, index: slot })
      await world.pass(1000)
    },
  }
}

test('a snapshot replaces what is behind it, and is asked for as of what is wanted', async () => {
  const { block, caughtUp, opened, snapshot, questions } = await bedOf({ record: recordAt(0, 0) })
  const caught = caughtUp(5)
  opened.resolve()
  snapshot(recordAt(7, 7))
  expect(await caught).toMatchObject({ kind: 'installed', index: 7 })
  expect(questions).toMatchObject([{ since: 5 }])
  expect(block.record).toMatchObject({ committedIndex: 7n, state: { signed: Uint8Array.of(7) } })
})

test('what travelled with accepted entries stays when a snapshot takes their place, and that of later ones goes on with them', async () => {
  const { store, caughtUp, opened, snapshot, accepted, sent } = await bedOf({ record: recordAt(0, 0) })
  await accepted(1, 21)
  await accepted(2, 22)
  expect(sent.filter(({ kind }) => kind === 'accepted')).toHaveLength(2)
  const caught = caughtUp(1)
  opened.resolve()
  snapshot(recordAt(1, 21))
  expect(await caught).toMatchObject({ kind: 'installed', index: 1 })
  expect(await store.get('content', bodyName(Uint8Array.of(21)))).toEqual(Uint8Array.of(21))
  expect(await store.get('content', bodyName(Uint8Array.of(22)))).toBeUndefined()
  expect(await store.scan('accepted', { limit: 9 })).toHaveLength(1)
})

test('a snapshot replaces nothing where the member came that far by itself while it was under way', async () => {
  const { block, caughtUp, opened, snapshot, chosen } = await bedOf({ record: recordAt(0, 0) })
  const caught = caughtUp(1)
  await chosen(1, 1)
  await chosen(2, 2)
  opened.resolve()
  snapshot(recordAt(1, 1))
  expect(await caught).toEqual({ kind: 'chosen', slots: [] })
  expect(block.state.isInstalling).toBe(false)
  expect(block.record).toMatchObject({ committedIndex: 2n, state: { signed: Uint8Array.of(2) } })
})

test('a snapshot that is older than what was asked for is refused', async () => {
  const { block, caughtUp, opened, snapshot } = await bedOf({ record: recordAt(3, 3) })
  const refused = expect(caughtUp(5)).rejects.toMatchObject({ code: 'internal' })
  opened.resolve()
  snapshot(recordAt(2, 2))
  await refused
  expect(block.state.isInstalling).toBe(true)
})

test('entries that are chosen while a state is half replaced wait for it, and it is fetched again', async () => {
  const { block, caughtUp, opened, breakOff, chosen, wanted } = await bedOf({ record: recordAt(3, 3) })
  const broken = expect(caughtUp(5)).rejects.toMatchObject({ code: 'unavailable' })
  opened.resolve()
  breakOff()
  await broken
  await chosen(4, 4)
  expect(wanted).not.toEqual([])
  expect(block.state.isBusy).toBe(false)
  expect(block.record).toMatchObject({ committedIndex: 3n })
})

test('who starts with a state half replaced still says what was chosen, asks for no less, and reads nothing of it', async () => {
  const pair = [own, second]
  const bed = await bedOf({ record: recordAt(3, 3, pair), installing: true })
  const { world, block, sent, caughtUp, opened, snapshot, questions } = bed
  const reading = expect(block.read(signal)).rejects.toMatchObject({ code: 'unavailable' })
  await world.pass(5000)
  await reading
  const higher = { ...ballot, round: 9 }
  block.receive(second, { kind: 'prepare', ballot: higher, groupIndex: 0, committed: 1 })
  await turn()
  expect(sent).toContainEqual({ kind: 'promise', ballot: higher, groupIndex: 0, committed: 3, slots: [] })
  const caught = caughtUp(0)
  opened.resolve()
  snapshot(recordAt(3, 3, pair))
  await caught
  expect(questions).toMatchObject([{ since: 3 }])
  expect(block.state.isInstalling).toBe(false)
})

test('who has a state half replaced asks one member after the other for it where something is asked of it', async () => {
  const { block, wanted, asked } = await bedOf({ record: recordAt(3, 3), installing: true })
  for (let times = 0; times < 3; times++) {
    await expect(block.lead(signal)).rejects.toMatchObject({ code: 'unavailable' })
    await turn()
  }
  expect(wanted).toEqual([4, 4, 4])
  expect(asked).toEqual([second, third, second])
})

test('whoever has less than what is wanted gives no snapshot', async () => {
  const { store, host } = await bedOf({ record: recordAt(3, 3) })
  const served = new Map<string, Parameters<PeerSwitch['onStream']>[1]>()
  const peers = {
    onRequest: () => undefined,
    onStream: (kind: string, handler: Parameters<PeerSwitch['onStream']>[1]) => void served.set(kind, handler),
  }
  new SnapshotSource({ store, host, limits: defaultLimits }).register(peers as unknown as PeerSwitch)
  const written: Uint8Array[] = []
  const stream = {
    write: (bytes: Uint8Array) => Promise.resolve(void written.push(bytes)),
    end: () => undefined,
  } as unknown as PeerStream
  const ask = async (since: number) =>
    await served.get('snapshot')?.({ rights: { store: true } } as Peer, encodeEntriesQuestion({ address, since }), stream, signal)
  await expect(ask(4)).rejects.toMatchObject({ code: 'unavailable' })
  expect(written).toEqual([])
  await ask(3)
  expect(written).toHaveLength(1)
})
