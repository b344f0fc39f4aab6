import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { WalkEntry, WalkSkipReason } from './folder-walk.ts'
import { walkFolder } from './folder-walk.ts'
import type { ImportItem } from './transfer-item.ts'

const pieceBytes = 256 * 1024

/** The regular files below a folder as things to import. */
export async function* folderSource(root: string): AsyncGenerator<ImportItem> {
  for await (const entry of walkFolder(root)) yield itemOf(entry)
}

/** How many things `folderSource` will give; only for a progress bar, so it may be wrong when the folder changes. */
export async function countFolder(root: string, signal: AbortSignal): Promise<number> {
  let count = 0
  for await (const _ of walkFolder(root)) {
    if (signal.aborted) break
    count += 1
  }
  return count
}

function itemOf(entry: WalkEntry): ImportItem {
  if (entry.kind === 'skipped') return skippedItem(entry.name, entry.reason)
  const { path, name, size } = entry
  return {
    kind: 'value',
    name,
    size,
    contentType: '',
    once: false,
    read: () => readFile(path),
    open: () => createReadStream(path, { highWaterMark: pieceBytes }),
  }
}

function skippedItem(name: string, reason: WalkSkipReason): ImportItem {
  return reason === 'unreadable' ? { kind: 'failed', name, reason } : { kind: 'skipped', name, reason }
}
