import { Command } from 'commander'
import { defaultLimits } from '../../core/base/limits.ts'
import type { CliIo } from '../cli-io.ts'
import { withReadOptions } from '../client/read-consistency.ts'
import { withRemoteOptions } from '../client/remote-command.ts'
import { examples } from './kv-commands.ts'
import { optionOf, wholeNumber } from './option-values.ts'

const actions = () => import('./block-actions.ts')

/** `memo block ...`: the blocks below the key-value store. */
export function blockCommand(io: CliIo): Command {
  return new Command('block')
    .description('blocks of a node: content, owner and named ones')
    .addCommand(getCommand(io))
    .addCommand(putCommand(io))
    .addCommand(updateCommand(io))
    .addCommand(removeCommand(io))
    .addCommand(statCommand(io))
}

function getCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('get'), io)
    .description('write what the block holds to standard output, readable and byte for byte')
    .argument('<ADDRESS>', '64 hex digits')
    .option('-o, --output <FILE>', 'write to FILE, which appears whole or not at all; "-" is standard output')
    .addHelpText('after', examples('memo block get 5f1c...e9', 'memo block get 5f1c...e9 --output block.bin'))
    .action(async (address, flags) => (await actions()).blockGet(address, flags, io))
}

function putCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('put'), io)
    .description('store a new block and print its address: VALUE as text, a file, or "-" for standard input')
    .argument('[VALUE]')
    .option('-f, --file <FILE>', `the block holds the content of FILE, up to ${defaultLimits.blockPayloadBytesMax / 2 ** 20} MiB`)
    .addOption(
      optionOf('-k, --kind <KIND>', 'content (never changes), owner (sealed to its owner) or named (public)', [
        'content',
        'owner',
        'named',
      ]).default('content'),
    )
    .option('--name <NAME>', 'name of a named block; its address follows from it')
    .addHelpText(
      'after',
      examples(
        'memo block put "some text"',
        'memo block put --kind owner --file secret.txt',
        'memo block put --kind named --name profile "public text"',
      ),
    )
    .action(async (value, flags) => (await actions()).blockPut(value, flags, io))
}

function updateCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('update'), io)
    .description('replace what an owner or named block holds')
    .argument('<ADDRESS>', '64 hex digits')
    .argument('[VALUE]')
    .option('-f, --file <FILE>', 'the content of FILE')
    .option('--if-version <VERSION>', 'only when the block has this version now', wholeNumber)
    .addHelpText(
      'after',
      examples('memo block update 5f1c...e8 "new text"', 'memo block update 5f1c...e8 --file new.txt --if-version 3'),
    )
    .action(async (address, value, flags) => (await actions()).blockUpdate(address, value, flags, io))
}

function removeCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('rm'), io)
    .description('remove a block')
    .argument('<ADDRESS>', '64 hex digits')
    .addHelpText('after', examples('memo block rm 5f1c...e9'))
    .action(async (address, flags) => (await actions()).blockRemove(address, flags, io))
}

function statCommand(io: CliIo): Command {
  return withReadOptions(withRemoteOptions(new Command('stat'), io))
    .description('show kind, version, sizes and protection of a block, and who holds it')
    .argument('<ADDRESS>', '64 hex digits')
    .addHelpText('after', examples('memo block stat 5f1c...e9 --json'))
    .action(async (address, flags) => (await actions()).blockStat(address, flags, io))
}
