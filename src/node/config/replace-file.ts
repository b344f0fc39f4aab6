import { open, realpath, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '../../shared/coded-error.ts'
import { writeBeside } from './beside-file.ts'

const ownerOnly = 0o600
const modeMask = 0o777

/** Replaces the text of a file as a whole, durable when it resolves. Rights stay as they are; a link goes on to lead to the file. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  try {
    await writeBeside(target, { text, mode: await modeOf(target), exact: true }, (beside) => rename(beside, target))
    await using folder = await open(dirname(target), 'r')
    await folder.sync()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CodedError('store-unwritable', `cannot write ${path}: ${reason}`, { cause: error })
  }
}

async function modeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mode & modeMask
  } catch {
    return ownerOnly
  }
}
