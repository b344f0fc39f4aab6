import { wireLimits } from '../../ipc/contract/wire-limits.ts'

/** What an import is made from, as people call it: the file, the folder, or the first of several files. */
export function importSource(files: readonly { readonly file: File }[]): string | undefined {
  const [first, second] = files
  if (first === undefined) return undefined
  const folder = /^([^/]+)\//.exec(first.file.webkitRelativePath)?.[1]
  const name = folder === undefined ? first.file.name : `${folder}/`
  const text = folder === undefined && second !== undefined ? `${name}, …` : name
  return text === '' ? undefined : text.slice(0, wireLimits.jobSourceMax).toWellFormed()
}
