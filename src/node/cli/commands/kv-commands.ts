import { Command } from 'commander'
import type { CliIo } from '../cli-io.ts'
import { withReadOptions } from '../client/read-consistency.ts'
import { withRemoteOptions } from '../client/remote-command.ts'
import { count, wholeNumber } from './option-values.ts'

/** `memo kv ...`: the key-value store of a node. */
export function kvCommand(io: CliIo): Command {
  const kv = new Command('kv').description('keys and values of a node')
  kv.addCommand(getCommand(io))
    .addCommand(putCommand(io))
    .addCommand(listCommand(io))
    .addCommand(removeCommand(io))
    .addCommand(statCommand(io))
  return kv
}

const actions = () => import('./kv-actions.ts')

function getCommand(io: CliIo): Command {
  return withReadOptions(withRemoteOptions(new Command('get'), io))
    .description('write the value of KEY to standard output, byte for byte')
    .argument('<KEY>')
    .option('-o, --output <FILE>', 'write to FILE, which appears whole or not at all; "-" is standard output')
    .option('--offset <BYTES>', 'first byte of a range', wholeNumber)
    .option('--length <BYTES>', 'bytes of a range; without it to the end', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'memo kv get notes/today',
        'memo kv get photos/1.jpg --output 1.jpg',
        'memo kv get log --offset 1048576 --length 4096',
        'memo kv get settings --consistency bounded --staleness 10s',
      ),
    )
    .action(async (key, flags) => (await actions()).kvGet(key, flags, io))
}

function putCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('put'), io)
    .description('store a value under KEY: VALUE as text, a file, or "-" for standard input')
    .argument('<KEY>')
    .argument('[VALUE]')
    .option('-f, --file <FILE>', 'the value is the content of FILE, of any size')
    .option('--content-type <TYPE>', 'MIME type kept with the value')
    .option('--if-version <VERSION>', 'only when KEY has this version now', wholeNumber)
    .option('--if-absent', 'only when KEY does not exist')
    .option('--if-present', 'only when KEY exists')
    .addHelpText(
      'after',
      examples(
        'memo kv put greeting "hello"',
        'memo kv put photos/1.jpg --file 1.jpg --content-type image/jpeg',
        'tar c . | memo kv put backup.tar -',
        'memo kv put counter 8 --if-version 7',
      ),
    )
    .action(async (key, value, flags) => (await actions()).kvPut(key, value, flags, io))
}

function listCommand(io: CliIo): Command {
  return withReadOptions(withRemoteOptions(new Command('ls'), io))
    .description('list keys in bytewise order; with --json one object a line')
    .argument('[PREFIX]', 'only keys that begin with it', '')
    .option('-d, --delimiter <TEXT>', 'show keys up to the next TEXT after the prefix once, as folders are shown')
    .option('-n, --limit <COUNT>', 'at most so many', count)
    .option('-l, --long', 'with size, version and time')
    .option('--start-after <KEY>', 'only keys greater than KEY')
    .option('--end <KEY>', 'only keys less than KEY')
    .option('--reverse', 'from the greatest key down')
    .option('-0, --null', 'end each key with a zero byte instead of a line end')
    .addHelpText(
      'after',
      examples('memo kv ls', 'memo kv ls photos/ --delimiter / --long', 'memo kv ls log/ --reverse --limit 10'),
    )
    .action(async (prefix, flags) => (await actions()).kvList(prefix, flags, io))
}

function removeCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('rm'), io)
    .description('remove keys')
    .argument('<KEY...>')
    .option('--if-version <VERSION>', 'only when KEY has this version now', wholeNumber)
    .addHelpText('after', examples('memo kv rm greeting', 'memo kv rm counter --if-version 8'))
    .action(async (keys, flags) => (await actions()).kvRemove(keys, flags, io))
}

function statCommand(io: CliIo): Command {
  return withReadOptions(withRemoteOptions(new Command('stat'), io))
    .description('show version, size and time of KEY without its value')
    .argument('<KEY>')
    .addHelpText('after', examples('memo kv stat greeting', 'memo kv stat greeting --consistency eventual'))
    .action(async (key, flags) => (await actions()).kvStat(key, flags, io))
}

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
