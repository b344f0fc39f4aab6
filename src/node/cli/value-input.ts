import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { CodedError } from '../../shared/coded-error.ts'
import type { CliIo } from './cli-io.ts'
import { openPipe } from './named-pipe.ts'
import { readableStdin } from './standard-input.ts'

/** A value to be stored: whole where it is small, else its first piece and the rest. */
export type ValueInput =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly pieces: AsyncIterable<Uint8Array> }

/** Values up to this size go in one call. */
const wholeBytesMax = 1024 * 1024

/** VALUE on the command line, `-` for standard input, or --file; exactly one of them. */
export async function readValueInput(
  text: string | undefined,
  file: string | undefined,
  { stdin, signal }: Pick<CliIo, 'stdin' | 'signal'>,
): Promise<ValueInput> {
  if (text !== undefined && file !== undefined) {
    throw new CodedError(
      'invalid-argument',
      'give the value on the command line, with --file or as "-" for standard input, only one of them',
    )
  }
  if (text === undefined && file === undefined) {
    throw new CodedError(
      'invalid-argument',
      'no value: give it on the command line, with --file FILE, or "-" to read standard input',
    )
  }
  if (file === undefined && text !== '-') return { kind: 'whole', bytes: Buffer.from(text ?? '', 'utf8') }
  return await beginning(file === undefined || file === '-' ? readableStdin(stdin) : await openFile(file, signal))
}

async function openFile(path: string, signal: AbortSignal): Promise<Readable> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new CodedError('invalid-argument', `${path} is a folder, use "memo import" for folders`)
    if (found.isFIFO()) return await openPipe(path, signal)
    const handle = await open(path, 'r')
    return createReadStream('', { fd: handle, highWaterMark: 256 * 1024 })
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw new CodedError('invalid-argument', `cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}

async function beginning(source: AsyncIterable<Uint8Array>): Promise<ValueInput> {
  const iterator = source[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let size = 0
  while (size <= wholeBytesMax) {
    const next = await iterator.next()
    if (next.done === true) return { kind: 'whole', bytes: Buffer.concat(first) }
    first.push(next.value)
    size += next.value.length
  }
  return { kind: 'stream', pieces: continued(first, iterator) }
}

async function* continued(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
