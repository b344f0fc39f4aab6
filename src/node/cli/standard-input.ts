import { fstatSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { CodedError } from '../../shared/coded-error.ts'

/** Node makes an empty stream of a folder, which would be stored as an empty value. Throws CodedError `invalid-argument`. */
export function readableStdin(stdin: Readable & { readonly fd?: number }): Readable {
  if (stdin.fd !== undefined && fstatSync(stdin.fd).isDirectory())
    throw new CodedError('invalid-argument', 'standard input is a folder, use "memo import FOLDER" for folders')
  return stdin
}
