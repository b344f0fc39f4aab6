import { closeSync, constants, open, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'

/**
 * Opens a pipe for reading as soon as somebody writes to it. Reading and waiting end with the signal, whose reason is thrown: a thread
 * that waits in `open` or `read` could not be ended, and the process not either.
 */
export async function openPipe(path: string, signal: AbortSignal): Promise<Readable> {
  signal.throwIfAborted()
  const release = (): void => releaseReader(path)
  signal.addEventListener('abort', release, { once: true })
  // The number alone: a FileHandle would close it a second time.
  const fd = await promisify(open)(path, 'r').finally(() => signal.removeEventListener('abort', release))
  if (signal.aborted) {
    closeSync(fd)
    throw signal.reason
  }
  const pipe = new Socket({ fd, readable: true, writable: false })
  signal.addEventListener('abort', () => pipe.destroy(signal.reason), { once: true })
  return pipe
}

/** A writer that comes and goes lets who waits for one go on. */
function releaseReader(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
  } catch {
    // Nobody waits: the pipe was opened, or is gone.
  }
}
