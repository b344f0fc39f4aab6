import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FrameWrite } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import { segmentHeaderBytes } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { inlinePayloadBytesMax, JournalImage, put } from './journal-image.ts'

const family = fc.constantFrom(...recordFamilies)
const key = fc.uint8Array({ maxLength: 40 })
const value = fc.uint8Array({ maxLength: inlinePayloadBytesMax * 3 })
const place = fc.record({ segment: fc.nat(), offset: fc.nat(), length: fc.nat(), checksum: fc.nat() })
const write: fc.Arbitrary<FrameWrite> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), family, key, value }),
  fc.record({ kind: fc.constant('delete' as const), family, key }),
  fc.record({ kind: fc.constant('move' as const), family, key, value, from: place }),
)

/** What a reader must find of a write, with payloads read back from where they are said to lie. */
function expected(item: FrameWrite) {
  const base = { family: recordFamilies.indexOf(item.family), key: Buffer.from(item.key) }
  if (item.kind === 'delete') return { ...base, kind: 'delete' }
  const bytes = Buffer.from(item.value)
  if (item.kind === 'move') return { ...base, kind: 'move', value: bytes, from: item.from }
  return { ...base, kind: item.value.length > inlinePayloadBytesMax ? 'payload' : 'inline', value: bytes }
}

test('a frame is read as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 12 }), fc.nat(), fc.nat(), async (writes, before, synced) => {
      const image = new JournalImage().segment(before + 1).frame(before + 1, synced, writes)
      const frame = (await (await image.reader(1)).frame(segmentHeaderBytes))!
      expect(frame.header).toMatchObject({ sequence: before + 1, syncedThrough: synced, operationCount: writes.length })
      expect(frame.length).toBe(image.places.get(before + 1)!.length)
      const found = frame.operations.map((operation) => {
        const base = { family: operation.family, key: Buffer.from(operation.key), kind: operation.kind }
        if (operation.kind === 'delete') return base
        if (operation.kind === 'inline') return { ...base, value: Buffer.from(operation.value) }
        const { offset, length } = operation.place
        const payload = { ...base, value: image.bytes(1).subarray(offset, offset + length) }
        return operation.kind === 'move' ? { ...payload, from: operation.from } : payload
      })
      expect(found).toEqual(writes.map(expected))
    }),
    { numRuns: 200 },
  )
})

test('a change of any single byte of a frame is refused', async () => {
  const long = 'a payload of an odd length, longer than what is kept inline, so that padding follows!'
  const image = new JournalImage().segment(7).frame(7, 6, [put('key', 'value'), put('other', long)])
  const { offset, length } = image.places.get(7)!
  const bytes = image.bytes(1)
  for (let at = offset; at < offset + length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at)
      expect(await (await image.reader(1)).frame(offset), `byte ${at - offset}, mask ${mask}`).toBeUndefined()
      bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at)
    }
  }
  expect(await (await image.reader(1)).frame(offset)).toBeDefined()
})

test('a change of any single byte of a segment header is refused', async () => {
  const image = new JournalImage().segment(1)
  const bytes = image.bytes(1)
  for (let at = 0; at < segmentHeaderBytes; at++) {
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at)
    expect(await (await image.reader(1)).header(), `byte ${at}`).toBeUndefined()
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at)
  }
  expect(await (await image.reader(1)).header()).toEqual({ segment: 1, firstSequence: 1, size: 16384 })
})

test('frames of another segment do not pass', async () => {
  const image = new JournalImage().segment(1).frame(1, 0).segment(2)
  image.bytes(1).copy(image.bytes(2), segmentHeaderBytes, segmentHeaderBytes)
  expect(await (await image.reader(2)).frame(segmentHeaderBytes)).toBeUndefined()
  expect(await (await image.reader(2)).frameFrom(segmentHeaderBytes)).toBeUndefined()
})

test('a frame is found behind any damage', async () => {
  const image = new JournalImage().segment(1).frame(1, 0).frame(2, 1).frame(3, 2).damage(1, 8).zero(2)
  const frame = await (await image.reader(1)).frameFrom(segmentHeaderBytes)
  expect(frame?.header.sequence).toBe(3)
})
