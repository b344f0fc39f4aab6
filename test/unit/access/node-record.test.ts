import { describe, expect, test } from 'vitest'
import { isEndpoint } from '../../../src/node/core/access/endpoint.ts'
import type { NodeRecord } from '../../../src/node/core/access/node-record.ts'
import {
  decodeNodeRecord,
  encodeNodeRecord,
  isGenuineNodeRecord,
  isWellFormedNodeRecord,
  newerRecord,
  nodeRecordBytesMax,
} from '../../../src/node/core/access/node-record.ts'
import { crypto, filled, inviter, member, networkId, nodeRecord, oneBitOff } from '../../support/identities.ts'

describe('a record of a node', () => {
  const record = nodeRecord(member)

  test('is genuine in its network, signed by the key that its id is made of', () => {
    expect(isGenuineNodeRecord(crypto, networkId, record)).toBe(true)
    expect(isGenuineNodeRecord(crypto, filled(8), record)).toBe(false)
    expect(isGenuineNodeRecord(crypto, networkId, nodeRecord(member, { nodeId: nodeRecord(inviter).nodeId }))).toBe(false)
    expect(isGenuineNodeRecord(crypto, networkId, { ...record, freeBytes: 1 })).toBe(false)
    expect(() => nodeRecord(member, { nodeKey: inviter.node.publicKey })).toThrow('signs its own record')
  })

  test('comes back from its bytes', () => {
    expect(decodeNodeRecord(encodeNodeRecord(record))).toEqual(record)
    const bare = nodeRecord(member, { endpoints: [], labels: [], zone: '', software: '', storing: false })
    expect(decodeNodeRecord(encodeNodeRecord(bare))).toEqual(bare)
  })

  test('is refused or not genuine with any bit changed', () => {
    for (const flipped of oneBitOff(encodeNodeRecord(record))) {
      const decoded = decodeNodeRecord(flipped)
      expect(decoded !== undefined && isGenuineNodeRecord(crypto, networkId, decoded)).toBe(false)
    }
  })

  test.each([
    ['nine endpoints', { endpoints: Array.from({ length: 9 }, (_, index) => `a:${index + 1}`) }],
    ['something else for an endpoint', { endpoints: ['a'] }],
    ['65 labels', { labels: Array.from({ length: 65 }, () => 'x') }],
    ['a label of 256 bytes', { labels: ['x'.repeat(256)] }],
    ['a zone of 256 bytes', { zone: 'é'.repeat(128) }],
    ['a version of 65 bytes', { software: 'x'.repeat(65) }],
    ['more free than there is', { capacityBytes: 1, freeBytes: 2 }],
    [
      '1537 bytes of texts',
      { endpoints: [], zone: 'xx', software: 'xxxxx', labels: Array.from({ length: 6 }, () => 'x'.repeat(255)) },
    ],
    ['a stamp of 64 bits', { issued: 1n << 63n }],
    ['half a start', { bootCount: 1.5 }],
  ] as const)('holds not %s', (_, changes: Partial<NodeRecord>) => {
    const { signature, ...fine } = record
    expect(isWellFormedNodeRecord(fine)).toBe(true)
    expect(isWellFormedNodeRecord({ ...fine, ...changes })).toBe(false)
    expect(() => encodeNodeRecord({ ...fine, ...changes, signature })).toThrow('well-formed')
  })

  test('is within its bytes with as much in it as fits', () => {
    const largest = nodeRecord(member, {
      endpoints: Array.from({ length: 8 }, () => `${'h'.repeat(144)}:65535`),
      zone: 'z'.repeat(100),
      labels: Array.from({ length: 64 }, () => 'x'.repeat(2)),
      software: 'v'.repeat(64),
      capacityBytes: Number.MAX_SAFE_INTEGER,
      freeBytes: Number.MAX_SAFE_INTEGER,
      bootCount: Number.MAX_SAFE_INTEGER,
      incarnation: Number.MAX_SAFE_INTEGER,
      syncedPosition: (1n << 64n) - 1n,
      issued: (1n << 63n) - 1n,
    })
    const encoded = encodeNodeRecord(largest)
    expect(encoded.length).toBeLessThanOrEqual(nodeRecordBytesMax)
    expect(decodeNodeRecord(encoded)).toEqual(largest)
  })
})

describe('the newer of two records', () => {
  const record = nodeRecord(member)
  const newer = (changes: Partial<NodeRecord>) => {
    const other = nodeRecord(member, changes)
    expect(newerRecord(record, other)).toBe(newerRecord(other, record))
    return newerRecord(record, other) === other
  }

  test('is that of the later start, then of the higher incarnation, then of the later time', () => {
    expect(newer({ bootCount: 4, incarnation: 0, issued: 0n })).toBe(true)
    expect(newer({ bootCount: 2, incarnation: 9, issued: record.issued + 1n })).toBe(false)
    expect(newer({ incarnation: 2, issued: 0n })).toBe(true)
    expect(newer({ issued: record.issued + 1n })).toBe(true)
    expect(newer({ issued: record.issued - 1n })).toBe(false)
  })

  test('is that of the later time where the stores differ', () => {
    expect(newer({ storeId: filled(6, 16), bootCount: 1, issued: record.issued + 1n })).toBe(true)
    expect(newer({ storeId: filled(6, 16), bootCount: 9, issued: record.issued - 1n })).toBe(false)
  })

  test('is the same for everybody where a node says two things at one moment', () => {
    newer({ freeBytes: 1 })
  })
})

describe('an endpoint', () => {
  test.each(['a:1', 'memo.example:65535', '192.0.2.1:80', '[::1]:4455', 'xn--kche-0ra.example:1', `${'h'.repeat(249)}:65535`])(
    'may be %s',
    (text) => {
      expect(isEndpoint(text)).toBe(true)
    },
  )
  test.each([
    '',
    'a',
    'a:',
    ':1',
    'a:0',
    'a:01',
    'a:65536',
    'a b:1',
    'a:1 ',
    'küche:1',
    '::1:80',
    '[::1]',
    'a:1\n',
    `${'h'.repeat(250)}:65535`,
  ])('is not %j', (text) => {
    expect(isEndpoint(text)).toBe(false)
  })
})
