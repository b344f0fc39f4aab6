import { expect, test } from 'vitest'
import type { ReclaimOptions } from '../../../src/node/adapters/level-store/reclaim.ts'
import { Reclaim } from '../../../src/node/adapters/level-store/reclaim.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

/** A damaged segment that holds nothing alive, and an index that is found damaged while it writes its tables, or not. */
function emptySegment(isIndexDamaged: boolean) {
  const gone: string[] = []
  const failed: unknown[] = []
  let stalled: CodedError | undefined
  const options = {
    limits: defaultLimits,
    files: { unlink: async (path: string) => void gone.push(path), syncDirectory: async () => undefined },
    directory: 'journal',
    events: { segmentReclaimed: () => undefined },
    index: {
      async *pages() {
        // Nothing in it.
      },
    },
    indexWriter: {
      state: { end: { segment: 2, offset: 0, sequence: 9 } },
      indexed: async () => undefined,
      table: async () => {
        if (isIndexDamaged) stalled = new CodedError('data-corrupt', 'made by a test')
      },
      forgetSegment: () => undefined,
      get stalled() {
        return stalled
      },
    },
    journal: { leave: () => undefined, position: { segment: 2, offset: 0, sequence: 9 }, segment: 2 },
    payloads: { retire: async () => undefined },
    capacity: { segmentSizes: new Map([[1, 4096]]), roomBytes: 0, dropSegment: () => undefined },
    liveBytes: new Map(),
    onRoomMade: () => undefined,
    onFailed: (error: unknown) => void failed.push(error),
  }
  return { reclaim: new Reclaim(options as unknown as ReclaimOptions), gone, failed }
}

test('a segment stays when the index is found damaged while its last tables are written: the index is made anew from it', async () => {
  for (const isIndexDamaged of [false, true]) {
    const { reclaim, gone, failed } = emptySegment(isIndexDamaged)
    reclaim.distrust(1, 'checksums')
    // Done in the background, with nothing to wait for in these stand-ins.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await reclaim.close()
    expect([gone.length > 0, failed]).toEqual([!isIndexDamaged, []])
  }
})
