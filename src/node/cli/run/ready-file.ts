import { constants } from 'node:fs'
import { access, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'

/** What others learn of a running node from a file. */
export interface ReadyFacts {
  readonly nodeId: string
  readonly pid: number
  /** HOST:PORT where gRPC is served. */
  readonly grpc: string
  readonly consoleUrl: string
  /** HOST:PORT as configured for the cluster, or null; not bound in this version. */
  readonly listen: string | null
  readonly version: string
}

/** In the data directory, whether or not a ready file was asked for: `memo doctor` finds a running node by it. */
const runningFileName = 'running.json'

const readableByAll = 0o644

/** Appears whole: whoever sees the file can parse it. */
export async function writeReadyFile(path: string, facts: ReadyFacts): Promise<void> {
  await writeFactsFile(path, facts, readableByAll)
}

/** Replaces a file, of these rights from its first byte on, by one that appears whole. */
export async function writeFactsFile(path: string, facts: object, mode: number): Promise<void> {
  const partial = `${path}.partial`
  try {
    await rm(partial, { force: true }) // one that was left has rights of its own
    {
      await using file = await open(partial, 'wx', mode)
      await file.writeFile(`${JSON.stringify(facts)}\n`)
      await file.sync()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw new CodedError('store-unwritable', `cannot write ${path}: ${(error as Error).message}`, { cause: error })
  }
}

export async function removeReadyFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

export function runningFilePath(dataDirectory: string): string {
  return join(dataDirectory, runningFileName)
}

/** Every file that says where this node is served. */
export function readyFiles({
  data,
  readyFile,
}: {
  readonly data: string
  readonly readyFile?: string | undefined
}): readonly string[] {
  return [runningFilePath(data), ...(readyFile === undefined ? [] : [readyFile])]
}

/** Before anything is opened: a ready file that cannot be written would be noticed only when everything serves. */
export async function checkReadyFolder(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (error) {
    throw new CodedError('config-invalid', `--ready-file ${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
