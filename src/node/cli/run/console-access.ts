import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CodedError } from '../../../shared/coded-error.ts'
import { writeFactsFile } from './ready-file.ts'

/**
 * What a running node leaves in its data directory for its owner alone: where its console is, and the secret for which it makes a
 * link that signs in. Both are of one run; the file goes with it.
 */
const accessSchema = z.strictObject({
  pid: z.number().int(),
  url: z.url(),
  /** How a browser reaches it. */
  browserUrl: z.url(),
  secret: z.string().min(1),
  /** The certificate that the console shows, in PEM. */
  certificate: z.string().optional(),
})
export type ConsoleAccess = z.output<typeof accessSchema>

const ownerOnly = 0o600

export async function writeConsoleAccess(dataDirectory: string, access: ConsoleAccess): Promise<void> {
  await writeFactsFile(accessPath(dataDirectory), access, ownerOnly)
}

/** That of this process; what somebody else has put there stays. */
export async function removeConsoleAccess(dataDirectory: string, pid: number): Promise<void> {
  const access = await readConsoleAccess(dataDirectory).catch(() => undefined)
  if (access?.pid === pid) await rm(accessPath(dataDirectory), { force: true })
}

/** Undefined where no node runs on the data directory. Throws CodedError `permission-denied` for another user's. */
export async function readConsoleAccess(dataDirectory: string): Promise<ConsoleAccess | undefined> {
  const path = accessPath(dataDirectory)
  try {
    return accessSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CodedError('permission-denied', `${path} is for the owner of the data directory only`, { cause: error })
    }
    return undefined
  }
}

function accessPath(dataDirectory: string): string {
  return join(dataDirectory, 'console.json')
}
