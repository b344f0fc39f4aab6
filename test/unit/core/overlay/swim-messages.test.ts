import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../../src/node/core/base/bytes.ts'
import type { Rumour, SwimMessage } from '../../../../src/node/core/overlay/swim/swim-messages.ts'
import {
  decodeSwimMessage,
  encodeSwimMessage,
  nodeRecordBytesMax,
  rumourBytes,
} from '../../../../src/node/core/overlay/swim/swim-messages.ts'

const nodeId = fc.uint8Array({ minLength: 32, maxLength: 32 })
const facts = { nodeId, bootCount: fc.maxSafeNat(), incarnation: fc.maxSafeNat() }
const rumour: fc.Arbitrary<Rumour> = fc.oneof(
  fc.record({ ...facts, state: fc.constant('alive' as const), record: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ ...facts, state: fc.constantFrom('suspect' as const, 'dead' as const, 'left' as const), by: nodeId }),
)
const rumours = fc.array(rumour, { maxLength: 4 })
const sequence = fc.maxSafeNat()
const message: fc.Arbitrary<SwimMessage> = fc.oneof(
  fc.record({ kind: fc.constantFrom('ping' as const, 'ack' as const), sequence, rumours }),
  fc.record({ kind: fc.constant('pingRequest' as const), sequence, target: nodeId, rumours }),
  fc.record({ kind: fc.constant('nack' as const), sequence }),
  fc.record({
    kind: fc.constant('digest' as const),
    entries: fc.array(fc.record({ ...facts, state: fc.constantFrom('alive', 'suspect', 'dead', 'left') }), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('news' as const), rumours, wanted: fc.array(nodeId, { maxLength: 3 }) }),
)

describe('membership messages', () => {
  test('come back as they were, in one encoding, within the bytes that rumours are counted with', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const bytes = encodeSwimMessage(sent)
        const read = decodeSwimMessage(bytes)
        expect(read).toEqual(sent)
        expect(toHex(encodeSwimMessage(read ?? sent))).toBe(toHex(bytes))
        if (!('rumours' in sent) || sent.kind === 'news') return
        expect(bytes.length).toBeLessThanOrEqual(96 + sent.rumours.reduce((sum, each) => sum + rumourBytes(each), 0))
      }),
    )
  })

  test('with a byte changed, cut or added are refused or are another message with its own encoding', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 2 }), (sent, at, byte, how) => {
        const bytes = encodeSwimMessage(sent).slice()
        const place = at % bytes.length
        if (how === 0) bytes[place] = byte
        const changed = how === 1 ? bytes.slice(0, place) : how === 2 ? Uint8Array.of(...bytes, byte) : bytes
        const read = decodeSwimMessage(changed)
        if (how > 0) expect(read).toBeUndefined()
        if (read !== undefined) expect(toHex(encodeSwimMessage(read))).toBe(toHex(changed))
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeSwimMessage(bytes) === undefined))
  })

  test('keep records within their bound, in both directions', () => {
    const withRecord = (length: number): SwimMessage => ({
      kind: 'ping',
      sequence: 1,
      rumours: [{ nodeId: new Uint8Array(32), bootCount: 1, incarnation: 0, state: 'alive', record: new Uint8Array(length) }],
    })
    expect(decodeSwimMessage(encodeSwimMessage(withRecord(nodeRecordBytesMax)))).toEqual(withRecord(nodeRecordBytesMax))
    expect(() => encodeSwimMessage(withRecord(nodeRecordBytesMax + 1))).toThrow('bound')
    expect(() => encodeSwimMessage(withRecord(0))).toThrow('bound')
  })
})
