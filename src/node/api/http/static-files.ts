import type { FileHandle } from 'node:fs/promises'
import { open, readFile, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { fileStepsOf, fileTypeOf } from '../../../shared/file-types.ts'
import { pageWithNonce } from '../../../shared/page-headers.ts'
import type { HttpAnswer } from './http-answer.ts'

/** The build gives what lies in this folder names with a hash of their contents. */
const hashedFolder = 'assets'

/** The files of the built screens below one folder, and nothing else. */
export class StaticFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The page with its nonce; undefined when the screens were not built. */
  async page(nonce: string): Promise<HttpAnswer | undefined> {
    try {
      const page = await readFile(join(this.#folder, 'index.html'), 'utf8')
      return { route: 'page', status: 200, contentType: 'text/html; charset=utf-8', body: pageWithNonce(page, nonce) }
    } catch {
      return undefined
    }
  }

  /** Undefined: there is no such file, or it is not one to be served. */
  async file(path: string): Promise<HttpAnswer | undefined> {
    const steps = fileStepsOf(path)
    const contentType = fileTypeOf(path)
    if (steps === undefined || contentType === undefined) return undefined
    const file = await this.#open(join(this.#folder, ...steps))
    if (file === undefined) return undefined
    const headers = { 'Cache-Control': steps[0] === hashedFolder ? 'public, max-age=31536000, immutable' : 'no-cache' }
    return { route: 'asset', status: 200, contentType, body: file, headers }
  }

  /** Links are followed as long as they stay below the folder. */
  async #open(path: string): Promise<{ readonly file: FileHandle; readonly bytes: number } | undefined> {
    let file: FileHandle | undefined
    try {
      const real = await realpath(path)
      const below = relative(await realpath(this.#folder), real)
      if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return undefined
      file = await open(real, 'r')
      const facts = await file.stat()
      if (facts.isFile()) return { file, bytes: facts.size }
    } catch {
      // as if it were not there
    }
    await file?.close()
    return undefined
  }
}
