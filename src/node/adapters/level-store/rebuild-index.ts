/**
 * What a start does about a damaged index. LevelDB must not open it. Where the journal still holds every frame from the first to the
 * last that anything proves, an empty index takes its place and is filled from the journal; else the start ends here.
 */

import { join } from 'node:path'
import type { Files } from './files.ts'
import type { IndexDamage } from './index/index-files.ts'
import { checkIndexFiles, damageText, readIndexFile } from './index/index-files.ts'
import { readLayers } from './index/index-layers.ts'
import { isIndexLocked } from './index/lock-probe.ts'
import { decodeFact, decodeIndexValue } from './index/record-codec.ts'
import { installNewIndex, openNewIndex } from './index-folders.ts'
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
  const { damage, unreadableLogs } = await checkIndexFiles(files, indexDirectory)
  if (damage.length === 0 && unreadableLogs.length === 0) return
  // Tables come and go while another process has the index open, and it may be theirs that were seen half made.
  if (await isIndexLocked(files, indexDirectory)) throw await lockedByOther(files, directory)
  if (damage.length === 0) return await replaceUnreadableLogs(opening, unreadableLogs)
  const shown = damage.slice(0, findingsShownMax).map(damageText).join('; ')
  const more = damage.length > findingsShownMax ? `; and ${damage.length - findingsShownMax} more` : ''
  if (!(await journalHoldsAll(opening, identity))) {
    throw damaged(directory, indexName, `${shown}${more}. "memo cluster recover" goes on with what verifies`)
  }
  events.damageFound({ finding: `${shown}${more}; the index is built anew from the journal, which holds everything` })
  const index = await openNewIndex(opening)
  await index.close()
  await installNewIndex(opening)
}

/**
 * A log that the disk cannot read in part gives way to a copy with zeros in these places, which LevelDB and the markers know how to
 * take: what is lost of it is in the journal. The log itself is kept beside the index, so that its sectors are not used again.
 */
async function replaceUnreadableLogs({ files, directory, indexDirectory, events }: Opening, found: readonly IndexDamage[]) {
  for (const name of new Set(found.map(({ file }) => file))) {
    const read = await readIndexFile(files, indexDirectory, name)
    if (read === undefined) continue
    const copy = join(directory, `${indexName}.log.new`)
    if ((await files.list(directory))?.includes(`${indexName}.log.new`) === true) await files.unlink(copy)
    const file = await files.open(copy, 'create')
    try {
      await file.write([read.bytes], 0)
      await file.datasync()
    } finally {
      await file.close()
    }
    // Where a start ends between the two, the log is missing, and the markers say what was in it.
    await files.rename(join(indexDirectory, name), join(directory, await freeName(files, directory)))
    await files.rename(copy, join(indexDirectory, name))
    await files.syncDirectory(indexDirectory)
    await files.syncDirectory(directory)
  }
  for (const damage of found) events.damageFound({ finding: `${damageText(damage)}; what it held is taken from the journal` })
}

async function freeName(files: Files, directory: string): Promise<string> {
  const names = (await files.list(directory)) ?? []
  for (let number = 1; ; number++) {
    const name = `${indexName}.unreadable-${number}.log`
    if (!names.includes(name)) return name
  }
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
