import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { networkIdOf, signTerms } from '../../../src/node/core/access/network-descriptor.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import { decodeBlockEntry, encodeBlockEntry, isBlockEntry } from '../../../src/node/core/consensus/block-entry-codec.ts'
import {
  decodeBlockRecord,
  decodeOutcome,
  encodeBlockRecord,
  encodeOutcome,
} from '../../../src/node/core/consensus/record-codec.ts'
import {
  decodeReplicaMessages,
  encodeReplicaMessages,
  replicaBodyHeadBytes,
  replicaMessageBytes,
} from '../../../src/node/core/consensus/replica-message-codec.ts'
import { decodeAccepted, decodeVote, encodeAccepted, encodeVote } from '../../../src/node/core/consensus/vote-codec.ts'
import {
  decodeDescriptorSection,
  encodeDescriptorSection,
  isGenuineDescriptor,
} from '../../../src/node/core/overlay/descriptor-section.ts'
import { decodePlacement, encodePlacement } from '../../../src/node/core/overlay/placement-map.ts'
import type { SealedSecret } from '../../../src/node/core/overlay/root-bodies.ts'
import { decodeKeyRing, decodeStoreRoot, encodeKeyRing, encodeStoreRoot } from '../../../src/node/core/overlay/root-bodies.ts'
import { decodeRootSection, encodeRootSection } from '../../../src/node/core/overlay/root-section.ts'
import {
  decodeBlockChangeAnswer,
  decodeBlockRead,
  decodeBlockReadAnswer,
  encodeBlockChangeAnswer,
  encodeBlockRead,
  encodeBlockReadAnswer,
} from '../../../src/node/core/wire/block-calls.ts'
import {
  bytesOf,
  crypto,
  foundation,
  hlc,
  mutableAddress,
  mutation,
  signer,
  someBytes,
  uint64,
} from '../block/block-arbitraries.ts'
import {
  acceptedEntry,
  addressedMessage,
  blockEntry,
  blockRecord,
  changeAnswer,
  optionalRequestId,
  readAnswer,
  vote,
} from './consensus-arbitraries.ts'

/** What a value says, whatever arrays and views it is made of. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'bigint') return `${item}n`
      return item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item
    }),
  )
}

/** Every value comes back; a change of its bytes is refused or is the one encoding of another value. */
function encodesOneToOne<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array, value: T) => T | undefined,
) {
  fc.assert(
    fc.property(values, mutation, (value, mutate) => {
      const bytes = encode(value)
      expect(plain(decode(bytes, value))).toEqual(plain(value))
      const changed = mutate(bytes)
      fc.pre(!equalBytes(changed, bytes))
      const other = decode(changed, value)
      if (other === undefined) return
      expect(Buffer.from(encode(other))).toEqual(Buffer.from(changed))
      expect(plain(other)).not.toEqual(plain(value))
    }),
    { numRuns: 1000 },
  )
}

describe('records stand one to one with their bytes', () => {
  test('consensus records', () => {
    encodesOneToOne(blockRecord, encodeBlockRecord, (bytes, { address }) => decodeBlockRecord(address, bytes))
  })

  test('outcomes', () => {
    const asked = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const kind = fc.constantFrom('done' as const, 'conflict' as const)
    const outcome = fc.record({ kind, generation: hlc, version: uint64, asked })
    encodesOneToOne(outcome, encodeOutcome, decodeOutcome)
  })

  test('promises and accepted entries', () => {
    encodesOneToOne(vote, encodeVote, decodeVote)
    encodesOneToOne(acceptedEntry, encodeAccepted, decodeAccepted)
  })

  test('bodies of messages between replicas', () => {
    encodesOneToOne(fc.array(addressedMessage, { minLength: 1, maxLength: 4 }), encodeReplicaMessages, decodeReplicaMessages)
  })

  test('entries of signed blocks', () => {
    encodesOneToOne(blockEntry, encodeBlockEntry, decodeBlockEntry)
  })

  test('calls on signed blocks', () => {
    const question = optionalRequestId.map((requestId) => ({ requestId }))
    encodesOneToOne(question, ({ requestId }) => encodeBlockRead(requestId), decodeBlockRead)
    encodesOneToOne(readAnswer, encodeBlockReadAnswer, decodeBlockReadAnswer)
    encodesOneToOne(changeAnswer, encodeBlockChangeAnswer, decodeBlockChangeAnswer)
  })

  test('placement maps', () => {
    const place = fc.record({
      nodeId: bytesOf(32),
      storeId: bytesOf(16),
      weight: fc.nat({ max: 65_535 }),
      zone: fc.string({ maxLength: 20 }),
      labels: fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
    })
    const places = fc
      .uniqueArray(place, { maxLength: 6, selector: ({ nodeId }) => Buffer.from(nodeId).toString('hex') })
      .map((all) => all.sort((a, b) => Buffer.compare(a.nodeId, b.nodeId)))
    const map = fc.record({ epoch: fc.integer({ min: 1, max: 2 ** 40 }), places })
    encodesOneToOne(map, encodePlacement, decodePlacement)
  })

  test('sections of the root and what they hold', () => {
    const section = fc.record({ version: uint64, revision: uint64, session: bytesOf(16), sequence: uint64, body: someBytes() })
    encodesOneToOne(section, encodeRootSection, decodeRootSection)
    const sealed = fc.record({ member: bytesOf(32), sealed: fc.uint8Array({ minLength: 1, maxLength: 100 }) })
    const ring: fc.Arbitrary<readonly SealedSecret[]> = fc.array(sealed, { maxLength: 4 })
    encodesOneToOne(ring, encodeKeyRing, decodeKeyRing)
    encodesOneToOne(mutableAddress, encodeStoreRoot, decodeStoreRoot)
  })
})

