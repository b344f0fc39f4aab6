import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { sep } from 'node:path'

/** Why something in a folder does not become a key. */
export type WalkSkipReason = 'symbolic-link' | 'special-file' | 'name-not-utf8' | 'vanished' | 'unreadable'

export type WalkEntry =
  | { readonly kind: 'file'; readonly path: Buffer; readonly name: string; readonly size: number }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: WalkSkipReason }

const statsAtOnce = 64
const separator = Buffer.from(sep)
const slash = Buffer.from('/')
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * All regular files below a folder in the bytewise order of their names with slashes, which is the order of keys: so that what a
 * store has already can be read beside it. Names are taken as bytes; links are not followed, in any place.
 */
export async function* walkFolder(root: string): AsyncGenerator<WalkEntry> {
  yield* walk(Buffer.from(root), Buffer.alloc(0))
}

async function* walk(path: Buffer, name: Buffer): AsyncGenerator<WalkEntry> {
  let entries: Dirent<Buffer>[]
  try {
    entries = await readdir(path, { encoding: 'buffer', withFileTypes: true })
  } catch (error) {
    if (name.length === 0) throw error
    yield { kind: 'skipped', name: lossy(name), reason: reasonOf(error) }
    return
  }
  const sorted = entries.map((entry) => ({ entry, order: entry.isDirectory() ? Buffer.concat([entry.name, slash]) : entry.name }))
  sorted.sort((left, right) => Buffer.compare(left.order, right.order))
  for (let start = 0; start < sorted.length; start += statsAtOnce) {
    const group = sorted.slice(start, start + statsAtOnce).map(({ entry }) => {
      const childName = Buffer.concat([name, entry.name])
      return { entry, childPath: Buffer.concat([path, separator, entry.name]), childName }
    })
    const facts = await Promise.all(group.map(async (each) => (each.entry.isFile() ? await fileEntry(each) : undefined)))
    for (const [index, { entry, childPath, childName }] of group.entries()) {
      const known = facts[index]
      if (known !== undefined) yield known
      else if (entry.isDirectory()) yield* walk(childPath, Buffer.concat([childName, slash]))
      else yield { kind: 'skipped', name: lossy(childName), reason: entry.isSymbolicLink() ? 'symbolic-link' : 'special-file' }
    }
  }
}

async function fileEntry({ childPath, childName }: { childPath: Buffer; childName: Buffer }): Promise<WalkEntry> {
  let name: string
  try {
    name = decoder.decode(childName)
  } catch {
    return { kind: 'skipped', name: lossy(childName), reason: 'name-not-utf8' }
  }
  try {
    const facts = await lstat(childPath)
    if (!facts.isFile()) return { kind: 'skipped', name, reason: facts.isSymbolicLink() ? 'symbolic-link' : 'special-file' }
    return { kind: 'file', path: childPath, name, size: facts.size }
  } catch (error) {
    return { kind: 'skipped', name, reason: reasonOf(error) }
  }
}

function reasonOf(error: unknown): WalkSkipReason {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'vanished' : 'unreadable'
}

/** A name for people where the bytes are not text. */
function lossy(name: Buffer): string {
  return name.toString('utf8')
}
