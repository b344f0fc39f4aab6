/**
 * What a start does about a damaged index. LevelDB must not open it. Where the journal still holds every frame from the first to the
 * last that anything proves, an empty index takes its place and is filled from the journal; else the start ends here.
 */

import { checkIndexFiles, damageText } from './index/index-files.ts'
import { readLayers } from './index/index-layers.ts'
import { isIndexLocked } from './index/lock-probe.ts'
import { decodeFact, decodeIndexValue } from './index/record-codec.ts'
import { installNewIndex, openNewIndex, setIndexAside } from './index-folders.ts'
import { replayJournal } from './journal/replay.ts'
import type { Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import type { StoreFile } from './store-files.ts'
import { damaged, indexName } from './store-files.ts'
import { lockedByOther } from './store-lock.ts'

const findingsShownMax = 3
const journalStart = { segment: 0, offset: 0, sequence: 0 }

/** Resolves when LevelDB may open the index. */
export async function ensureSoundIndex(opening: Opening, identity: StoreFile): Promise<void> {
  const { files, directory, indexDirectory, events } = opening
  const { damage } = await checkIndexFiles(files, indexDirectory)
  if (damage.length === 0) return
  // Tables come and go while another process has the index open, and it may be theirs that were seen half made.
  if (await isIndexLocked(files, indexDirectory)) throw await lockedByOther(files, directory)
  const shown = damage.slice(0, findingsShownMax).map(damageText).join('; ')
  const more = damage.length > findingsShownMax ? `; and ${damage.length - findingsShownMax} more` : ''
  if (!(await journalHoldsAll(opening, identity))) {
    throw damaged(directory, indexName, `${shown}${more}. "memo cluster recover" goes on with what verifies`)
  }
  events.damageFound({ finding: `${shown}${more}; the index is built anew from the journal, which holds everything` })
  const index = await openNewIndex(opening)
  await index.close()
  await setIndexAside(opening)
  await installNewIndex(opening)
}

async function journalHoldsAll(opening: Opening, { salt, provenThrough }: StoreFile): Promise<boolean> {
  const { files, journalDirectory, indexDirectory, events } = opening
  const segments = await listSegments(opening)
  if (segments[0] !== 1) return false
  try {
    await replayJournal({
      ...{ files, directory: journalDirectory, salt, events, segments, from: journalStart },
      provenThrough: Math.max(provenThrough, await indexedThrough(opening, indexDirectory)),
      onFrame: () => undefined,
      onHole: (finding) => Promise.reject(new JournalHole(finding)),
    })
    return true
  } catch (error) {
    if (error instanceof JournalHole) return false
    throw error
  }
}

class JournalHole extends Error {
  override readonly name = 'JournalHole'
}

/** The highest sequence number that anything in the damaged index names. */
async function indexedThrough({ files }: Opening, folder: string): Promise<number> {
  let through = 0
  for await (const { entries } of readLayers({ files, folder, note: () => undefined })) {
    for (const { key, value } of entries) {
      if (value === undefined) continue
      const sequence = (decodeIndexValue(key, value) ?? decodeFact(key, value))?.sequence ?? 0
      through = Math.max(through, sequence)
    }
  }
  return through
}
