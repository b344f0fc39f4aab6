/** Where a file lies, whatever links lead there, as seen from the data directories of nodes. */

import { access, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'

/** What a node makes in its data directory; docs/DATA.md says of each what it holds. */
const ownNames: ReadonlySet<string> = new Set([
  ...['FORMAT', 'store', 'pid', 'journal', 'index', 'reserve', 'keys', 'memo.json', 'running.json', 'console.json'],
  ...['grpc-token', 'grpc-cert.pem', 'grpc-key.pem', 'console-cert.pem', 'console-key.pem'],
])
const ownPatterns = /^(?:index|journal)\.|\.new$/

/** What a first start makes before there is anything that says whose the directory is, or would replace unseen. */
export const firstStartNames = ['journal', 'index', 'index.new', 'pid', 'reserve', 'reserve.new', 'running.json', 'console.json']

/** The path without links; of what does not exist yet, with the links of what does. */
export async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(await placeOf(above), basename(path))
  }
}

/** Where the entry of this name itself stands: a link at the end is not followed. */
export async function entryPlaceOf(path: string): Promise<string> {
  return join(await placeOf(dirname(path)), basename(path))
}

/** The path as seen from the directory, empty where it is the directory itself; undefined outside of it. */
export function within(directory: string, path: string): string | undefined {
  const way = relative(directory, path)
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way
}

export function isOwnName(way: string): boolean {
  const [name = ''] = way.split(sep)
  return ownNames.has(name) || ownPatterns.test(name)
}

/** The data directory of whatever node that a place is in. */
export async function dataDirectoryAround(place: string): Promise<string | undefined> {
  for (let folder = dirname(place); ; folder = dirname(folder)) {
    if (await holdsStore(folder)) return folder
    if (folder === dirname(folder)) return undefined
  }
}

export async function holdsStore(folder: string): Promise<boolean> {
  return (await exists(join(folder, 'FORMAT'))) && (await exists(join(folder, 'store')))
}

export async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
