import { open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** No other process has both. */
const processName = `${process.pid}-${Math.round(performance.timeOrigin).toString(36)}`
let count = 0

/**
 * Writes a text, synced, beside its target, and lets `place` bring it there. The name is one that nobody else has: no file of a person
 * is in its way. Nothing is left beside the target when it fails. `exact`: the mask of this process takes no rights away.
 */
export async function writeBeside(
  target: string,
  { text, mode, exact = false }: { readonly text: string; readonly mode: number; readonly exact?: boolean },
  place: (beside: string) => Promise<void>,
): Promise<void> {
  count += 1
  const beside = join(dirname(target), `.memo-${processName}-${count}.new`)
  try {
    {
      await using file = await open(beside, 'wx', mode)
      await file.writeFile(text)
      if (exact) await file.chmod(mode)
      await file.sync()
    }
    await place(beside)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {}) // the failure to write is what is told
    throw error
  }
}
