import { describe, expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { CanonicalWriter, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import type { LogEntry, ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'
import type { AddressedMessage } from '../../../src/node/core/consensus/replica-message-codec.ts'
import {
  decodeReplicaMessages,
  encodeReplicaMessages,
  replicaBodyBytesMax,
  replicaBodyHeadBytes,
  replicaBodyMessagesMax,
  replicaMessageBytes,
  replicaMessageSlotsMax,
} from '../../../src/node/core/consensus/replica-message-codec.ts'

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const address = addressFromDigest(filled(0x50), 'mutable')
const member = { nodeId: filled(0x61), storeId: filled(0x62, 16) }
const ballot: Ballot = { recovery: 0, round: 3, bootCount: 2, ...member }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const change = (length: number): LogEntry => ({ kind: 'change', body: filled(7, length) })
const about = (message: ReplicaMessage): AddressedMessage => ({ address, epoch: 4, message })
const slotMax = Number.MAX_SAFE_INTEGER - 1

const ballotText = `0001030102${'20'}${'61'.repeat(32)}10${'62'.repeat(16)}`
const headText = `17${hex(Buffer.from('memo/replica-messages/1'))}0101`

test.each<readonly [ReplicaMessage, string]>([
  [{ kind: 'prepare', ballot, groupIndex: 1, committed: -1 }, `00${ballotText}010100`],
  [
    { kind: 'promise', ballot, groupIndex: 1, committed: 8, slots: [{ slot: 9, ballot, entry: { kind: 'empty' } }] },
    `0101${ballotText}0101010901010109${ballotText}0102`,
  ],
  [{ kind: 'higher', ballot, promised: ballot }, `0102${ballotText}${ballotText}`],
  [{ kind: 'newer-group', groupIndex: 2, committed: 0 }, '010301020101'],
  [
    { kind: 'accept', ballot, groupIndex: 0, committed: 255, first: 256, entries: [change(2)] },
    `0104${ballotText}000201000201000101${'00'}020707`,
  ],
  [{ kind: 'accepted', ballot, groupIndex: 1, upTo: 4 }, `0105${ballotText}01010105`],
  [{ kind: 'gap', ballot, groupIndex: 1, from: 4 }, `0106${ballotText}01010104`],
  [{ kind: 'committed', ballot, groupIndex: 1, index: 4 }, `0107${ballotText}01010105`],
  [{ kind: 'confirm', ballot, groupIndex: 1, round: 0 }, `0108${ballotText}010100`],
  [{ kind: 'confirmed', ballot, groupIndex: 1, round: 300 }, `0109${ballotText}010102012c`],
  [{ kind: 'yield', ballot, groupIndex: 1 }, `010a${ballotText}0101`],
])('$0.kind has these bytes', (message, text) => {
  const body = encodeReplicaMessages([about(message)])
  expect(hex(body)).toBe(`${headText}20${hex(address)}0104${text}`)
  expect(decodeReplicaMessages(body)).toEqual([about(message)])
})

test('messages of several blocks keep their order', () => {
  const other = addressFromDigest(filled(0x40), 'mutable')
  const messages = [
    about({ kind: 'confirm', ballot, groupIndex: 1, round: 1 }),
    { address: other, epoch: 0, message: { kind: 'confirm', ballot, groupIndex: 1, round: 2 } as const },
    about({ kind: 'confirm', ballot, groupIndex: 1, round: 3 }),
  ]
  expect(decodeReplicaMessages(encodeReplicaMessages(messages))).toEqual(messages)
})

describe('bounds', () => {
  const confirm = about({ kind: 'confirm', ballot, groupIndex: 1, round: 1 })

  test('messages of a body', () => {
    const most = Array.from({ length: replicaBodyMessagesMax }, () => confirm)
    expect(decodeReplicaMessages(encodeReplicaMessages(most))?.length).toBe(replicaBodyMessagesMax)
    expect(() => encodeReplicaMessages([...most, confirm])).toThrow('a body has messages')
    expect(() => encodeReplicaMessages([])).toThrow('a body has messages')
    const tag = recordTag('memo/replica-messages/1')
    const one = encodeReplicaMessages([confirm]).subarray(tag.field.length + 2)
    const bodyOf = (count: number) => Buffer.concat([new CanonicalWriter(tag).uint(count).finish(), ...Array(count).fill(one)])
    expect(decodeReplicaMessages(bodyOf(replicaBodyMessagesMax))).toBeDefined()
    expect(decodeReplicaMessages(bodyOf(replicaBodyMessagesMax + 1))).toBeUndefined()
    expect(decodeReplicaMessages(bodyOf(0))).toBeUndefined()
  })

  test('bytes of a body', () => {
    const accept = (bytes: number): ReplicaMessage => {
      return { kind: 'accept', ballot, groupIndex: 1, committed: 1, first: 2, entries: [change(bytes)] }
    }
    const room = replicaBodyBytesMax - replicaBodyHeadBytes - replicaMessageBytes(accept(0))
    expect(decodeReplicaMessages(encodeReplicaMessages([about(accept(room))]))).toBeDefined()
    expect(() => encodeReplicaMessages([about(accept(room + 300))])).toThrow('fit it')
    const least = encodeReplicaMessages([about(accept(1000))]).length - 1000
    // The length of the body takes two bytes more than that of 1000 bytes.
    const largest = encodeReplicaMessages([about(accept(replicaBodyBytesMax - least - 2))])
    expect(largest.length).toBe(replicaBodyBytesMax)
    expect(decodeReplicaMessages(largest)).toBeDefined()
    expect(decodeReplicaMessages(Buffer.concat([largest, filled(0, 1)]))).toBeUndefined()
  })

  test('slots of a message', () => {
    const entries = Array.from({ length: replicaMessageSlotsMax }, (): LogEntry => ({ kind: 'empty' }))
    const accept = (all: readonly LogEntry[]) =>
      about({ kind: 'accept', ballot, groupIndex: 1, committed: 1, first: 2, entries: all })
    expect(decodeReplicaMessages(encodeReplicaMessages([accept(entries)]))).toEqual([accept(entries)])
    expect(() => encodeReplicaMessages([accept([...entries, { kind: 'empty' }])])).toThrow('not too many slots')
  })

  test('numbers of slots', () => {
    const accept = (first: number, count: number) =>
      about({ kind: 'accept', ballot, groupIndex: 1, committed: -1, first, entries: Array(count).fill({ kind: 'empty' }) })
    const read = (message: AddressedMessage) => decodeReplicaMessages(encodeReplicaMessages([message]))
    expect(read(accept(slotMax - 1, 2))).toEqual([accept(slotMax - 1, 2)])
    expect(read(accept(slotMax - 1, 3))).toBeUndefined()
    expect(read(about({ kind: 'gap', ballot, groupIndex: 1, from: slotMax }))).toBeDefined()
    expect(read(about({ kind: 'gap', ballot, groupIndex: 1, from: slotMax + 1 }))).toBeUndefined()
    expect(read(about({ kind: 'committed', ballot, groupIndex: 1, index: slotMax }))).toBeDefined()
  })
})

test('a message of many slots is said to be no smaller than it is', () => {
  const high = 2 ** 50
  const worst: Ballot = { ...ballot, recovery: high, round: high, bootCount: high }
  const members = Array.from({ length: 9 }, (_, order) => ({ ...member, nodeId: filled(order) }))
  const entries = Array.from({ length: 500 }, (_, order): LogEntry => {
    return order % 2 === 0 ? { kind: 'group', group: { ...bornGroup(members), index: high } } : change(2 ** 15)
  })
  const slots = entries.map((entry, order) => ({ slot: high + order, ballot: worst, entry }))
  const head = { ballot: worst, groupIndex: high, committed: high } as const
  for (const message of [
    { kind: 'promise', ...head, slots: slots.slice(0, 200) },
    { kind: 'accept', ...head, first: high, entries: entries.slice(0, 200) },
  ] as const) {
    const { length } = encodeReplicaMessages([about(message)])
    const said = replicaMessageBytes(message) + replicaBodyHeadBytes
    expect(said).toBeGreaterThanOrEqual(length)
    expect(said - length).toBeLessThan(200 * 12)
  }
})

describe('refused', () => {
  const read = (message: ReplicaMessage, to = address) =>
    decodeReplicaMessages(encodeReplicaMessages([{ address: to, epoch: 1, message }]))
  const unborn = { ...ballot, bootCount: 0 }

  test('ballots and groups that are not well-formed', () => {
    expect(read({ kind: 'confirm', ballot: unborn, groupIndex: 0, round: 0 })).toBeUndefined()
    expect(read({ kind: 'higher', ballot, promised: unborn })).toBeUndefined()
    const slots = [{ slot: 1, ballot: unborn, entry: { kind: 'empty' } as const }]
    expect(read({ kind: 'promise', ballot, groupIndex: 0, committed: 0, slots })).toBeUndefined()
    const accept = { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1 } as const
    const group = bornGroup([member])
    expect(read({ ...accept, entries: [{ kind: 'group', group }] })).toBeDefined()
    expect(read({ ...accept, entries: [{ kind: 'group', group: { ...group, learners: [member] } }] })).toBeUndefined()
  })

  test('slots of a promise that do not go up', () => {
    const promise = (...numbers: readonly number[]) => {
      const slots = numbers.map((slot) => ({ slot, ballot, entry: { kind: 'empty' } as const }))
      return read({ kind: 'promise', ballot, groupIndex: 0, committed: 0, slots })
    }
    expect(promise(1, 3)).toBeDefined()
    expect(promise(3, 3)).toBeUndefined()
    expect(promise(3, 1)).toBeUndefined()
  })

  test('the address of a block that never changes', () => {
    const confirm = { kind: 'confirm', ballot, groupIndex: 0, round: 0 } as const
    expect(read(confirm, addressFromDigest(filled(0x50), 'immutable'))).toBeUndefined()
  })

  test('bytes cut off anywhere, and bytes behind the end', () => {
    const accept = { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1, entries: [change(9)] } as const
    const body = encodeReplicaMessages([about(accept), about(accept)])
    for (let length = 0; length < body.length; length++) expect(decodeReplicaMessages(body.subarray(0, length))).toBeUndefined()
    expect(decodeReplicaMessages(Buffer.concat([body, filled(0, 1)]))).toBeUndefined()
  })
})

test('what is kept of a message keeps no more memory alive than about its own', () => {
  const small = { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1, entries: [change(300)] } as const
  const large = { kind: 'accept', ballot, groupIndex: 0, committed: 0, first: 1, entries: [change(300_000)] } as const
  const group = {
    kind: 'accept',
    ballot,
    groupIndex: 0,
    committed: 0,
    first: 1,
    entries: [{ kind: 'group', group: bornGroup([member]) }],
  } as const
  const body = new Uint8Array(encodeReplicaMessages([about(small), about(large), about(group)]))
  const alive: Uint8Array[] = []
  JSON.stringify(decodeReplicaMessages(body), (_, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value
    alive.push(value)
    return null
  })
  expect(alive.length).toBe(3 * 3 + 2 + 2)
  expect(alive.filter((bytes) => bytes.buffer.byteLength > 2 * bytes.length)).toEqual([])
  // The largest is not copied.
  expect(alive.filter((bytes) => bytes.buffer === body.buffer).map(({ length }) => length)).toEqual([300_000])
})

test('slots under one ballot share it', () => {
  const slots = [1, 2, 5].map((slot) => ({ slot, ballot: { ...ballot }, entry: change(1) }))
  const [read] =
    decodeReplicaMessages(encodeReplicaMessages([about({ kind: 'promise', ballot, groupIndex: 0, committed: 0, slots })])) ?? []
  const ballots = read?.message.kind === 'promise' ? read.message.slots.map((slot) => slot.ballot) : []
  expect(ballots).toEqual([ballot, ballot, ballot])
  expect(new Set(ballots).size).toBe(1)
})
