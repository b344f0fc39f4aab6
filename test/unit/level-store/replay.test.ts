import { expect, test } from 'vitest'
import { replayJournal } from '../../../src/node/adapters/level-store/journal/replay.ts'
import { segmentHeaderBytes } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import type { StoreEvents } from '../../../src/node/ports/record-store.ts'
import { directory, JournalImage, salt } from './journal-image.ts'

const start = { segment: 0, offset: 0, sequence: 0 }

async function replay(image: JournalImage, { from = start, provenThrough = 0 } = {}) {
  const taken: number[] = []
  const holes: string[] = []
  const cuts: { segment: number; offset: number }[] = []
  const events = { tailCut: (facts: { segment: number; offset: number }) => void cuts.push(facts) } as unknown as StoreEvents
  const { end } = await replayJournal({
    ...{ files: image.memory.files, directory, salt, events, segments: image.segments, from, provenThrough },
    onFrame: (frame) => void taken.push(frame.header.sequence),
    onHole: async (finding) => void holes.push(finding),
  })
  return { taken, holes, cuts: cuts.length, end }
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
