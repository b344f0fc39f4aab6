import { expect, test } from 'vitest'
import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'
import { replayJournal } from '../../../src/node/adapters/level-store/journal/replay.ts'
import { segmentHeaderBytes, segmentName } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import type { StoreEvents } from '../../../src/node/ports/record-store.ts'
import { FaultyFiles } from '../../integration/store/faulty-files.ts'
import { directory, JournalImage, put, salt } from './journal-image.ts'

const start = { segment: 0, offset: 0, sequence: 0 }

async function replay(image: JournalImage, { from = start, provenThrough = 0, files = image.memory.files } = {}) {
  const taken: number[] = []
  const holes: string[] = []
  const found: string[] = []
  const cuts: { segment: number; offset: number }[] = []
  const events = {
    tailCut: (facts: { segment: number; offset: number }) => void cuts.push(facts),
    damageFound: ({ finding }: { finding: string }) => void found.push(finding),
  } as unknown as StoreEvents
  const { end } = await replayJournal({
    ...{ files, directory, salt, events, segments: image.segments, from, provenThrough },
    onFrame: (frame) => void taken.push(frame.header.sequence),
    onHole: async (finding) => void holes.push(finding),
  })
  return { taken, holes, found, cuts: cuts.length, end }
}

/** Two writes: 1 to 3, then 4 to 6. */
const twoWrites = () => new JournalImage().segment(1).frame(1, 0).frame(2, 0).frame(3, 0).frame(4, 3).frame(5, 3).frame(6, 3)
/** A write in each of three segments. */
const threeSegments = () => new JournalImage().segment(1).frame(1, 0).segment(2).frame(2, 1).frame(3, 1).segment(4).frame(4, 3)

const tails: readonly [string, JournalImage, { provenThrough?: number }, readonly number[]][] = [
  ['nothing at all', new JournalImage(), {}, []],
  ['a prepared segment', new JournalImage().segment(1, { header: false }), {}, []],
  ['a whole journal', twoWrites(), {}, [1, 2, 3, 4, 5, 6]],
  ['the last frame of the last write', twoWrites().damage(6), {}, [1, 2, 3, 4, 5]],
  ['the first frame of the last write, the others whole', twoWrites().damage(4), {}, [1, 2, 3]],
  ['a middle frame of the last write, zeroed', twoWrites().zero(5), {}, [1, 2, 3, 4]],
  ['a length in the last write', twoWrites().damage(4, 8), {}, [1, 2, 3]],
  ['the end of what is proven', twoWrites().damage(6), { provenThrough: 5 }, [1, 2, 3, 4, 5]],
  ['only one write, torn at its start', new JournalImage().segment(1).frame(1, 0).frame(2, 0).damage(1), {}, []],
  ['segments that follow each other', threeSegments(), {}, [1, 2, 3, 4]],
  ['the first write of a new segment', threeSegments().damage(4), {}, [1, 2, 3]],
  [
    'the header of a new segment, its frame whole',
    new JournalImage().segment(1).frame(1, 0).segment(2, { header: false }).frame(2, 1),
    {},
    [1],
  ],
]

test.each(tails)('%s: what is missing was never answered', async (_, image, settings, taken) => {
  const before = await replay(image, settings)
  expect(before.holes).toEqual([])
  expect(before.taken).toEqual(taken)
  expect(before.end.sequence).toBe(taken.at(-1) ?? 0)
  const after = await replay(image, settings)
  expect(after, 'a second start finds nothing left to cut').toEqual({ ...before, cuts: 0 })
})

const holes: readonly [string, JournalImage, { from?: typeof start; provenThrough?: number }, readonly number[]][] = [
  ['a frame of an earlier write', twoWrites().damage(2), {}, [1, 3, 4, 5, 6]],
  ['the last frame of an earlier write, zeroed', twoWrites().zero(3), {}, [1, 2, 4, 5, 6]],
  ['a length in an earlier write', twoWrites().damage(1, 8), {}, [2, 3, 4, 5, 6]],
  ['the end of the last segment, with its file', twoWrites().cutFile(1, 12_000), {}, [1, 2, 3, 4, 5, 6]],
  ['nearly all of the last segment, with its file', twoWrites().cutFile(1, 1331), {}, []],
  ['a new segment nearly whole, with its file', threeSegments().cutFile(3, 1331), {}, [1, 2, 3]],
  ['a segment before one that was being made', twoWrites().unfinished(3), {}, [1, 2, 3, 4, 5, 6]],
  ['a frame of the last write that the identity proves', twoWrites().damage(6), { provenThrough: 6 }, [1, 2, 3, 4, 5]],
  ['a frame before a later segment', threeSegments().damage(3), {}, [1, 2, 4]],
  ['all frames before a later segment', threeSegments().zero(2).zero(3), {}, [1, 4]],
  [
    'a header that was synced',
    threeSegments()
      .damage(2, -segmentHeaderBytes + 16)
      .damage(4),
    {},
    [1, 2, 3],
  ],
  ['a segment that is gone', threeSegments().remove(2), {}, [1, 4]],
  ['the segment that the index stands in', threeSegments().remove(4), { from: { segment: 4, offset: 5000, sequence: 4 } }, []],
  ['everything', new JournalImage(), { provenThrough: 3 }, []],
]

