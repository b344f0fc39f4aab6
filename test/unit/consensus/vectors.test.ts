import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addressFromBytes } from '../../../src/node/core/base/address.ts'
import { decodeBlockEntry } from '../../../src/node/core/consensus/block-entry-codec.ts'
import { decodeBlockRecord, decodeOutcome } from '../../../src/node/core/consensus/record-codec.ts'
import { decodeReplicaMessages } from '../../../src/node/core/consensus/replica-message-codec.ts'
import { decodeAccepted, decodeVote } from '../../../src/node/core/consensus/vote-codec.ts'
import { decodePlacement } from '../../../src/node/core/overlay/placement-map.ts'
import { decodeRootSection } from '../../../src/node/core/overlay/root-section.ts'
import { decodeBlockChangeAnswer, decodeBlockRead, decodeBlockReadAnswer } from '../../../src/node/core/wire/block-calls.ts'

const folder = join(import.meta.dirname, '../../vectors')
const read = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')).vectors

/** A decoded value as the vectors spell it. */
const spelled = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'bigint') return item.toString()
      return item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item
    }),
  )
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

describe('the stored vectors', () => {
  test('of consensus records decode to what they say', () => {
    const records = read('consensus-records').filter((vector: object) => 'record' in vector)
    expect(records.map(({ record }: { record: { state: { kind: string } } }) => record.state.kind)).toEqual([
      'signed',
      'map',
      'removed',
    ])
    for (const { record, encoded } of records) {
      const address = addressFromBytes(bytes(record.address))
      expect(address && spelled(decodeBlockRecord(address, bytes(encoded)))).toEqual(record)
    }
  })

  test('of outcomes have keys of address, time, session and number', () => {
    const [vector] = read('consensus-records').filter((each: object) => 'outcome' in each)
    const { address, requestId, outcome, key, encoded } = vector
    const number = (text: string) => BigInt(text).toString(16).padStart(16, '0')
    expect(key).toBe(`${address}${number(requestId.issued)}${requestId.session}${number(requestId.sequence)}`)
    expect(spelled(decodeOutcome(bytes(encoded)))).toEqual(outcome)
  })

  test('of votes and accepted entries have the keys of their slots and decode to what they say', () => {
    const all = read('consensus-votes')
    const [{ vote, encoded: promise }] = all.filter((each: object) => 'vote' in each)
    expect(spelled(decodeVote(bytes(promise)))).toEqual(vote)
    const entries = all.filter((each: object) => 'accepted' in each)
    for (const { address, slot, accepted, key, encoded } of entries) {
      expect(key).toBe(`${address}${slot.toString(16).padStart(16, '0')}`)
      expect(spelled(decodeAccepted(bytes(encoded)))).toEqual(accepted)
    }
    const kinds = entries.map(({ accepted }: { accepted: { entry: { kind: string } } }) => accepted.entry.kind)
    expect(kinds).toEqual(['change', 'group', 'empty', 'change'])
  })

  test('of messages between replicas decode to what they say, each kind and all together', () => {
    const bodies = read('consensus-votes').filter((each: object) => 'messages' in each)
    expect(bodies.map(({ messages }: { messages: readonly unknown[] }) => messages.length)).toEqual([...Array(11).fill(1), 11])
    for (const { messages, encoded } of bodies) expect(spelled(decodeReplicaMessages(bytes(encoded)))).toEqual(messages)
  })

  test('of the log of a signed block and of calls on it decode to what they say', () => {
    const decoders = {
      entry: decodeBlockEntry,
      read: decodeBlockRead,
      readAnswer: decodeBlockReadAnswer,
      changeAnswer: decodeBlockChangeAnswer,
    }
    const seen = read('signed-block-log').map(({ encoded, ...named }: { readonly encoded: string }) => {
      const [[name, value]] = Object.entries(named) as [[keyof typeof decoders, unknown]]
      expect(spelled(decoders[name](bytes(encoded)))).toEqual(value)
      return name
    })
    expect(new Set(seen)).toEqual(new Set(Object.keys(decoders)))
  })

  test('of the root decode to what they say', () => {
    const [section, placement] = read('root-sections')
    expect(spelled(decodeRootSection(bytes(section.encoded)))).toEqual(section.section)
    expect(spelled(decodePlacement(bytes(placement.encoded)))).toEqual(placement.placement)
  })
})
