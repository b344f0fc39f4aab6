/**
 * The only door from the store to the disk (LevelDB's own files apart). Tests put faults and recordings behind it; the real one
 * is `node-files.ts`. Errors carry Node's `code` (ENOSPC, EACCES, ...).
 */

export interface OpenFile {
  /** Fills the buffer from the position; fewer bytes than asked for mean the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>
  /** Writes all buffers one after the other from the position. Returns undefined when it was done at once. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void> | undefined
  /** Everything written is durable when this returns or resolves. `blocking` spares the trip to a thread and back. */
  datasync(blocking?: boolean): Promise<void> | undefined
  size(): Promise<number>
  close(): Promise<void>
}

/** `read`: must exist. `write`: must exist, read and write. `create`: made new, empty; must not exist. */
export type OpenMode = 'read' | 'write' | 'create'

export interface Files {
  open(path: string, mode: OpenMode): Promise<OpenFile>
  /** The whole file, or undefined where there is none. */
  readWhole(path: string): Promise<Uint8Array | undefined>
  /** Names in a directory, sorted; undefined where there is none. */
  list(path: string): Promise<readonly string[] | undefined>
  fileSize(path: string): Promise<number>
  makeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** With what is in it; nothing where there is none. */
  removeDirectory(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  realPath(path: string): Promise<string>
  /** Bytes that this process may still write below the path. */
  freeBytes(path: string): Promise<number>
}

/** Node's code of a failed system call, such as ENOSPC. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/**
 * How a disk or a file system says that it cannot give back what was written: a bad sector, a block that fails the check of the file
 * system. The last two are EUCLEAN and EBADMSG, which Node has no names for.
 */
const mediaCodes = new Set(['EIO', 'ENODATA', 'EILSEQ', 'EREMOTEIO', 'Unknown system error -117', 'Unknown system error -74'])

/** The code of an error that is damage of the medium. Rights, a lack of file descriptors and the like are none. */
export function mediaErrorCode(error: unknown): string | undefined {
  const code = systemCode(error)
  return code !== undefined && mediaCodes.has(code) ? code : undefined
}