test.each(holes)('%s: something that was answered is missing', async (_, image, settings, taken) => {
  const found = await replay(image, settings)
  expect(found.holes.length).toBeGreaterThan(0)
  expect(found.taken).toEqual(taken)
})

test('what a cut tail held never comes back behind new frames of the same length', async () => {
  const image = twoWrites().damage(4)
  const { end, cuts } = await replay(image)
  expect(cuts).toBe(1)
  expect(
    image
      .bytes(1)
      .subarray(end.offset)
      .every((byte) => byte === 0),
  ).toBe(true)
})

/** The sector in which the frame starts cannot be read. */
function unreadableAt(image: JournalImage, sequence: number, { ahead = 0, sectors = 1, code = 'EIO' } = {}) {
  const { segment, offset } = image.places.get(sequence)!
  const from = offset - (offset % 4096) + ahead
  const faulty = new FaultyFiles(image.memory.files)
  faulty.readFaults = [{ path: `${directory}/${segmentName(segment)}`, range: { from, to: from + sectors * 4096 }, code }]
  return { faulty, files: faulty.files, from, to: from + sectors * 4096 }
}

/** Two writes, the second in a sector of its own. */
const spread = () =>
  new JournalImage()
    .segment(1)
    .frame(1, 0, [put('large', 'x'.repeat(8192 - 4096 - 72))])
    .frame(2, 1)
    .frame(3, 1)

test('a sector that cannot be read is a hole where what it held is proven, and its place and cause are named', async () => {
  const image = spread()
  const { files, from, to } = unreadableAt(image, 1)
  const {
    taken,
    holes: [hole],
    end,
  } = await replay(image, { files })
  expect(hole).toBe(`journal: frame 1 is missing in segment 1 at 4096: segment 1 cannot be read from ${from} to ${to} (EIO)`)
  expect([taken, end.sequence]).toEqual([[2, 3], 3])
})

test('without proof it is a torn end: told, cut, and the next frame goes into another segment', async () => {
  const image = spread()
  expect(image.places.get(2)?.offset).toBe(8192)
  const { faulty, files, from, to } = unreadableAt(image, 2)
  const { taken, holes, found, cuts, end } = await replay(image, { files })
  expect([taken, holes, cuts]).toEqual([[1], [], 1])
  expect(found).toEqual([`journal: segment 1 cannot be read from ${from} to ${to} (EIO)`])
  expect(end).toEqual({ segment: 1, offset: image.bytes(1).length, sequence: 1 })
  expect(faulty.readFaults, 'the zeros made it readable').toEqual([])
  expect(await replay(image)).toMatchObject({ taken: [1], holes: [], found: [], cuts: 0 })
})

test('what is larger than a write that was cut short leaves is a hole with and without proof', async () => {
  const image = new JournalImage(256 * 1024).segment(1).frame(1, 0)
  const { files } = unreadableAt(image, 1, { sectors: 40 })
  const { holes, cuts } = await replay(image, { files })
  expect([holes.length, cuts]).toEqual([1, 0])
})

test('zeros behind the last frame that cannot be read are told and are no hole', async () => {
  const image = spread()
  const { files } = unreadableAt(image, 2, { ahead: 4096 })
  const { taken, holes, found, end } = await replay(image, { files })
  expect([taken, holes, found.length]).toEqual([[1, 2, 3], [], 1])
  expect(end).toMatchObject({ segment: 1, offset: image.bytes(1).length })
})

test('a sector that cannot be written either is left, and the start goes on', async () => {
  const image = spread()
  const { files, from, to } = unreadableAt(image, 2)
  const stuck: Files = {
    ...files,
    open: async (path, mode) => {
      const file = await files.open(path, mode)
      const write: OpenFile['write'] = async (buffers, position) => {
        const length = buffers.reduce((sum, each) => sum + each.length, 0)
        if (position < to && position + length > from) throw Object.assign(new Error('bad sector'), { code: 'EIO' })
        await file.write(buffers, position)
      }
      return { ...file, write }
    },
  }
  const { holes, end } = await replay(image, { files: stuck })
  expect([holes, end.offset]).toEqual([[], image.bytes(1).length])
})

test('an error that is no damage of the medium ends the replay and cuts nothing', async () => {
  const image = spread()
  const before = Buffer.from(image.bytes(1))
  const { files } = unreadableAt(image, 2, { code: 'EACCES' })
  await expect(replay(image, { files })).rejects.toMatchObject({ code: 'EACCES' })
  expect(image.bytes(1).equals(before)).toBe(true)
})
