import { Command } from 'commander'
import { CodedError } from '../../shared/coded-error.ts'
import type { CliIo } from './cli-io.ts'
import { errorText } from './cli-output.ts'
import { blockCommand } from './commands/block-commands.ts'
import { clusterCommand } from './commands/cluster-command.ts'
import { completionCommand } from './commands/completion-command.ts'
import { configCommand } from './commands/config-command.ts'
import { consoleCommand } from './commands/console-command.ts'
import { doctorCommand } from './commands/doctor-command.ts'
import { kvCommand } from './commands/kv-commands.ts'
import { runCommand } from './commands/run-command.ts'
import { exportCommand, importCommand } from './commands/transfer-commands.ts'

/** The whole command line. `json`: errors of usage are written as JSON. */
export function buildProgram(io: CliIo, json: boolean): Command {
  const program = new Command('memo')
    .description('A storage node and its command line: keys with values of any size, and content-addressed blocks.')
    .version(io.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', programHelp)
    .addCommand(runCommand(io))
    .addCommand(consoleCommand(io))
    .addCommand(kvCommand(io))
    .addCommand(blockCommand(io))
    .addCommand(importCommand(io))
    .addCommand(exportCommand(io))
    .addCommand(doctorCommand(io))
    .addCommand(configCommand(io))
    .addCommand(clusterCommand(io))
  program.addCommand(completionCommand(io, () => program))
  settle(program, io, json)
  return program
}

const programHelp = `
Examples:
  memo run                            a node on this computer, at 127.0.0.1:7070
  memo console                        a link that opens its screens in a browser
  memo kv put greeting "hello"        store a value
  memo kv get greeting                and read it
  memo import ./photos -p photos/     store a folder
  memo cluster status                 the nodes of the network
  memo doctor                         is all well?

Exit codes: 0 ok, 1 failure, 2 usage or configuration, 3 not found, 4 conflict, 5 no node reached, 6 denied, 7 damaged data,
8 limit or full, 9 outcome unknown, 10 data directory, 11 port in use, 12 a write to the disk failed, 130 interrupted.
More: docs/CLI.md`

/** Every command fails by an exception, writes where `io` says and suggests what a misspelled word may have meant. */
function settle(command: Command, io: CliIo, json: boolean): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => {
        const message = text
          .replace(/^error: /, '')
          .trim()
          .replace(/\s*\n\s*/g, ' ')
        write(errorText(new CodedError('invalid-argument', message), json))
      },
    })
  for (const child of command.commands) settle(child, io, json)
}
