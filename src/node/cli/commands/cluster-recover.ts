import { readdir, stat } from 'node:fs/promises'
import { Command } from 'commander'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { FileVault } from '../../adapters/file-vault/file-vault.ts'
import { loadNodeConfig } from '../../config/load-node-config.ts'
import { toHex } from '../../core/base/bytes.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { CliIo } from '../cli-io.ts'
import { createOutput } from '../cli-output.ts'
import { confirm } from '../confirm.ts'
import { silentLogger } from '../silent-logger.ts'
import { examples } from './kv-commands.ts'
import { recoverNetworkAlone } from './recover-alone.ts'
import type { RunFlags } from './setting-options.ts'
import { configInput, withSettingOptions } from './setting-options.ts'

type RecoverFlags = Pick<RunFlags, 'data' | 'config'> & {
  readonly yes?: boolean
  readonly json?: boolean
  readonly alone?: boolean
  readonly dryRun?: boolean
  readonly administratorKeys?: string
}

/** `memo cluster recover`. */
export function recoverCommand(io: CliIo): Command {
  return withSettingOptions(new Command('recover'), io, ['data'])
    .description('make a damaged store writable again, or go on alone where the other nodes of the network are lost for good')
    .option('--alone', 'take the network over with this node as its only survivor: its majority is lost for good')
    .option('--dry-run', 'with a sound store: say what --alone would do, and change nothing')
    .option(
      '--administrator-keys <dir>',
      'with --alone: the folder keys of the node that founded the network, or of a backup of it',
    )
    .option('--yes', 'do not ask')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Without --alone, for a store of which durable records are missing ("memo doctor" says so) and that has no other copy. What verifies is
kept, the rest is given up for good, and the store gets a new store id. A store that is sound is left as it is.
With --alone, for a sound store whose network has lost its majority for good: the network goes on with this node alone, the others are
taken out and never let in again with their present directories, and what only they held is lost. Stop them first; never do this
on two nodes. Others join anew with an invite and an empty directory.
Copy the data directory first. The node must be stopped.
${examples(
  'memo cluster recover --data ./data',
  'memo cluster recover --data ./data --dry-run --json',
  'memo cluster recover --data ./data --alone',
)}`,
    )
    .action((flags: RecoverFlags) => recoverStore(flags, io))
}

async function recoverStore(flags: RecoverFlags, io: CliIo): Promise<void> {
  const { yes, json, alone, dryRun, administratorKeys, ...settings } = flags
  const output = createOutput(io, json === true)
  const { config } = loadNodeConfig(configInput(settings, io))
  await assertStore(config.data)
  await assertOwner(config.data)
  const { storeSoundness } = await import('../../adapters/level-store/needs-recovery.ts')
  const { recoverLevelStore } = await import('../../adapters/level-store/recover-level-store.ts')
  const { keyVaultAt, systemAdapters } = await import('../run/node-adapters.ts')
  const { storeEventsOfCommand } = await import('../run/store-events.ts')
  const adapters = systemAdapters()
  const options = {
    directory: config.data,
    limits: defaultLimits,
    random: adapters.random,
    madeBy: `memo ${io.version}`,
    events: storeEventsOfCommand([]),
  }
  const soundness = await storeSoundness(options, io.signal)
  if (!soundness.sound && (alone === true || dryRun === true)) {
    throw new CodedError(
      'store-damaged',
      'durable records of this store are missing: recover the store first, without --alone; nothing was changed',
    )
  }
  if (soundness.sound && (alone === true || dryRun === true)) {
    const place = { dataDirectory: config.data, keyFile: config.keyFile, environment: io.environment }
    const how = { dryRun: dryRun === true, yes: yes === true, administratorKeys }
    await recoverNetworkAlone({ place, how, adapters, store: options, output, io })
    return
  }
  if (soundness.sound) {
    const kept = toHex(soundness.storeId)
    const place = { dataDirectory: config.data, keyFile: config.keyFile, environment: io.environment }
    const keys = await keysProblem(keyVaultAt(place, adapters, silentLogger), soundness.founded)
    const text = `The store ${kept} is sound: there is nothing to recover, and it stays as it is. Where the other nodes of its network are lost for good, --alone goes on without them; --dry-run says what that does.`
    const result = {
      data: config.data,
      storeId: kept,
      recovered: false,
      findings: [],
      ...(keys !== undefined && { keys: { ...keys } }),
    }
    await output.result(keys === undefined ? text : `${text}\n${keysText(keys)}`, result)
    return
  }
  if (yes !== true) {
    await confirm(io, {
      warning: 'this gives up what is damaged for good',
      question: `Give up whatever is damaged in ${config.data} for good?`,
    })
  }
  const report = await recoverLevelStore(options)
  const storeId = toHex(report.storeId)
  const findings = report.findings.length === 0 ? ['nothing was missing'] : report.findings
  const text = [...findings, `The store has the new id ${storeId}. Start the node with "memo run --data ${config.data}".`].join(
    '\n',
  )
  await output.result(text, { data: config.data, storeId, recovered: true, findings: [...report.findings] })
}

interface KeysProblem {
  readonly code: 'key-unavailable'
  readonly message: string
}

/** What keeps a sound store from being used. Whether a key opens is not asked: what it was wrapped with is no setting of this command. */
async function keysProblem(vault: FileVault, founded: boolean): Promise<KeysProblem | undefined> {
  const { presentKeys } = await import('../doctor/store-checks.ts')
  try {
    await presentKeys(vault, founded)
    return undefined
  } catch (error) {
    if (!isCoded(error, 'key-unavailable')) throw error
    return { code: 'key-unavailable', message: error.message }
  }
}

function keysText({ code, message }: KeysProblem): string {
  return `[${code}] Its keys are not: ${message}. No recovery makes them anew, and without them nothing in the store opens: put node.key and service-user.key of a backup back into the folder keys, with mode 600. Until then "memo run" is refused.`
}

/** A misspelled directory must not become a new and empty store. */
async function assertStore(data: string): Promise<void> {
  const names = await readdir(data).catch(() => [])
  if (names.some((name) => ['FORMAT', 'store', 'journal', 'index'].includes(name))) return
  throw new CodedError('invalid-argument', `${data} holds no store`)
}

/** What is made here belongs to who runs this: made by another user, the node could not open it. */
async function assertOwner(data: string): Promise<void> {
  const { uid } = await stat(data)
  const own = process.getuid?.()
  if (own === undefined || own === uid) return
  throw new CodedError('invalid-argument', `${data} belongs to the user with id ${uid}: run this as that user, not as ${own}`)
}