describe('a consensus record', () => {
  test('is not taken for that of another block', () => {
    fc.assert(
      fc.property(blockRecord, mutableAddress, (record, address) => {
        fc.pre(!equalBytes(address, record.address))
        expect(decodeBlockRecord(address, encodeBlockRecord(record))).toBeUndefined()
      }),
    )
  })
})

describe('an entry of a signed block', () => {
  test('of any bytes is read or refused, and known by its tag', () => {
    const tag = Buffer.from('memo/block-entry/1')
    const anything = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(anything, fc.boolean(), (tail, isTagged) => {
        const bytes = isTagged ? Buffer.concat([Buffer.of(tag.length), tag, tail]) : tail
        expect(isBlockEntry(bytes)).toBe(isTagged)
        const decoded = decodeBlockEntry(bytes)
        if (decoded !== undefined) expect(Buffer.from(encodeBlockEntry(decoded))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a body of messages between replicas', () => {
  test('is as large as its messages were said to be, or a little smaller', () => {
    fc.assert(
      fc.property(fc.array(addressedMessage, { minLength: 1, maxLength: 6 }), (messages) => {
        const said = messages.reduce((sum, { message }) => sum + replicaMessageBytes(message), replicaBodyHeadBytes)
        const { length } = encodeReplicaMessages(messages)
        expect(length).toBeLessThanOrEqual(said)
        const slots = messages.flatMap(({ message }) => (message.kind === 'promise' ? message.slots : []))
        const entries = messages.flatMap(({ message }) => (message.kind === 'accept' ? message.entries : []))
        expect(said - length).toBeLessThan(messages.length * 220 + slots.length * 60 + entries.length * 25)
      }),
    )
  })

  test('of any bytes is read or refused, and never ends the reader', () => {
    const head = encodeReplicaMessages(fc.sample(addressedMessage, { numRuns: 1, seed: 1 })).subarray(0, 24)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (tail, isTagged) => {
        const bytes = isTagged ? Buffer.concat([head, tail]) : tail
        const decoded = decodeReplicaMessages(bytes)
        if (decoded !== undefined) expect(Buffer.from(encodeReplicaMessages(decoded))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a descriptor', () => {
  const heir = crypto.signingKey(new Uint8Array(32).fill(2))
  const section = foundation.map((each) => {
    const own = { ...each, founder: signer.publicKey }
    const networkId = networkIdOf(crypto, own)
    const terms = {
      networkId,
      version: 1,
      owner: signer.publicKey,
      overlay: 'kouncil',
      administrators: [],
      protocolVersion: 1,
    } as const
    const handedOver = { ...terms, version: 2, owner: heir.publicKey }
    const byHeir = { ...terms, version: 3, owner: heir.publicKey }
    return {
      networkId,
      section: { foundation: own, terms: [signTerms(signer, terms), signTerms(signer, handedOver), signTerms(heir, byHeir)] },
    }
  })

  test('is genuine across hand-overs, and not after any change', () => {
    fc.assert(
      fc.property(section, mutation, ({ networkId, section: whole }, mutate) => {
        const bytes = encodeDescriptorSection(whole)
        const decoded = decodeDescriptorSection(bytes)
        expect(decoded && isGenuineDescriptor(crypto, networkId, decoded)).toBe(true)
        const changed = mutate(bytes)
        fc.pre(!equalBytes(changed, bytes))
        const other = decodeDescriptorSection(changed)
        expect(other !== undefined && isGenuineDescriptor(crypto, networkId, other)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('needs every statement in its order', () => {
    fc.assert(
      fc.property(section, ({ networkId, section: { foundation: founded, terms } }) => {
        for (const order of [[0, 2], [1], [0, 2, 1], [0, 1, 1]]) {
          const picked = order.flatMap((index) => terms[index] ?? [])
          expect(isGenuineDescriptor(crypto, networkId, { foundation: founded, terms: picked })).toBe(false)
        }
      }),
      { numRuns: 50 },
    )
  })
})
