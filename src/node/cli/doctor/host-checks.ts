import { constants } from 'node:fs'
import { access, lstat, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { isLoopback } from '../../api/grpc/bind-safety.ts'
import type { HostPort } from '../../config/host-port.ts'
import { hostPortText } from '../../config/host-port.ts'
import type { PortHolder } from '../run/check-ports.ts'
import { holderText, tryPort } from '../run/check-ports.ts'
import { openDirectoryWarning } from '../run/open-directory.ts'
import { byteText } from '../transfer/transfer-report.ts'
import type { Check } from './doctor-report.ts'
import { amber, green, red } from './doctor-report.ts'
import { memoHolderText } from './memo-holder.ts'

const neededMajor = 24
const freeBytesLow = 1024 ** 3
const freeBytesCritical = 128 * 1024 ** 2
/** No clock of a computer that runs this version is right before this day. */
const earliestMs = Date.UTC(2026, 0, 1)
const clockToleranceMs = 5 * 60_000

export function checkNodeVersion(version: string): Check {
  const major = Number(version.replace(/^v/, '').split('.')[0])
  if (major >= neededMajor) return green('node-version', `Node ${version}`)
  return red('node-version', new CodedError('config-invalid', `Node ${version} is too old, memo needs ${neededMajor}`))
}

export type DataDirectory = 'missing' | 'empty' | 'used' | 'unusable'

export async function checkDataDirectory(path: string): Promise<{ readonly check: Check; readonly kind: DataDirectory }> {
  try {
    const facts = await stat(path)
    if (!facts.isDirectory()) throw new CodedError('store-unwritable', `${path} is not a folder`)
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    const names = await readdir(path)
    if (!names.includes('FORMAT') && !names.includes('store')) {
      return { check: green('data-directory', `${path} holds no store yet; the first "memo run" makes it`), kind: 'empty' }
    }
    const warning = await openDirectoryWarning(path)
    if (warning !== undefined) return { check: amber('data-directory', warning), kind: 'used' }
    return { check: green('data-directory', path), kind: 'used' }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' && (await canBeMade(path)))
      return { check: amber('data-directory', `${path} does not exist yet; the first "memo run" makes it`), kind: 'missing' }
    const coded =
      error instanceof CodedError
        ? error
        : new CodedError('store-unwritable', `${path} cannot be used: ${(error as Error).message}`)
    return { check: red('data-directory', coded), kind: 'unusable' }
  }
}

/** Whether the nearest folder above is there to be written to. A link that leads nowhere is in the way. */
async function canBeMade(path: string): Promise<boolean> {
  if ((await lstat(path).catch(() => undefined))?.isSymbolicLink() === true) return false
  const above = dirname(path)
  if ((await stat(above).catch(() => undefined)) === undefined) return above !== path && (await canBeMade(above))
  return await access(above, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
}

export async function checkDiskSpace(path: string): Promise<Check> {
  const facts = await statfs(path)
  const freeBytes = facts.bavail * facts.bsize
  const text = `${byteText(freeBytes)} free of ${byteText(facts.blocks * facts.bsize)}`
  if (freeBytes < freeBytesCritical)
    return red('disk-space', new CodedError('storage-full', `only ${text}: changes are refused soon or already`))
  return freeBytes < freeBytesLow ? amber('disk-space', `only ${text}`) : green('disk-space', text)
}

/** A clock that was set back shows in files that come from its future. */
export async function checkClock(dataDirectory: string, nowMs: number): Promise<Check> {
  const now = new Date(nowMs).toISOString()
  if (nowMs < earliestMs)
    return red('clock', new CodedError('config-invalid', `the clock says ${now}, which is long past: set it`))
  let newestMs = 0
  for (const name of ['store', 'journal', 'index']) {
    const facts = await stat(join(dataDirectory, name)).catch(() => undefined)
    newestMs = Math.max(newestMs, facts?.mtimeMs ?? 0)
  }
  if (newestMs > nowMs + clockToleranceMs) {
    return amber(
      'clock',
      `the clock says ${now}, but the store was written at ${new Date(newestMs).toISOString()}: it was set back`,
    )
  }
  return green('clock', now)
}

async function whoHolds(address: HostPort, holder: PortHolder): Promise<string> {
  return (await memoHolderText(address, holder)) ?? holderText(holder)
}

/** Whether a node could listen there now. */
export async function checkPort(
  name: 'grpc-port' | 'console-port' | 'listen-port',
  address: HostPort,
  own?: { readonly address: string; readonly pid: number },
): Promise<Check> {
  const text = hostPortText(address)
  const trial = await tryPort(address)
  switch (trial.kind) {
    case 'free':
      if (address.port === 0) return green(name, `${text}: any free port`)
      // Nodes know each other: who reaches this port may do nothing by that.
      return isLoopback(address.host) || name === 'listen-port'
        ? green(name, `${text} is free`)
        : amber(name, `${text} is free; other computers may reach it`)
    case 'impossible':
      return red(name, trial.error)
    case 'taken':
      if (own !== undefined && own.address === text && (trial.holder === undefined || trial.holder.pid === own.pid))
        return amber(name, `${text} is held by the node of this data directory (process ${own.pid})`)
      return red(name, new CodedError('port-in-use', `${text} is taken by ${await whoHolds(address, trial.holder)}`))
  }
}
