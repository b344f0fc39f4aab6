import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const pieceBytes = 64 * 1024

/** A tmpfs that another program can fill. */
export class SmallDisk implements Disposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Undefined where this user may not mount one. */
  static mount(path: string, size: string): SmallDisk | undefined {
    mkdirSync(path, { recursive: true })
    const made = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
    return made.status === 0 ? new SmallDisk(path) : undefined
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** Another program takes everything, to the last byte; what it has already stays. */
  fill(): void {
    const file = openSync(join(this.path, 'foreign'), 'a')
    try {
      for (let piece = pieceBytes; piece >= 512; piece /= 2) writeWhile(file, Buffer.alloc(piece, 0xaa))
    } finally {
      closeSync(file)
    }
  }

  /** The other program lets go of everything. */
  empty(): void {
    rmSync(join(this.path, 'foreign'), { force: true })
  }

  resize(size: string): void {
    spawnSync('/bin/mount', ['-o', `remount,size=${size}`, this.path])
  }

  [Symbol.dispose](): void {
    spawnSync('/bin/umount', ['-l', this.path])
  }
}

function writeWhile(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
