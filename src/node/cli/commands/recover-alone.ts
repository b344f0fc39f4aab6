import { CodedError } from '../../../shared/coded-error.ts'
import { FileVault } from '../../adapters/file-vault/file-vault.ts'
import { openLevelStore } from '../../adapters/level-store/open-level-store.ts'
import type { LevelStoreOptions } from '../../adapters/level-store/opening.ts'
import { toHex } from '../../core/base/bytes.ts'
import { hlcToMs } from '../../core/base/hybrid-clock.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import { examineRecovery, forceRecovery } from '../../engine/network/force-recovery.ts'
import type { LoadedRoot } from '../../engine/network/load-network.ts'
import { loadNodeKeys, loadUserKeys } from '../../engine/network/node-keys.ts'
import type { RecoveryPlan } from '../../engine/network/recovery-plan.ts'
import { obstacleText } from '../../engine/network/recovery-plan.ts'
import type { SigningKey } from '../../ports/crypto.ts'
import type { CliIo } from '../cli-io.ts'
import type { CliOutput, JsonValue } from '../cli-output.ts'
import { confirm } from '../confirm.ts'
import type { systemAdapters, VaultPlace } from '../run/node-adapters.ts'
import { keyVaultAt } from '../run/node-adapters.ts'
import { silentLogger } from '../silent-logger.ts'

export interface RecoverAloneParts {
  readonly place: VaultPlace
  readonly how: { readonly dryRun: boolean; readonly yes: boolean; readonly administratorKeys: string | undefined }
  readonly adapters: ReturnType<typeof systemAdapters>
  readonly store: LevelStoreOptions
  readonly output: CliOutput
  readonly io: CliIo
}

interface Examined {
  readonly loaded: LoadedRoot
  readonly plan: RecoveryPlan
}

/** `memo cluster recover --alone`: says what it does in numbers, asks, and does it. */
export async function recoverNetworkAlone(parts: RecoverAloneParts): Promise<void> {
  const { place, how, adapters, store: options, output, io } = parts
  const { clock, random, crypto } = adapters
  const keys = await loadNodeKeys({ keyVault: keyVaultAt(place, adapters, silentLogger), crypto, random })
  const administrator = how.administratorKeys === undefined ? undefined : await administratorIn(parts, how.administratorKeys)
  const examined = await examine(parts, { keys, administrator })
  const { plan, loaded } = examined
  const facts = { data: place.dataDirectory, network: loaded.state.descriptor.foundation.name, ...planValue(plan) }
  if (how.dryRun) {
    await output.result(planText(examined), { ...facts, recovered: false })
    return
  }
  const [obstacle] = plan.obstacles
  if (obstacle !== undefined) {
    const code = obstacle === 'no-administrator' ? 'permission-denied' : 'invalid-argument'
    throw new CodedError(code, `${obstacleText(obstacle, loaded)}; nothing was changed`)
  }
  if (!how.yes) {
    io.stderr.write(`${planText(examined)}\n`)
    await confirm(io, {
      warning: 'this takes the other nodes out of the network for good',
      question: `Take ${plan.takenOut.length} nodes out of the network for good, and go on with ${place.dataDirectory} alone?`,
    })
  }
  await using store = await openLevelStore(options)
  await forceRecovery(
    { store, clock, random, crypto, limits: defaultLimits, logger: silentLogger, keys, administrator },
    io.signal,
  )
  const text = `${planText(examined)}\nThe network was recovered. Start this node with "memo run --data ${place.dataDirectory}", and with --listen HOST:PORT for others, who join by an invite with empty directories.`
  await output.result(text, { ...facts, recovered: true })
}

/** Looks at the store without counting a start. */
async function examine(
  { adapters: { crypto }, store: options, io }: RecoverAloneParts,
  signing: { readonly keys: Awaited<ReturnType<typeof loadNodeKeys>>; readonly administrator: SigningKey | undefined },
): Promise<Examined> {
  await using store = await openLevelStore({ ...options, inspect: true })
  const examined = await examineRecovery({ store, crypto, ...signing }, io.signal)
  if (examined === undefined) throw new CodedError('invalid-argument', 'this store belongs to no network; nothing was changed')
  return examined
}

async function administratorIn({ adapters, place }: RecoverAloneParts, directory: string): Promise<SigningKey> {
  const { crypto, random } = adapters
  const { keyFile } = place
  const vault = new FileVault({ directory, ...(keyFile !== undefined && { keyFile }) }, { crypto, random, logger: silentLogger })
  return (await loadUserKeys({ keyVault: vault, crypto })).signing
}

function planValue(plan: RecoveryPlan): { readonly [name: string]: JsonValue } {
  const { blocks, root, survivor, takenOut, obstacles } = plan
  return {
    recovery: plan.number,
    epoch: plan.epoch,
    survivor: { nodeId: toHex(survivor.nodeId), storeId: toHex(survivor.storeId) },
    takenOut: takenOut.map(({ nodeId, storeId }) => ({ nodeId: toHex(nodeId), storeId: toHex(storeId) })),
    root: { index: root.index, role: root.role },
    blocks: {
      ...{ held: blocks.blocks, certain: blocks.certain, uncertain: blocks.uncertain, former: blocks.former },
      ...{ unusable: blocks.unusable, accepted: blocks.accepted, births: blocks.births },
      ...{ decided: String(blocks.decided), newestChangeAt: newestChange(plan) },
    },
    contentCopies: plan.contentCopies,
    obstacles: [...obstacles],
  }
}

function newestChange({ blocks: { newestChange: stamp } }: RecoveryPlan): string | null {
  return stamp === 0n ? null : new Date(hlcToMs(stamp)).toISOString()
}

function planText({ plan, loaded }: Examined): string {
  const { blocks, takenOut } = plan
  const { foundation } = loaded.state.descriptor
  return [
    `Network "${foundation.name}", recovery ${plan.number}: this node goes on alone, in epoch ${plan.epoch}.`,
    `Taken out for good, with their present directories: ${takenOut.length}`,
    ...takenOut.map(({ nodeId, storeId }) => `  node ${toHex(nodeId).slice(0, 12)}, store ${toHex(storeId).slice(0, 12)}`),
    `Mutable blocks held here: ${blocks.blocks}`,
    `  certainly in their newest state: ${blocks.certain}`,
    `  that the others may have changed since: ${blocks.uncertain}`,
    `  that this node held before, or was learning, so that they may be old: ${blocks.former}`,
    `  that cannot be taken back: ${blocks.unusable}`,
    `Entries accepted here and perhaps decided, which count from now on: ${blocks.accepted}, ${blocks.births} of them births`,
    `Entries known to be decided: ${blocks.decided}; of the network itself up to ${plan.root.index} (${plan.root.role})`,
    `Newest change of a key: ${newestChange(plan) ?? 'none'}`,
    `Copies of values and other content: ${plan.contentCopies}; what only the others held is lost`,
    ...plan.obstacles.map((obstacle) => `Not possible: ${obstacleText(obstacle, loaded)}.`),
  ].join('\n')
}
