import { lstat, mkdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { SkipReason } from './transfer-report.ts'

/** Folder inside the target where files are written before they get their names; removed at the end. */
export const partialFolder = '.memo-export-partial'

const segmentBytesMax = 255
const pathBytesMax = 4000
const knownFoldersMax = 100_000
const windowsForbidden = /[<>:"\\|?*]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

export type Place = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'skip'; readonly reason: SkipReason }

export interface PlaceOptions {
  readonly target: string
  readonly platform: NodeJS.Platform
  /** The file system takes `A` and `a` for the same name. */
  readonly caseInsensitive: boolean
}

/**
 * Decides where the name of a key goes below the target, never outside of it, and makes the folders on the way. Names must come in
 * the bytewise order of keys: then a file comes before everything that would need it to be a folder, and the file wins.
 */
export class ExportPlaces {
  private readonly options: PlaceOptions
  private readonly knownFolders = new Set<string>()
  /** Files that later names may still try to use as folders, the innermost last. */
  private readonly openFiles: { readonly name: Buffer; readonly end: Buffer }[] = []
  private readonly spellings = new Map<string, string>()

  constructor(options: PlaceOptions) {
    this.options = options
  }

  async place(name: string): Promise<Place> {
    const reason = nameReason(name, this.options) ?? this.collision(name)
    if (reason !== undefined) return { kind: 'skip', reason }
    const segments = name.split('/')
    const blocked = await this.ensureFolders(segments.slice(0, -1))
    if (blocked !== undefined) return { kind: 'skip', reason: blocked }
    const bytes = Buffer.from(name)
    this.openFiles.push({ name: Buffer.concat([bytes, Buffer.from('/')]), end: Buffer.concat([bytes, Buffer.from('0')]) })
    return { kind: 'file', path: join(this.options.target, ...segments) }
  }

  private collision(name: string): SkipReason | undefined {
    const bytes = Buffer.from(name)
    for (let last = this.openFiles.at(-1); last !== undefined; last = this.openFiles.at(-1)) {
      if (Buffer.compare(bytes, last.end) < 0) break
      this.openFiles.pop() // '0' follows '/': nothing below the file can come any more
    }
    if (this.openFiles.some((file) => bytes.subarray(0, file.name.length).equals(file.name))) return 'file-folder-collision'
    return this.options.caseInsensitive ? this.caseCollision(name) : undefined
  }

  private caseCollision(name: string): SkipReason | undefined {
    const segments = name.split('/')
    for (let count = 1; count <= segments.length; count++) {
      const spelled = segments.slice(0, count).join('/')
      const folded = spelled.normalize('NFC').toLowerCase()
      const before = this.spellings.get(folded)
      if (before !== undefined && before !== spelled) return 'case-collision'
      this.spellings.set(folded, spelled)
    }
    return undefined
  }

  private async ensureFolders(segments: readonly string[]): Promise<SkipReason | undefined> {
    let name = ''
    for (const segment of segments) {
      name = name === '' ? segment : `${name}/${segment}`
      if (this.knownFolders.has(name)) continue
      const path = join(this.options.target, ...name.split('/'))
      const reason = await ensureFolder(path)
      if (reason !== undefined) return reason
      if (this.knownFolders.size >= knownFoldersMax) this.knownFolders.clear()
      this.knownFolders.add(name)
    }
    return undefined
  }
}

/** A link is never followed, even one to a folder: it may lead out of the target. */
async function ensureFolder(path: string): Promise<SkipReason | undefined> {
  try {
    await mkdir(path)
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const facts = await lstat(path)
    if (facts.isDirectory()) return undefined
    return facts.isSymbolicLink() ? 'link-in-the-way' : 'file-folder-collision'
  }
}

function nameReason(name: string, { platform }: PlaceOptions): SkipReason | undefined {
  if (name.startsWith('/')) return 'name-escapes-folder'
  const segments = name.split('/')
  if (segments.includes('..') || segments.includes('.')) return 'name-escapes-folder'
  if (segments.includes('') || name.includes('\0')) return 'name-not-possible'
  if (platform === 'win32' && segments.some((segment) => windowsForbidden.test(segment))) return 'name-not-possible'
  if (sep !== '/' && name.includes(sep)) return 'name-not-possible'
  if (segments[0]?.toLowerCase() === partialFolder) return 'reserved-name'
  if (Buffer.byteLength(name) > pathBytesMax || segments.some((each) => Buffer.byteLength(each) > segmentBytesMax))
    return 'name-too-long'
  return undefined
}
