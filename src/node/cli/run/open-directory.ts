import { stat } from 'node:fs/promises'

const strangersBits = 0o007

/** What a person should hear of a data directory that every user of this computer can enter; undefined where all is well. */
export async function openDirectoryWarning(path: string): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined
  const facts = await stat(path).catch(() => undefined) // one that does not exist yet is made for its owner alone
  if (facts === undefined || (facts.mode & strangersBits) === 0) return undefined
  return `${path} can be entered by every user of this computer: chmod 700 it`
}
