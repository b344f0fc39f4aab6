import { Command } from 'commander'
import type { CliIo } from '../cli-io.ts'
import { withRemoteOptions } from '../client/remote-command.ts'
import { examples } from './kv-commands.ts'
import { optionOf } from './option-values.ts'

const actions = () => import('./transfer-actions.ts')

export function importCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('import'), io)
    .description('store a folder, an NDJSON file or NDJSON from standard input ("-") under keys')
    .argument('<SOURCE>')
    .option('-p, --prefix <PREFIX>', 'put in front of every name, exactly as it is written', '')
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      `
A file a/b.txt of a folder becomes the key PREFIXa/b.txt. Links and special files are skipped and counted; empty folders have
no keys. What the store has already with the same bytes is skipped, so the same command finishes an interrupted import.
A node that goes away is waited for, up to a minute.
NDJSON has one object a line: {"key": text, "value": base64, "contentType"?: text}.
${examples('memo import ./photos --prefix photos/', 'memo import backup.ndjson', 'zcat backup.ndjson.gz | memo import - --prefix restored/')}`,
    )
    .action(async (source, flags) => (await actions()).importFrom(source, flags, io))
}

export function exportCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('export'), io)
    .description('write keys to a folder, an NDJSON file or NDJSON to standard output ("-")')
    .argument('<TARGET>')
    .option('-p, --prefix <PREFIX>', 'only keys that begin with it; it is taken off their names', '')
    .addOption(
      optionOf('--format <FORMAT>', 'without it ndjson when TARGET ends in .ndjson or .jsonl, or is "-", else folder', [
        'folder',
        'ndjson',
      ]),
    )
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      `
Nothing is ever written outside TARGET: keys with "..", a leading "/" or names that a file cannot have are skipped and counted.
Files appear whole or not at all, and those that are there with the same bytes are left alone: the same command finishes an
interrupted export. It does not show one moment: keys that change meanwhile come in their old or their new state.
${examples('memo export ./photos --prefix photos/', 'memo export backup.ndjson', 'memo export - --prefix log/ | gzip > log.ndjson.gz')}`,
    )
    .action(async (target, flags) => (await actions()).exportTo(target, flags, io))
}
