/**
 * The files in which a running node says where it is served. A ready file lies where a person chose: it is made where nothing is, and
 * nothing but a ready file, or a file without a byte, as `mktemp` leaves it, is ever replaced or removed there.
 */

import { lstatSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CodedError } from '../../../shared/coded-error.ts'
import { reasonOf } from '../../api/grpc/secret-file.ts'
import { writeBeside } from '../../config/beside-file.ts'
import { readNamedFile } from '../../config/read-named-file.ts'

/** What others learn of a running node from a file. A later version may say more. */
const readySchema = z.object({
  nodeId: z.string().regex(/^[0-9a-f]{64}$/),
  pid: z.int().positive(),
  /** HOST:PORT where gRPC is served. */
  grpc: z.string().min(1),
  consoleUrl: z.url(),
  /** HOST:PORT where the node listens for others, or null where it does not. */
  listen: z.string().nullable(),
  version: z.string(),
})
export type ReadyFacts = Readonly<z.output<typeof readySchema>>

/** In the data directory, whether or not a ready file was asked for: `memo doctor` finds a running node by it. */
const runningFileName = 'running.json'

const readableByAll = 0o644
/** One has a few hundred. */
const readyBytesMax = 64 * 1024

interface ReadyPlaces {
  readonly data: string
  readonly readyFile?: string | undefined
}

export function runningFilePath(dataDirectory: string): string {
  return join(dataDirectory, runningFileName)
}

/** The files appear whole: whoever sees one can parse it. */
export async function writeReadyFiles({ data, readyFile }: ReadyPlaces, facts: ReadyFacts): Promise<void> {
  await writeFactsFile(runningFilePath(data), facts, readableByAll)
  if (readyFile === undefined) return
  await writeFactsFile(readyFile, facts, readableByAll, () => {
    const fault = readyFileFault(readyFile)
    if (fault !== undefined) throw new Error(fault)
  })
}

/** Those of a run that was killed: whoever holds the lock of the data directory knows that it is gone. */
export async function removeLeftReadyFiles(places: ReadyPlaces): Promise<void> {
  for (const path of pathsOf(places)) if (readReadyFile(path) !== undefined) await rm(path, { force: true })
}

/** Those of this process: another node may have written its own to the same path since then. */
export async function removeOwnReadyFiles(places: ReadyPlaces, pid: number): Promise<void> {
  for (const path of pathsOf(places)) if (readReadyFile(path)?.pid === pid) await rm(path, { force: true })
}

/** Why a ready file cannot be written there: what lies there is something else. Undefined where nothing is that could be lost. */
export function readyFileFault(path: string): string | undefined {
  let kind: ReturnType<typeof kindOf>
  try {
    kind = kindOf(path)
  } catch (error) {
    return `cannot be looked at: ${reasonOf(error)}`
  }
  if (kind === 'nothing') return undefined
  if (kind !== 'file') return `is a ${kind}`
  return readReadyFile(path) === undefined && !isEmpty(path)
    ? 'is there, and is no ready file of memo: nothing else is replaced'
    : undefined
}

/** Replaces a file of memo, of these rights from its first byte on, by one that appears whole. `look` may object to what is there. */
export async function writeFactsFile(path: string, facts: object, mode: number, look: () => void = () => {}): Promise<void> {
  try {
    await writeBeside(path, { text: `${JSON.stringify(facts)}\n`, mode }, (beside) => {
      look()
      return rename(beside, path)
    })
  } catch (error) {
    throw new CodedError('store-unwritable', `cannot write ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Undefined for everything else, a link to a ready file among it. */
function readReadyFile(path: string): ReadyFacts | undefined {
  try {
    if (kindOf(path) !== 'file') return undefined
    return readySchema.parse(JSON.parse(readNamedFile(path, readyBytesMax).toString('utf8')))
  } catch {
    return undefined
  }
}

function kindOf(path: string): 'nothing' | 'file' | 'directory' | 'link' | 'pipe or device' {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'nothing'
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'directory'
  return found.isSymbolicLink() ? 'link' : 'pipe or device'
}

function isEmpty(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.size === 0
}

function pathsOf({ data, readyFile }: ReadyPlaces): readonly string[] {
  return [runningFilePath(data), ...(readyFile === undefined ? [] : [readyFile])]
}
