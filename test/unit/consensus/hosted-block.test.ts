import { expect, test } from 'vitest'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { birthBallot } from '../../../src/node/core/consensus/ballot.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { decodeBlockRecord, encodeBlockRecord } from '../../../src/node/core/consensus/record-codec.ts'
import type { LogEntry, ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'
import { slotOfAcceptedKey } from '../../../src/node/core/consensus/vote-codec.ts'
import type { BlockLogic } from '../../../src/node/engine/consensus/block-logic.ts'
import { HostedBlock } from '../../../src/node/engine/consensus/hosted-block.ts'
import { loadReplica } from '../../../src/node/engine/consensus/load-replica.ts'
import { LostProposal } from '../../../src/node/engine/consensus/replica-failures.ts'
import type { CommitOptions, RecordStore, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { silentLogger } from '../../support/silent.ts'

const memberOf = (byte: number): Member => ({ nodeId: new Uint8Array(32).fill(byte), storeId: new Uint8Array(16).fill(byte) })
const [own, second, third] = [memberOf(1), memberOf(2), memberOf(3)]
const self = { ...own, bootCount: 1, recovery: 0 }
const address = addressFromDigest(new Uint8Array(32).fill(9), 'mutable')
const signal = new AbortController().signal
const change = (byte: number): LogEntry => ({ kind: 'change', body: Uint8Array.of(byte) })
/** Whatever needs no time has happened. */
const turn = async () => {
  for (let times = 0; times < 5; times++) await new Promise<void>((resolve) => void setImmediate(resolve))
}

function bornRecord(group: Group): BlockRecord {
  return {
    address,
    generation: 1n,
    group,
    promised: birthBallot(own, 1, 0),
    committedIndex: 0n,
    version: 0n,
    outcomeFloor: 0n,
    outcomeCount: 0,
    state: { kind: 'signed', signed: Uint8Array.of(0) },
  }
}

/** The state is the body of the newest entry. */
const logic: BlockLogic = {
  spaceOf: () => 'normal',
  apply: (record, { group, body }) => {
    const before = record ?? { ...bornRecord(group), version: -1n }
    const next: BlockRecord = { ...before, version: before.version + 1n, state: { kind: 'signed', signed: body } }
    return { record: next, writes: [], result: `did ${body[0]}` }
  },
}

/** What a block writes, each batch as it was asked for; a test says when one is durable. */
class WatchedStore {
  readonly batches: (readonly RecordWrite[])[] = []
  readonly options: (CommitOptions | undefined)[] = []
  /** Called before a batch goes to the disk. */
  before: (writes: readonly RecordWrite[]) => Promise<void> = () => Promise.resolve()

  watch(store: RecordStore): RecordStore {
    const commit = store.commit.bind(store)
    store.commit = async (writes: readonly RecordWrite[], options?: CommitOptions) => {
      this.batches.push(writes)
      this.options.push(options)
      await this.before(writes)
      await commit(writes, options)
    }
    return store
  }

  get kinds(): readonly string[] {
    return this.batches.map((writes) => writes.map(({ kind, family }) => `${kind} ${family}`).join(', '))
  }
}

async function hosted(group: Group, isBorn = true) {
  const world = new MemoryCluster()
  const { clock } = world
  const watched = new WatchedStore()
  const store = openMemoryStore({ random: world.random })
  if (isBorn) {
    await store.commit([{ kind: 'put', family: 'block', key: address, value: encodeBlockRecord(bornRecord(group)) }])
  }
  const loaded = await loadReplica(store, address, self, () => group)
  const sent: { readonly to: Member; readonly message: ReplicaMessage }[] = []
  const parts = {
    ...{ clock, self, signal, limits: defaultLimits, logger: silentLogger },
    store: watched.watch(store),
    link: {
      send: (to: Member, _address: Uint8Array, message: ReplicaMessage) => void sent.push({ to, message }),
      catchUp: () => Promise.reject(new CodedError('unavailable', 'nobody is there')),
    },
    epoch: () => 1,
    logicOf: () => logic,
    isUncertain: () => false,
    abstains: () => undefined,
  }
  const block = new HostedBlock(address, loaded, parts, () => undefined)
  /** The last message of a kind that left. */
  const last = <Kind extends ReplicaMessage['kind']>(kind: Kind) => {
    const found = sent.findLast(({ message }) => message.kind === kind)?.message
    if (found?.kind !== kind) throw new Error(`no ${kind} has left`)
    return found as Extract<ReplicaMessage, { kind: Kind }>
  }
  const recordOnDisk = async () => {
    const bytes = await store.get('block', address)
    return bytes && decodeBlockRecord(address, bytes)
  }
  return { world, block, watched, store, sent, last, recordOnDisk }
}

test('nothing of a new group is written before the change that made it is on the disk', async () => {
  const { block, watched, last, recordOnDisk } = await hosted(bornGroup([own, second]))
  const leading = block.lead(signal)
  await turn()
  const { ballot } = last('prepare')
  block.receive(second, { kind: 'promise', ballot, groupIndex: 0, committed: 0, slots: [] })
  await leading
  const next: Group = { index: 1, members: block.group.members, learners: [third] }
  const durable = Promise.withResolvers<void>()
  watched.before = (writes) => (writes.some(({ family }) => family === 'block') ? durable.promise : Promise.resolve())
  const proposed = block.propose({ kind: 'group', group: next }, undefined, 'reserve', signal)
  await turn()
  const before = watched.batches.length
  const { ballot: under, first } = last('accept')
  block.receive(second, { kind: 'accepted', ballot: under, groupIndex: 0, upTo: first })
  await turn()
  // The change is on its way, and whatever the new group brings waits behind it.
  expect(block.group.index).toBe(1)
  expect(watched.kinds.slice(before)).toEqual(['put block, delete accepted'])
  expect((await recordOnDisk())?.group.index).toBe(0)
  // Somebody prepares in the new group meanwhile.
  const higher = { ...under, round: under.round + 5, ...second }
  block.receive(second, { kind: 'prepare', ballot: higher, groupIndex: 1, committed: first })
  await turn()
  expect(watched.kinds.slice(before)).toEqual(['put block, delete accepted'])
  durable.resolve()
  await proposed
  await turn()
  expect((await recordOnDisk())?.group).toEqual(next)
  const later = watched.kinds.slice(before + 1)
  expect(later.length).toBeGreaterThan(0)
  expect(later.every((kinds) => kinds.startsWith('put vote'))).toBe(true)
})

test('what was accepted of slots behind a change of the group goes in the batch of that change', async () => {
  const group = bornGroup([own, second, third])
  const { world, block, watched, store, last } = await hosted(group)
  const [low, high] = [2, 3].map((round) => ({ recovery: 0, round, bootCount: 1, ...(round === 2 ? second : third) }))
  if (low === undefined || high === undefined) throw new Error('there are two ballots')
  block.receive(second, {
    kind: 'accept',
    ballot: low,
    groupIndex: 0,
    committed: 0,
    first: 1,
    entries: [change(1), change(2), change(3)],
  })
  await turn()
  expect(last('accepted').upTo).toBe(3)
  const accepted = async () => (await store.scan('accepted', { limit: 10 })).map(({ key }) => slotOfAcceptedKey(key))
  expect(await accepted()).toEqual([1, 2, 3])
  const next: Group = { index: 1, members: [own, second], learners: [] }
  const entries: readonly LogEntry[] = [change(4), { kind: 'group', group: next }]
  block.receive(third, { kind: 'accept', ballot: high, groupIndex: 0, committed: 0, first: 1, entries })
  await turn()
  const before = watched.batches.length
  block.receive(third, { kind: 'committed', ballot: high, groupIndex: 0, index: 2 })
  // A follower may take its time.
  await world.pass(1000)
  expect(block.group).toEqual(next)
  expect(watched.kinds.slice(before)).toEqual(['put block, delete accepted', 'put block, delete accepted, delete accepted'])
  expect(await accepted()).toEqual([])
  expect(block.record).toMatchObject({ committedIndex: 2n, group: next, state: { signed: Uint8Array.of(4) } })
})

test('alone, what a full disk refuses was never proposed, and the next change is made', async () => {
  const { block, watched, recordOnDisk } = await hosted(bornGroup([own]), false)
  expect(await block.propose(change(1), undefined, 'normal', signal)).toBe('did 1')
  watched.before = () => Promise.reject(new CodedError('storage-full', 'no room'))
  const refused = [2, 3].map((byte) => block.propose(change(byte), undefined, 'normal', signal))
  for (const each of refused) await expect(each).rejects.toMatchObject({ code: 'storage-full' })
  expect(block.record).toMatchObject({ version: 0n, committedIndex: 0n })
  watched.before = () => Promise.resolve()
  expect(await block.propose(change(4), undefined, 'normal', signal)).toBe('did 4')
  expect(await recordOnDisk()).toMatchObject({ version: 1n, committedIndex: 1n, state: { signed: Uint8Array.of(4) } })
})

test('among others, a chosen entry that the disk refuses is applied when there is room again', async () => {
  const { world, block, watched, last } = await hosted(bornGroup([own, second, third]))
  const ballot = { recovery: 0, round: 2, bootCount: 1, ...second }
  block.receive(second, { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1, entries: [change(1)] })
  await turn()
  expect(last('accepted').upTo).toBe(1)
  watched.before = () => Promise.reject(new CodedError('storage-full', 'no room'))
  block.receive(second, { kind: 'committed', ballot, groupIndex: 0, index: 1 })
  await turn()
  expect(block.record).toMatchObject({ committedIndex: 0n })
  expect(block.committed).toBe(1)
  watched.before = () => Promise.resolve()
  await world.pass(2 * defaultLimits.applyRetryMs)
  expect(block.record).toMatchObject({ committedIndex: 1n, state: { signed: Uint8Array.of(1) } })
})

test('a disk that refuses an acceptance is no vote', async () => {
  const { block, watched, sent } = await hosted(bornGroup([own, second, third]))
  const ballot = { recovery: 0, round: 2, bootCount: 1, ...second }
  watched.before = () => Promise.reject(new CodedError('storage-full', 'no room'))
  block.receive(second, { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1, entries: [change(1)] })
  await turn()
  expect(sent.filter(({ message }) => message.kind === 'accepted' && message.upTo >= 1)).toEqual([])
})

/** Leads a block of three, whose record gets to the disk when the test says so. */
async function leading() {
  const bed = await hosted(bornGroup([own, second, third]))
  const { block, watched, last } = bed
  const leads = block.lead(signal)
  await turn()
  block.receive(second, { kind: 'promise', ballot: last('prepare').ballot, groupIndex: 0, committed: 0, slots: [] })
  await leads
  const durable = Promise.withResolvers<void>()
  watched.before = (writes) => (writes.some(({ family }) => family === 'block') ? durable.promise : Promise.resolve())
  const choose = async () => {
    await turn()
    const { ballot, first } = last('accept')
    block.receive(second, { kind: 'accepted', ballot, groupIndex: 0, upTo: first })
    await turn()
  }
  return { ...bed, choose, durable }
}

test('who asks for what is chosen is answered before the state here shows it, and a read waits for the state', async () => {
  const { block, choose, durable, last, recordOnDisk } = await leading()
  const proposed = block.propose(change(1), undefined, 'normal', signal, 'chosen')
  await choose()
  expect(await proposed).toBe('did 1')
  expect(await recordOnDisk()).toMatchObject({ committedIndex: 0n })
  const done: string[] = []
  const read = block.read(signal).then(() => done.push('read'))
  const settled = block.settled().then(() => done.push('settled'))
  await turn()
  const { ballot, round } = last('confirm')
  block.receive(second, { kind: 'confirmed', ballot, groupIndex: 0, round })
  await turn()
  expect(done).toEqual([])
  durable.resolve()
  await Promise.all([read, settled])
  expect(block.record).toMatchObject({ committedIndex: 1n, state: { signed: Uint8Array.of(1) } })
})

test('who asks for what is applied is answered when the state here shows it', async () => {
  const { block, choose, durable } = await leading()
  const done: unknown[] = []
  const proposed = block
    .propose(change(1), undefined, 'normal', signal)
    .then((result) => done.push(result, block.record?.version))
  await choose()
  expect(done).toEqual([])
  durable.resolve()
  await proposed
  expect(done).toEqual(['did 1', 1n])
})

test('what is chosen is not answered where its slot became another entry', async () => {
  const { block, last, sent } = await leading()
  const proposed = block.propose(change(1), undefined, 'normal', signal, 'chosen')
  const outcome = expect(proposed).rejects.toBeInstanceOf(LostProposal)
  await turn()
  const { ballot, first } = last('accept')
  const higher = { ...ballot, round: ballot.round + 5, ...second }
  const message = { kind: 'accept', ballot: higher, groupIndex: 0, committed: first, first, entries: [change(2)] } as const
  block.receive(second, message)
  await outcome
  expect(sent.length).toBeGreaterThan(0)
})

test('a primary does not wait on its thread for its own vote, and a follower, who has nothing else to do, does', async () => {
  const { block, watched, choose, durable } = await leading()
  durable.resolve()
  const before = watched.batches.length
  const proposed = block.propose(change(1), undefined, 'normal', signal)
  await choose()
  await proposed
  expect(watched.kinds.slice(before)).toEqual(['put accepted', 'put block, delete accepted'])
  expect(watched.options.slice(before).map((options) => options?.inBackground)).toEqual([true, true])
  const follower = await hosted(bornGroup([own, second, third]))
  const ballot = { recovery: 0, round: 2, bootCount: 1, ...second }
  follower.block.receive(second, { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1, entries: [change(1)] })
  await turn()
  expect(follower.watched.kinds).toEqual(['put vote, put accepted'])
  expect(follower.watched.options[0]?.inBackground).toBe(false)
})

test('a follower applies what is chosen beside the next acceptance, and by itself where none comes', async () => {
  const { world, block, watched } = await hosted(bornGroup([own, second, third]))
  const ballot = { recovery: 0, round: 2, bootCount: 1, ...second }
  const accept = (slot: number) => {
    const entries = [change(slot)]
    block.receive(second, { kind: 'accept', ballot, groupIndex: 0, committed: slot - 1, first: slot, entries })
  }
  accept(1)
  await turn()
  block.receive(second, { kind: 'committed', ballot, groupIndex: 0, index: 1 })
  await turn()
  expect(watched.kinds).toEqual(['put vote, put accepted'])
  accept(2)
  // Within the microtasks in which a store gathers what waits for the disk.
  for (let times = 0; times < 2; times++) await undefined
  expect(watched.kinds.slice(1)).toEqual(['put accepted', 'put block, delete accepted'])
  await turn()
  block.receive(second, { kind: 'committed', ballot, groupIndex: 0, index: 2 })
  await turn()
  expect(watched.batches).toHaveLength(3)
  await world.pass(defaultLimits.applyCompanyMs + 1)
  expect(watched.kinds.slice(3)).toEqual(['put block, delete accepted'])
  expect(block.record).toMatchObject({ committedIndex: 2n })
})
