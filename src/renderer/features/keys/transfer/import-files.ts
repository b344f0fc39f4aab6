/** What a person dropped or picked, as files with the names that their keys will have. */

import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import { keyProblem } from '../check-key.ts'
import { keysLimits } from '../keys-limits.ts'

export interface ImportFile {
  /** Behind the prefix. */
  readonly path: string
  readonly file: File
}

export interface ImportPlan {
  readonly format: 'files' | 'ndjson'
  readonly files: readonly ImportFile[]
  readonly bytes: number
  /** Files whose keys the node would refuse; they are left out. */
  readonly unfit: readonly string[]
  /** There were more than an import takes. */
  readonly cut: boolean
}

function isNdjson(name: string): boolean {
  return /\.(ndjson|jsonl)$/i.test(name)
}

/** One file of NDJSON is read line by line; anything else becomes one key for each file. */
export function planImport(files: readonly ImportFile[], prefix: string): ImportPlan {
  const [first] = files
  const format = files.length === 1 && first !== undefined && isNdjson(first.file.name) ? 'ndjson' : 'files'
  const fits = (path: string) =>
    format === 'ndjson' || (keyProblem(prefix + path) === undefined && path.length <= wireLimits.keyBytesMax)
  const kept = files.filter(({ path }) => fits(path)).slice(0, keysLimits.importFilesMax)
  return {
    format,
    files: kept,
    bytes: kept.reduce((sum, { file }) => sum + file.size, 0),
    unfit: files.filter(({ path }) => !fits(path)).map(({ path }) => path),
    cut: files.length > keysLimits.importFilesMax,
  }
}

/** Names below the folder that all of them lie in, where they do: the folder itself is what the prefix stands for. */
export function withoutCommonFolder(files: readonly ImportFile[]): ImportFile[] {
  const heads = new Set(files.map(({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : '')))
  const [head] = heads
  if (heads.size !== 1 || head === undefined || head === '') return [...files]
  return files.map(({ path, file }) => ({ path: path.slice(head.length), file }))
}

export function pickedFiles(list: FileList): ImportFile[] {
  return withoutCommonFolder(Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file })))
}

/** Files and folders of a drop, folders to their depth. */
export async function droppedFiles(items: DataTransferItemList): Promise<ImportFile[]> {
  // The list is empty after the first pause: all entries are taken from it at once.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const files: ImportFile[] = []
  for (const entry of entries) await collect(entry, '', files)
  const folder = entries.length === 1 && entries[0]?.isDirectory === true
  return folder ? withoutCommonFolder(files) : files
}

async function collect(entry: FileSystemEntry, folder: string, files: ImportFile[]): Promise<void> {
  if (files.length > keysLimits.importFilesMax) return
  const path = folder + entry.name
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    files.push({ path, file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (batch.length === 0) return
    for (const inner of batch) await collect(inner, `${path}/`, files)
  }
}
