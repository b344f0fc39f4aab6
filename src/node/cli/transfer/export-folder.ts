import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BoundedTasks } from '../../../shared/bounded-tasks.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { KeyMetadata } from '../client/key-value-client.ts'
import type { ExportOptions } from './export-options.ts'
import type { Place } from './export-place.ts'
import { ExportPlaces, partialFolder } from './export-place.ts'
import { askForIndexDamage, listedPages } from './listed-pages.ts'
import { sameBytes } from './same-bytes.ts'
import type { SkipReason } from './transfer-report.ts'
import { groupBytesMax, groupKeysMax, groupValues, smallBytesMax } from './value-group.ts'

interface Planned {
  readonly key: string
  readonly name: string
  readonly path: string
  readonly size: number
}

const pageKeys = 1000
const tasksMax = 8
const bytesInFlightMax = 16 * 1024 * 1024
const pieceBytes = 256 * 1024

/**
 * Writes every key below the prefix as a file. A file gets its name only when it is whole; one that is there with the very same
 * bytes is left alone, so that an interrupted export is finished by the same command.
 */
export async function exportFolder(target: string, options: ExportOptions): Promise<void> {
  const partial = join(target, partialFolder)
  await prepareTarget(target, partial)
  try {
    const places = new ExportPlaces({ target, platform: process.platform, caseInsensitive: await isCaseInsensitive(partial) })
    const run = new ExportRun(partial, options)
    let before = ''
    for await (const page of listedPages(options, pageKeys)) {
      for (const { metadata } of page.items) {
        if (metadata === undefined) continue
        await run.take(metadata, await places.place(metadata.key.slice(options.prefix.length)), before)
        before = metadata.key
      }
    }
    await run.finish()
    await askForIndexDamage(options)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

class ExportRun {
  private readonly partial: string
  private readonly options: ExportOptions
  private readonly tasks = new BoundedTasks({ countMax: tasksMax, weightMax: bytesInFlightMax })
  private group: Planned[] = []
  private groupBytes = 0
  private groupAfter = ''
  private files = 0

  constructor(partial: string, options: ExportOptions) {
    this.partial = partial
    this.options = options
  }

  /** Keys come in order; `before` is the one that the store lists before this one. */
  async take(metadata: KeyMetadata, place: Place, before: string): Promise<void> {
    const size = Number(metadata.size)
    const name = metadata.key.slice(this.options.prefix.length)
    if (place.kind === 'file' && size <= smallBytesMax) {
      if (this.group.length >= groupKeysMax || this.groupBytes + size > groupBytesMax) await this.flush()
      if (this.group.length === 0) this.groupAfter = before
      this.group.push({ key: metadata.key, name, path: place.path, size })
      this.groupBytes += size
      return
    }
    await this.flush() // a group is one unbroken piece of the listing
    if (place.kind === 'skip') this.skip(place.reason, name)
    else await this.tasks.begin(smallBytesMax, () => this.writeLarge({ key: metadata.key, name, path: place.path, size }))
  }

  async finish(): Promise<void> {
    await this.flush()
    await this.tasks.settled()
  }

  private async flush(): Promise<void> {
    const { group, groupBytes, groupAfter } = this
    this.group = []
    this.groupBytes = 0
    if (group.length > 0) await this.tasks.begin(groupBytes, () => this.writeGroup(group, groupAfter))
  }

  private async writeGroup(group: readonly Planned[], after: string): Promise<void> {
    const { client, prefix, signal } = this.options
    const left = new Map(group.map((each) => [each.key, each]))
    const found: { readonly planned: Planned; readonly value: Uint8Array }[] = []
    try {
      for await (const { metadata, value } of groupValues(client, { prefix, after, count: group.length, signal })) {
        const planned = left.get(metadata.key)
        if (planned !== undefined) found.push({ planned, value })
        left.delete(metadata.key)
      }
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error // asked for one by one below, so that the damaged one is named
    }
    await Promise.all(found.map(({ planned, value }) => this.writeSmall(planned, value)))
    for (const planned of left.values()) await this.writeLarge(planned) // the store changed meanwhile, or one is damaged
  }

  private async writeSmall(planned: Planned, value: Uint8Array): Promise<void> {
    await this.counted(planned, async () => {
      const existing = await existingSize(planned.path)
      if (existing === value.length && Buffer.compare(await readFile(planned.path), value) === 0) return 'already-there'
      const file = this.partialFile()
      await writeFile(file, value, { flag: 'wx' })
      await rename(file, planned.path)
      return value.length
    })
  }

  private async writeLarge(planned: Planned): Promise<void> {
    await this.counted(planned, async () => {
      const { client, signal } = this.options
      if ((await existingSize(planned.path)) === planned.size) {
        const { pieces } = await client.get(planned.key, undefined, { signal })
        if (await sameBytes(createReadStream(planned.path, { highWaterMark: pieceBytes }), pieces)) return 'already-there'
      }
      const { metadata, pieces } = await client.get(planned.key, undefined, { signal })
      const file = this.partialFile()
      await writePieces(file, pieces, Number(metadata.size))
      await rename(file, planned.path)
      return Number(metadata.size)
    })
  }

  private async counted(planned: Planned, write: () => Promise<number | SkipReason>): Promise<void> {
    const { report, progressed } = this.options
    try {
      const written = await write()
      if (typeof written === 'number') report.copy(written)
      else report.skip(written, planned.name)
    } catch (error) {
      const reason = skipReasonOf(error)
      if (reason !== undefined) report.skip(reason, planned.name)
      else if (isCoded(error, 'data-corrupt')) report.fail('damaged', planned.name)
      else throw error
    }
    progressed()
  }

  private skip(reason: SkipReason, name: string): void {
    this.options.report.skip(reason, name)
    this.options.progressed()
  }

  private partialFile(): string {
    this.files += 1
    return join(this.partial, String(this.files))
  }
}

/** Failures that concern one name. Everything else, a full disk for one, ends the export. */
function skipReasonOf(error: unknown): SkipReason | undefined {
  if (error instanceof LinkInTheWay) return 'link-in-the-way'
  if (error instanceof CodedError) return error.code === 'key-not-found' ? 'vanished' : undefined
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ENOTEMPTY':
      return 'file-folder-collision'
    case 'ENAMETOOLONG':
      return 'name-too-long'
    default:
      return undefined
  }
}

class LinkInTheWay extends Error {}

/** The size of the regular file with this name; undefined when there is none. */
async function existingSize(path: string): Promise<number | undefined> {
  try {
    const facts = await lstat(path)
    if (facts.isSymbolicLink()) throw new LinkInTheWay(path)
    return facts.isFile() ? facts.size : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writePieces(file: string, pieces: AsyncIterable<Uint8Array>, size: number): Promise<void> {
  await using handle = await open(file, 'wx')
  let written = 0
  for await (const piece of pieces) {
    await handle.writeFile(piece)
    written += piece.length
  }
  if (written !== size) throw new CodedError('data-corrupt', `the node sent ${written} bytes of a value of ${size}`)
}

/** Not with `recursive`: that never ends where a folder exists and no other can be made in it, as in /proc. */
async function makeFolder(path: string, parentsToo = true): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || !parentsToo || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await makeFolder(path, false)
  }
}

async function prepareTarget(target: string, partial: string): Promise<void> {
  try {
    await makeFolder(target)
    if (!(await stat(target)).isDirectory()) throw new CodedError('invalid-argument', `${target} is not a folder`)
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial)
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw new CodedError('invalid-argument', `cannot write into ${target}: ${(error as Error).message}`, { cause: error })
  }
}

async function isCaseInsensitive(partial: string): Promise<boolean> {
  await writeFile(join(partial, 'probe'), '')
  const found = await lstat(join(partial, 'PROBE')).catch(() => undefined)
  await rm(join(partial, 'probe'))
  return found !== undefined
}
