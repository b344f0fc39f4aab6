import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { isIndexLocked } from '../../adapters/level-store/index/lock-probe.ts'
import { nodeFiles } from '../../adapters/level-store/node-files.ts'
import { indexName } from '../../adapters/level-store/store-files.ts'
import type { ConfigInput, LoadedConfig } from '../../config/load-node-config.ts'
import { InvalidConfigError, loadNodeConfig } from '../../config/load-node-config.ts'
import type { NodeConfig, SettingName } from '../../config/node-config-schema.ts'
import type { CliIo } from '../cli-io.ts'
import { createOutput } from '../cli-output.ts'
import type { DoctorFlags } from '../commands/setting-options.ts'
import { configInput } from '../commands/setting-options.ts'
import { namedFileFaults } from '../run/named-files.ts'
import { keyVaultAt, systemAdapters } from '../run/node-adapters.ts'
import type { Check } from './doctor-report.ts'
import { doctorExitCode, doctorText, green, red, worstState } from './doctor-report.ts'
import { checkClock, checkDataDirectory, checkDiskSpace, checkNodeVersion, checkPort } from './host-checks.ts'
import { findRunning, runningChecks } from './running-checks.ts'
import { keysCheck, storeChecks } from './store-checks.ts'

/** Runs every check that is possible now and prints the report; the exit code says whether one is red. */
export async function runDoctor(flags: DoctorFlags, io: CliIo): Promise<void> {
  const { json, verify = true, ...settings } = flags
  const output = createOutput(io, json === true)
  const { config, warnings, check } = await checkedConfig(configInput(settings as Partial<Record<SettingName, string>>, io))
  for (const warning of warnings) output.remark(`memo: ${warning}`)
  const checks = [checkNodeVersion(process.versions.node), check, ...(await checksOf(config, verify, io))]
  const result = { state: worstState(checks), checks: checks.map((check) => ({ ...check })) }
  await output.result(doctorText(checks, output.terminal), result)
  io.setExitCode(doctorExitCode(checks))
}

interface CheckedConfig extends Pick<LoadedConfig, 'config' | 'warnings'> {
  readonly check: Check
}

/** A value that is not valid ends the command like any other: its error says which key and where. Broken rules between them do not. */
async function checkedConfig(input: ConfigInput): Promise<CheckedConfig> {
  try {
    const { config, warnings } = loadNodeConfig(input)
    return { config, warnings, check: await checkFiles(config) }
  } catch (error) {
    if (!(error instanceof InvalidConfigError) || error.config === undefined) throw error
    const text = error.problems.map(({ message }) => message).join('; ')
    return { config: error.config, warnings: [], check: red('configuration', new CodedError(error.code, text)) }
  }
}

/** What would end a start before it opens anything. */
async function checkFiles(config: NodeConfig): Promise<Check> {
  const faults = await namedFileFaults(config)
  if (faults.length === 0) return green('configuration', 'valid')
  return red('configuration', new CodedError('config-invalid', faults.map(({ message }) => message).join('; ')))
}

async function checksOf(config: NodeConfig, verify: boolean, io: CliIo): Promise<Check[]> {
  const { check, kind } = await checkDataDirectory(config.data)
  if (kind === 'unusable') return [check]
  // A copy of a running node's directory has its file as well: whether this one is in use is told by its lock.
  const running = (await isIndexLocked(nodeFiles, join(config.data, indexName))) ? await findRunning(config.data) : undefined
  const own = (address: string) => (running === undefined ? undefined : { address, pid: running.pid })
  const ports = async () => [
    await checkPort('grpc-port', config.grpc, own(running?.grpc ?? '')),
    await checkPort('console-port', config.console, own(running === undefined ? '' : new URL(running.consoleUrl).host)),
    ...(config.listen === undefined ? [] : [await checkPort('listen-port', config.listen, own(running?.listen ?? ''))]),
  ]
  if (kind !== 'used') return [check, ...(await ports())]
  const clock = await checkClock(config.data, Date.now())
  if (running?.health !== undefined) return [check, ...runningChecks(running, running.health), clock]
  const adapters = systemAdapters()
  const place = { dataDirectory: config.data, keyFile: config.keyFile, environment: io.environment }
  const silent = { child: () => silent, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const keyVault = keyVaultAt(place, adapters, silent)
  const {
    checks: stored,
    founded,
    inUse,
  } = await storeChecks({
    directory: config.data,
    byteLimit: config.capacity,
    node: { ...adapters, keyVault },
    version: io.version,
    verify,
    signal: io.signal,
    silent: running !== undefined,
  })
  const keys = await keysCheck(keyVault, founded)
  // Its ports are taken by itself.
  const free = inUse ? [] : await ports()
  return [check, ...stored, await checkDiskSpace(config.data), clock, keys, ...free]
}
