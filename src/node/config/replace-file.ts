import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '../../shared/coded-error.ts'

const ownerOnly = 0o600
const modeMask = 0o777

/** Replaces the text of a file as a whole, durable when it resolves. Rights stay as they are; a link goes on to lead to the file. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const partial = `${target}.partial`
  try {
    await rm(partial, { force: true }) // one that was left has rights of its own
    {
      await using file = await open(partial, 'wx', ownerOnly)
      await file.writeFile(text)
      await file.chmod(await modeOf(target))
      await file.sync()
    }
    await rename(partial, target)
    await using folder = await open(dirname(target), 'r')
    await folder.sync()
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}) // the failure to write is what is told
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
