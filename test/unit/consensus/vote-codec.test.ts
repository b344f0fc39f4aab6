import { expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { CanonicalWriter, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import type { Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { logEntryBytesMax } from '../../../src/node/core/consensus/log-entry-codec.ts'
import {
  acceptedKey,
  decodeAccepted,
  decodeVote,
  encodeAccepted,
  encodeVote,
  slotOfAcceptedKey,
} from '../../../src/node/core/consensus/vote-codec.ts'

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const address = addressFromDigest(filled(0x51), 'mutable')
const member = { nodeId: filled(0x61), storeId: filled(0x62, 16) }
const ballot: Ballot = { recovery: 0, round: 3, bootCount: 2, ...member }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('the key of an accepted entry is its block and its slot, in the order of the slots', () => {
  const slots = [0, 1, 255, 256, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]
  const keys = slots.map((slot) => acceptedKey(address, slot))
  expect(hex(keys[7]!)).toBe(`${hex(address)}0000010000000007`)
  expect(keys.map(slotOfAcceptedKey)).toEqual(slots)
  expect(keys.map(hex).toSorted()).toEqual(keys.map(hex))
  for (const slot of [-1, 0.5, 2 ** 53]) expect(() => acceptedKey(address, slot)).toThrow('a slot is a whole number')
})

test('a key of another length, or of a slot that no number holds, is none', () => {
  const key = acceptedKey(address, 1)
  expect(slotOfAcceptedKey(key.subarray(1))).toBeUndefined()
  expect(slotOfAcceptedKey(Buffer.concat([key, filled(0, 1)]))).toBeUndefined()
  expect(slotOfAcceptedKey(Buffer.concat([address, Buffer.from('0020000000000000', 'hex')]))).toBeUndefined()
  expect(slotOfAcceptedKey(Buffer.concat([address, Buffer.from('001fffffffffffff', 'hex')]))).toBe(2 ** 53 - 1)
})

test('a key within a larger array is read where it lies', () => {
  const within = Buffer.concat([filled(9, 3), acceptedKey(address, 77)]).subarray(3)
  expect(slotOfAcceptedKey(within)).toBe(77)
})

test('an accepted entry has these bytes', () => {
  const head = `15${hex(Buffer.from('memo/accepted-entry/1'))}0001030102`
  const proposer = `20${'61'.repeat(32)}10${'62'.repeat(16)}`
  const encoded = encodeAccepted({ ballot, entry: { kind: 'change', body: Uint8Array.of(7, 8) } })
  expect(hex(encoded)).toBe(`${head}${proposer}00020708`)
  expect(hex(encodeAccepted({ ballot, entry: { kind: 'empty' } }))).toBe(`${head}${proposer}0102`)
  const group = { kind: 'group', group: { ...bornGroup([member]), index: 4 } } as const
  expect(hex(encodeAccepted({ ballot, entry: group }))).toBe(`${head}${proposer}010101040101${proposer}00`)
})

test('a promise has these bytes', () => {
  const head = `0b${hex(Buffer.from('memo/vote/1'))}0001030102`
  const proposer = `20${'61'.repeat(32)}10${'62'.repeat(16)}`
  expect(hex(encodeVote({ promised: ballot, installing: false }))).toBe(`${head}${proposer}00`)
  expect(hex(encodeVote({ promised: ballot, installing: true }))).toBe(`${head}${proposer}0101`)
  expect(decodeVote(encodeVote({ promised: ballot, installing: true }))).toEqual({ promised: ballot, installing: true })
})

test('a body of the largest size is taken, and not one byte more', () => {
  const body = new Uint8Array(logEntryBytesMax)
  const decoded = decodeAccepted(encodeAccepted({ ballot, entry: { kind: 'change', body } }))
  expect(decoded?.entry.kind === 'change' && decoded.entry.body.length).toBe(logEntryBytesMax)
  const larger = new Uint8Array(logEntryBytesMax + 1)
  expect(() => encodeAccepted({ ballot, entry: { kind: 'change', body: larger } })).toThrow('well-formed')
  const writer = new CanonicalWriter(recordTag('memo/accepted-entry/1')).uint(0).uint(3).uint(2)
  writer.bytes(member.nodeId).bytes(member.storeId).uint(0).bytes(larger)
  expect(decodeAccepted(writer.finish())).toBeUndefined()
})

test('nothing malformed is kept or read', () => {
  const unborn = { ...ballot, bootCount: 0 }
  expect(() => encodeVote({ promised: unborn, installing: false })).toThrow('well-formed')
  expect(() => encodeAccepted({ ballot: unborn, entry: { kind: 'empty' } })).toThrow('well-formed')
  const voteOf = (bootCount: number, installing: number) =>
    new CanonicalWriter(recordTag('memo/vote/1'))
      .uint(0)
      .uint(3)
      .uint(bootCount)
      .bytes(member.nodeId)
      .bytes(member.storeId)
      .uint(installing)
      .finish()
  expect(decodeVote(voteOf(2, 1))).toBeDefined()
  expect(decodeVote(voteOf(0, 1))).toBeUndefined()
  expect(decodeVote(voteOf(2, 2))).toBeUndefined()
  const twice = { kind: 'group', group: { index: 1, members: [member, member], learners: [] } } as const
  expect(() => encodeAccepted({ ballot, entry: twice })).toThrow('well-formed')
  const acceptedOf = (members: readonly Member[], learners: readonly Member[]) =>
    [0, 3, 2]
      .reduce((writer, part) => writer.uint(part), new CanonicalWriter(recordTag('memo/accepted-entry/1')))
      .bytes(member.nodeId)
      .bytes(member.storeId)
      .uint(1)
      .uint(0)
      .list(members, (each, writer) => writer.bytes(each.nodeId).bytes(each.storeId))
      .list(learners, (each, writer) => writer.bytes(each.nodeId).bytes(each.storeId))
      .finish()
  expect(decodeAccepted(acceptedOf([member], []))).toBeDefined()
  expect(decodeAccepted(acceptedOf([], [member]))).toBeUndefined()
  expect(decodeAccepted(acceptedOf([member], [member]))).toBeUndefined()
  expect(decodeAccepted(encodeVote({ promised: ballot, installing: false }))).toBeUndefined()
  expect(decodeVote(acceptedOf([member], []))).toBeUndefined()
})
