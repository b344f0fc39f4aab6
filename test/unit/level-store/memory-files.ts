import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'

/** Files in memory, by path: enough for what reads and cuts a journal. */
export class MemoryFiles {
  readonly contents = new Map<string, Buffer>()
  readonly files: Files
  /** Open files follow their file through renames. */
  readonly #open = new Set<{ path: string }>()

  constructor() {
    const { contents } = this
    this.files = {
      open: async (path, mode) => {
        if (mode === 'create') contents.set(path, Buffer.alloc(0))
        if (!contents.has(path)) throw Object.assign(new Error(`no file ${path}`), { code: 'ENOENT' })
        return this.#file(path)
      },
      readWhole: async (path) => contents.get(path),
      list: async (path) =>
        [...contents.keys()].filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1)),
      fileSize: async (path) => this.#bytes(path).length,
      makeDirectory: async () => undefined,
      rename: async (from, to) => {
        contents.set(to, this.#bytes(from))
        contents.delete(from)
        for (const file of this.#open) if (file.path === from) file.path = to
      },
      unlink: async (path) => void contents.delete(path),
      removeDirectory: async (path) => {
        for (const name of contents.keys()) if (name.startsWith(`${path}/`)) contents.delete(name)
      },
      syncDirectory: async () => undefined,
      realPath: async (path) => path,
      freeBytes: async () => Number.MAX_SAFE_INTEGER,
    }
  }

  #bytes(path: string): Buffer {
    return this.contents.get(path) ?? Buffer.alloc(0)
  }

  #file(opened: string): OpenFile {
    const file = { path: opened }
    this.#open.add(file)
    return {
      read: async (buffer, position) => this.#bytes(file.path).copy(buffer, 0, position, position + buffer.length),
      write: async (buffers, position) => {
        const written = Buffer.concat(buffers)
        const before = this.#bytes(file.path)
        const after = Buffer.alloc(Math.max(before.length, position + written.length))
        before.copy(after)
        written.copy(after, position)
        this.contents.set(file.path, after)
      },
      datasync: async () => undefined,
      size: async () => this.#bytes(file.path).length,
      close: async () => void this.#open.delete(file),
    }
  }
}
