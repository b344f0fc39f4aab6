import { Command } from 'commander'
import { loadNodeConfig } from '../../config/load-node-config.ts'
import type { CliIo } from '../cli-io.ts'
import { examples } from './kv-commands.ts'
import type { RunFlags } from './setting-options.ts'
import { configInput, withSettingOptions } from './setting-options.ts'

/** `memo run`: a node in this process. */
export function runCommand(io: CliIo): Command {
  return withSettingOptions(new Command('run'), io)
    .description('run a node until SIGTERM, SIGINT or SIGHUP')
    .addHelpText(
      'after',
      `
Every setting can also stand in memo.json in the data directory (readyFile) or in the environment (MEMO_READY_FILE); flags win
over the environment, the environment over the file. "memo config show" tells what is in force. The log goes to standard error:
JSON lines, or text on a terminal. A taken port is an error and never replaced by another one.
${examples('memo run', 'memo run --data ./data --grpc 127.0.0.1:0 --console 127.0.0.1:0 --ready-file ready.json', 'memo run --grpc 0.0.0.0:7070 --grpc-tls --grpc-auth token', 'memo run --capacity 50GiB --log-level warn')}`,
    )
    .action(async (flags: RunFlags) => {
      const loaded = loadNodeConfig(configInput(flags, io))
      const { runHeadless } = await import('../../entry-headless.ts')
      io.setExitCode(
        await runHeadless(loaded, { version: io.version, stdout: io.stdout, stderr: io.stderr, environment: io.environment }),
      )
    })
}
