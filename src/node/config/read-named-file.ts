import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Configurations, certificates, keys and tokens are far smaller. */
export const namedFileBytesMax = 1024 * 1024

/** Opening a pipe that nobody writes to would wait for ever. Windows has no such flag, and no such pipes among its files. */
const withoutWaiting = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** The bytes of a file that a person named; a pipe, a device or a file above the limit is an error, and never waited for. */
export function readNamedFile(path: string, bytesMax: number = namedFileBytesMax): Buffer {
  const file = openSync(path, withoutWaiting)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw new Error(`it is ${found.isDirectory() ? 'a folder' : 'a pipe or a device'}, not a regular file`)
    // One byte more than is allowed: what a file says of its size may be wrong, as below /proc.
    const bytes = Buffer.alloc(bytesMax + 1)
    let size = 0
    for (let taken = -1; taken !== 0 && size < bytes.length; size += taken)
      taken = readSync(file, bytes, size, bytes.length - size, null)
    if (size > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`)
    return Buffer.from(bytes.subarray(0, size))
  } finally {
    closeSync(file)
  }
}
