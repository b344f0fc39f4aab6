import { dirname } from 'node:path'
import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'

/**
 * What happened on the disk, in order. `inode` numbers a file for its whole life, whatever it is called. A sync is two events: it
 * promises what was written (`doneAt`) before it began, from when it has ended.
 */
export type DiskEvent =
  | { readonly kind: 'make-directory'; readonly path: string }
  | { readonly kind: 'create'; readonly path: string; readonly inode: number }
  | { readonly kind: 'write'; readonly inode: number; readonly position: number; readonly data: Buffer; doneAt: number }
  | { readonly kind: 'synced'; readonly inode: number; readonly from: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string; readonly inode: number }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'directory-synced'; readonly path: string; readonly from: number }
  | { readonly kind: 'note'; readonly note: string; readonly number: number }

/** A file interface that writes down everything that changes the disk. Every file has to be made through it. */
export class DiskRecording {
  readonly events: DiskEvent[] = []
  readonly files: Files
  readonly #inodes = new Map<string, number>()
  #inodeCount = 0

  /** Told before a file is renamed. */
  readonly #onRename: () => void

  constructor(real: Files, onRename: () => void) {
    this.#onRename = onRename
    this.files = this.#wrap(real)
  }

  note(note: string, number: number): void {
    this.events.push({ kind: 'note', note, number })
  }

  #inodeOf(path: string): number {
    const inode = this.#inodes.get(path)
    if (inode === undefined) throw new Error(`${path} was not made through the recording`)
    return inode
  }

  #wrap(real: Files): Files {
    const { events } = this
    return {
      readWhole: (path) => real.readWhole(path),
      list: (path) => real.list(path),
      fileSize: (path) => real.fileSize(path),
      realPath: (path) => real.realPath(path),
      freeBytes: (path) => real.freeBytes(path),
      open: async (path, mode) => {
        const file = await real.open(path, mode)
        if (mode === 'create') {
          this.#inodes.set(path, ++this.#inodeCount)
          events.push({ kind: 'create', path, inode: this.#inodeCount })
        }
        return mode === 'read' ? file : this.#wrapFile(file, this.#inodeOf(path))
      },
      makeDirectory: async (path) => {
        await real.makeDirectory(path)
        events.push({ kind: 'make-directory', path })
      },
      rename: async (from, to) => {
        this.#onRename()
        const inode = this.#inodeOf(from)
        events.push({ kind: 'rename', path: from, to, inode })
        await real.rename(from, to)
        this.#inodes.delete(from)
        this.#inodes.set(to, inode)
      },
      removeDirectory: () => Promise.reject(new Error('a store that is not recovered removes no directory')),
      unlink: async (path) => {
        events.push({ kind: 'unlink', path })
        await real.unlink(path)
        this.#inodes.delete(path)
      },
      syncDirectory: async (path) => {
        const from = events.length
        await real.syncDirectory(path)
        events.push({ kind: 'directory-synced', path, from })
      },
    }
  }

  #wrapFile(file: OpenFile, inode: number): OpenFile {
    const { events } = this
    return {
      read: (buffer, position) => file.read(buffer, position),
      size: () => file.size(),
      close: () => file.close(),
      write: (buffers, position) => {
        const event: DiskEvent = {
          kind: 'write',
          inode,
          position,
          data: Buffer.concat(buffers),
          doneAt: Number.POSITIVE_INFINITY,
        }
        events.push(event)
        const written = file.write(buffers, position)
        const done = () => {
          event.doneAt = events.length
        }
        if (written !== undefined) return written.then(done)
        done()
        return undefined
      },
      datasync: async () => {
        const from = events.length
        await file.datasync()
        events.push({ kind: 'synced', inode, from })
      },
    }
  }
}

/** The directory that an event changes an entry of. */
export function directoriesOf(event: DiskEvent): readonly string[] {
  switch (event.kind) {
    case 'make-directory':
    case 'create':
    case 'unlink':
      return [dirname(event.path)]
    case 'rename':
      return [dirname(event.path), dirname(event.to)]
    case 'write':
    case 'synced':
    case 'directory-synced':
    case 'note':
      return []
  }
}
