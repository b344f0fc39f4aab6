import { Command } from 'commander'
import type { CliIo } from '../cli-io.ts'
import { examples } from './kv-commands.ts'
import type { DoctorFlags } from './setting-options.ts'
import { withSettingOptions } from './setting-options.ts'

const settings = ['data', 'grpc', 'console', 'keyFile', 'capacity'] as const

/** `memo doctor`: looks at everything that a node needs. */
export function doctorCommand(io: CliIo): Command {
  return withSettingOptions(new Command('doctor'), io, settings)
    .description('check data directory, store, keys, ports, disk and clock; red checks make the exit code')
    .option('--no-verify', 'do not read every record')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
A stopped node's store is opened as a start would open it (which counts as a start) and every record is read and verified. A
running node is asked over HTTP; what it cannot tell is said to be not checked.
${examples('memo doctor', 'memo doctor --data ./data --json', 'memo doctor --no-verify')}`,
    )
    .action(async (flags: DoctorFlags) => {
      const { runDoctor } = await import('../doctor/run-doctor.ts')
      await runDoctor(flags, io)
    })
}
