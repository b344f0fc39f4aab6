import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { DiskEvent } from './recording-files.ts'
import { directoriesOf } from './recording-files.ts'

const sectorBytes = 512

/** Numbers from a seed (mulberry32). */
export class SeededNumbers {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.unit() * limit)
  }
}

/** How the un-synced writes of one image fared: `random` decides for each, and for each sector of a torn one. */
export type Survival = 'none' | 'all' | 'random'

/** Files and directories after the power was lost just before event `at`. */
export function crashImage(
  events: readonly DiskEvent[],
  at: number,
  survival: Survival,
  numbers: SeededNumbers,
): ReadonlyMap<string, Buffer> {
  const past = events.slice(0, at)
  const contents = contentsAfter(past, survival, numbers)
  const names = namesAfter(past, survival, numbers)
  const image = new Map<string, Buffer>()
  for (const [path, inode] of names) image.set(path, contents.get(inode) ?? Buffer.alloc(0))
  return image
}

function survives(survival: Survival, numbers: SeededNumbers): boolean {
  return survival === 'random' ? numbers.unit() < 0.5 : survival === 'all'
}

/** Index of the event from which a later completed sync of the inode no longer promises what was written. */
function syncedBefore(past: readonly DiskEvent[]): ReadonlyMap<number, number> {
  const borders = new Map<number, number>()
  for (const event of past) {
    if (event.kind === 'synced') borders.set(event.inode, Math.max(borders.get(event.inode) ?? 0, event.from))
  }
  return borders
}

function contentsAfter(past: readonly DiskEvent[], survival: Survival, numbers: SeededNumbers): ReadonlyMap<number, Buffer> {
  const borders = syncedBefore(past)
  const contents = new Map<number, Buffer>()
  for (const event of past) {
    if (event.kind !== 'write') continue
    const synced = event.doneAt <= (borders.get(event.inode) ?? 0)
    const pieces = synced || survival === 'all' ? [{ from: 0, to: event.data.length }] : tornPieces(event, survival, numbers)
    for (const { from, to } of pieces) {
      let file = contents.get(event.inode) ?? Buffer.alloc(0)
      if (file.length < event.position + to) file = Buffer.concat([file], event.position + to)
      event.data.copy(file, event.position + from, from, to)
      contents.set(event.inode, file)
    }
  }
  return contents
}

/** The sectors of one un-synced write that reached the disk: none, all, or some of them. */
function tornPieces(
  { position, data }: Extract<DiskEvent, { kind: 'write' }>,
  survival: Survival,
  numbers: SeededNumbers,
): readonly { readonly from: number; readonly to: number }[] {
  if (survival === 'none') return []
  const fate = numbers.below(6)
  if (fate === 0) return []
  if (fate === 1) return [{ from: 0, to: data.length }]
  const pieces: { from: number; to: number }[] = []
  const cut = numbers.below(data.length + 1)
  for (let from = 0; from < data.length; ) {
    const to = Math.min(data.length, from + sectorBytes - ((position + from) % sectorBytes))
    if (fate === 2 ? from < cut : numbers.unit() < 0.5) pieces.push({ from, to })
    from = to
  }
  return pieces
}

/** Directory entries: the ones whose directory was synced afterwards are there, each of the others may be. */
function namesAfter(past: readonly DiskEvent[], survival: Survival, numbers: SeededNumbers): ReadonlyMap<string, number> {
  const borders = new Map<string, number>()
  for (const event of past) {
    if (event.kind === 'directory-synced') borders.set(event.path, Math.max(borders.get(event.path) ?? 0, event.from))
  }
  const names = new Map<string, number>()
  const directories = new Set<string>()
  const missing: string[] = []
  past.forEach((event, index) => {
    const changed = directoriesOf(event)
    if (changed.length === 0) return
    const synced = changed.every((directory) => index < (borders.get(directory) ?? 0))
    if (!synced && !survives(survival, numbers)) {
      if (event.kind === 'make-directory' && !directories.has(event.path)) missing.push(event.path)
      return
    }
    if (event.kind === 'make-directory') directories.add(event.path)
    else if (event.kind === 'create') names.set(event.path, event.inode)
    else if (event.kind === 'unlink') names.delete(event.path)
    else if (event.kind === 'rename') {
      names.delete(event.path)
      names.set(event.to, event.inode)
    }
  })
  for (const path of [...names.keys()]) {
    if (missing.some((directory) => path.startsWith(`${directory}/`) && !directories.has(directory))) names.delete(path)
  }
  return names
}

/** Writes the image below a new root. */
export function writeImage(image: ReadonlyMap<string, Buffer>, recordedRoot: string, root: string): void {
  mkdirSync(root, { recursive: true })
  for (const [path, contents] of image) {
    const target = join(root, relative(recordedRoot, path))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, contents)
  }
}
