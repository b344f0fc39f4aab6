import { assertSafeBind } from '../../api/grpc/bind-safety.ts'
import type { KeptFlags } from '../../config/keep-flags.ts'
import { assertFlagsKeepable } from '../../config/keep-flags.ts'
import type { LoadedConfig } from '../../config/load-node-config.ts'
import type { SettingName } from '../../config/node-config-schema.ts'
import { assertSafeConsole } from '../run/console-options.ts'
import { grpcServerOptions } from '../run/grpc-options.ts'
import { checkKeyFilePlace } from '../run/made-files.ts'
import type { RunFlags } from './setting-options.ts'

/** What is decided of a node when it gets its network: where it serves, what it is to others, how its keys and its room are kept. */
export const networkSettings = [
  ...['data', 'listen', 'advertise', 'zone', 'labels', 'grpc', 'console', 'capacity', 'keyFile'],
] as const satisfies readonly SettingName[]

export type NetworkFlags = Pick<RunFlags, (typeof networkSettings)[number] | 'config'>

/** Before anything is made: settings that are kept are settings that `memo run` would take. Throws CodedError. */
export async function assertKeepable(loaded: LoadedConfig): Promise<void> {
  const { config, sources } = loaded
  if (sources.grpc.kind === 'flag') assertSafeBind(grpcServerOptions(config))
  if (sources.console.kind === 'flag') assertSafeConsole(config)
  if (sources.keyFile.kind === 'flag') await checkKeyFilePlace(config)
  assertFlagsKeepable(loaded)
}

/** What a person is told of it; empty where nothing was kept. */
export function keptText({ names }: KeptFlags, { origin }: LoadedConfig): string {
  return names.length === 0 ? '' : `${origin.file} keeps ${names.join(', ')}. `
}

/** The command that runs the node which was made. */
export function runCommandText({ config, origin }: LoadedConfig): string {
  return `memo run --data ${config.data}${origin.named ? ` --config ${origin.file}` : ''}`
}
