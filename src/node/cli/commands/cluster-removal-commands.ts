import { Command } from 'commander'
import type { CliIo } from '../cli-io.ts'
import { withRemoteOptions } from '../client/remote-command.ts'
import { examples } from './kv-commands.ts'

const actions = () => import('./cluster-removal-actions.ts')
const nodeText = 'id of the node, or the beginning of it'

/** What takes nodes out of a network: `memo cluster drain`, `leave` and `evict`. */
export function removalCommands(io: CliIo): readonly Command[] {
  return [drainCommand(io), leaveCommand(io), evictCommand(io)]
}

function drainCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('drain'), io)
    .description('have a node take no blocks any more, and what it has moved to the others')
    .argument('<NODE>', nodeText)
    .option('--undo', 'have it take its share again')
    .option('--yes', 'do not ask where fewer copies are left')
    .addHelpText(
      'after',
      `
The node goes on to vote and serve until nothing is left on it. To drain another node than the one that is asked, ask the one that
founded the network.
${examples('memo cluster drain 3f9c', 'memo cluster drain 3f9c --undo')}`,
    )
    .action(async (name, flags) => (await actions()).drainNode(name, flags, io))
}

function leaveCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('leave'), io)
    .description('have the node that is asked drain, hand on all that it has, and leave the network for good')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
It says how far it is until the node has left. Interrupted it leaves the node draining: ask again to go on, or undo the draining.
${examples('memo cluster leave', 'memo cluster leave --grpc 127.0.0.1:7070 --yes --json')}`,
    )
    .action(async (flags) => (await actions()).leaveCluster(flags, io))
}

function evictCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('evict'), io)
    .description('take a node out of the network that is gone for good')
    .argument('<NODE>', nodeText)
    .option('--force', 'also while it answers: it is cut off at once')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Its copies are made anew from those of the others, and nobody lets it in again: a machine that is only away comes back by itself, and one
that still answers is better drained. Ask the node that founded the network. With a majority of the network's nodes gone use
"memo cluster recover --alone".
${examples('memo cluster evict 3f9c', 'memo cluster evict 3f9c --yes --json')}`,
    )
    .action(async (name, flags) => (await actions()).evictNode(name, flags, io))
}
