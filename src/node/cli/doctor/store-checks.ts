import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { FileVault } from '../../adapters/file-vault/file-vault.ts'
import { openLevelStore } from '../../adapters/level-store/open-level-store.ts'
import { toHex } from '../../core/base/bytes.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { RestingParts } from '../../engine/verify/verify-at-rest.ts'
import { verifyAtRest } from '../../engine/verify/verify-at-rest.ts'
import type { KeyDescription, VaultKeyName } from '../../ports/key-vault.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { protectionText } from '../run/run-banner.ts'
import { storeEventsOfCommand } from '../run/store-events.ts'
import { byteText } from '../transfer/transfer-report.ts'
import type { Check } from './doctor-report.ts'
import { amber, green, red } from './doctor-report.ts'
import { plainKeysText } from './running-checks.ts'

const findingsShownMax = 5

export interface StoreCheckOptions {
  readonly directory: string
  readonly byteLimit: number | undefined
  /** With them the rules of the node are checked too, without its being started. */
  readonly node: Omit<RestingParts, 'store' | 'limits'>
  readonly version: string
  /** Reads and verifies every record, which takes as long as the store is large. */
  readonly verify: boolean
  readonly signal: AbortSignal
  /** A node left word of its port for health checks in the directory, and gives no answer there. */
  readonly silent: boolean
}

export interface StoreChecks {
  readonly checks: readonly Check[]
  /** Whether the store holds a network, which it can be used in only with the keys that it was made with. */
  readonly founded: boolean
  /** A node without a port for health checks has the store open. */
  readonly inUse: boolean
}

/** Opens the store of a stopped node as a start would, but for counting one, looks at all of it, and closes it. */
export async function storeChecks(options: StoreCheckOptions): Promise<StoreChecks> {
  const remarks: string[] = []
  let store: RecordStore
  try {
    store = await openLevelStore({
      directory: options.directory,
      limits: defaultLimits,
      ...(options.byteLimit !== undefined && { byteLimit: options.byteLimit }),
      random: options.node.random,
      inspect: true,
      madeBy: `memo ${options.version}`,
      events: storeEventsOfCommand(remarks),
    })
  } catch (error) {
    if (isCoded(error, 'store-locked')) {
      const { pid } = error.details
      if (pid !== undefined && !options.silent) return { checks: portlessChecks(pid), founded: false, inUse: true }
      const locked = new CodedError('store-locked', `${error.message}, and no node there answers a health check`)
      return { checks: [red('running', locked)], founded: false, inUse: false }
    }
    return { checks: [red('store', error)], founded: false, inUse: false }
  }
  await using opened = store
  const checks = [
    green('running', 'no node runs on this data directory'),
    ...openedChecks(opened, remarks),
    ...(await contentChecks(opened, options)),
  ]
  return { checks, founded: opened.usage().families.block.records > 0, inUse: false }
}

/** The node of the desktop app serves no HTTP, and nothing is wrong with that. */
function portlessChecks(pid: unknown): Check[] {
  return [
    amber('running', `a node is running with this folder (process ${pid}); its own screens show its health`),
    amber('store', 'not checked: that needs the node to be stopped, or the app to be closed'),
  ]
}

function openedChecks(store: RecordStore, remarks: readonly string[]): Check[] {
  const { identity, condition } = store
  const usage = store.usage()
  const facts = `${toHex(identity.storeId)}, start ${identity.bootCount}, ${byteText(usage.liveBytes)} live in ${byteText(usage.diskBytes)}`
  return [
    remarks.length === 0 ? green('store', facts) : amber('store', `${facts}; ${shown(remarks)}`),
    condition.kind === 'sound'
      ? green('condition', 'sound')
      : red(
          'condition',
          new CodedError(
            'store-damaged',
            `durable records are missing, the store is read-only until "memo cluster recover": ${shown(condition.findings)}`,
          ),
        ),
  ]
}

async function contentChecks(store: RecordStore, options: StoreCheckOptions): Promise<Check[]> {
  if (!options.verify) return [amber('records', 'not checked: --no-verify was given')]
  const { records, bytes, findings, journal } = await store.verify(options.signal)
  if (findings.length > 0) {
    const text = `${findings.length} of ${records} are damaged: ${shown(findings)}`
    // A damaged index is better not read on.
    return [red('records', new CodedError('data-corrupt', text)), amber('rules', 'not checked while records are damaged')]
  }
  return [green('records', `${records} verified, ${byteText(bytes)}`), journalCheck(journal), await rulesCheck(store, options)]
}

function journalCheck(findings: readonly string[]): Check {
  if (findings.length === 0) return green('journal', 'every frame verified')
  return amber(
    'journal',
    `${findings.length} places do not verify. No record of the index is hit, but the index could not be built anew from them; the running node moves what is alive to other segments: ${shown(findings)}`,
  )
}

async function rulesCheck(store: RecordStore, { node, signal }: StoreCheckOptions): Promise<Check> {
  try {
    const findings = await verifyAtRest({ ...node, store, limits: defaultLimits }, signal)
    if (findings === undefined) return green('rules', 'nothing to check yet: the store belongs to no network')
    if (findings.length === 0) return green('rules', 'hashes, signatures and lists agree')
    // All of them: each may name a key that somebody has to put or delete.
    return red('rules', new CodedError('data-corrupt', `${findings.length} do not hold: ${findings.join('; ')}`))
  } catch (error) {
    if (isCoded(error, 'key-unavailable')) return amber('rules', 'not checked: the keys of the node are needed')
    if (signal.aborted) throw error
    return red('rules', error)
  }
}

const keysOfNetwork: readonly VaultKeyName[] = ['node', 'service-user']

/** Reads each key file, without opening it. Throws `key-unavailable` where one is damaged, or is missing and cannot be done without. */
export async function presentKeys(vault: FileVault, founded: boolean): Promise<readonly KeyDescription[]> {
  const described = await vault.describe()
  const missing = keysOfNetwork.filter((name) => founded && !described.some((each) => each.name === name))
  if (missing.length === 0) return described
  throw new CodedError('key-unavailable', `missing: ${missing.join(', ')}; put the files of a backup back into keys`)
}

/** How each key is kept, that it opens, and that none is missing from a store that cannot be used without. */
export async function keysCheck(vault: FileVault, founded: boolean): Promise<Check> {
  try {
    await vault.assertKeyFileInUse()
    const described = await presentKeys(vault, founded)
    for (const { name } of described) await vault.load(name)
    if (described.length === 0) return green('keys', 'none yet; the first "memo run" makes them')
    const kept = described.map((each: KeyDescription) => `${each.name}: ${protectionText(each)}`).join('; ')
    return described.some(({ protection }) => protection.kind === 'plain')
      ? amber('keys', plainKeysText(kept))
      : green('keys', kept)
  } catch (error) {
    return red('keys', error)
  }
}

function shown(findings: readonly string[]): string {
  const more = findings.length > findingsShownMax ? `; and ${findings.length - findingsShownMax} more` : ''
  return `${findings.slice(0, findingsShownMax).join('; ')}${more}`
}
